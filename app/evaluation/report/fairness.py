"""Sentences about groups for whom the stated rate is not kept."""

from typing import Final

from app.evaluation.groups import GroupResult
from app.evaluation.measure import Evaluation
from app.pages.words import counted, interval, percent, tally

_OFTEN: Final = {"exceeded": "more often", "stricter": "less often"}


def unlike_groups(measured: Evaluation) -> list[str]:
    """A sentence for each group whose FPIR is not the stated one, beyond chance; then, if there is
    any, how many chance alone would give.
    """
    found = [
        _sentence(column, each, measured.target_fpir)
        for column, results in measured.groups.items()
        for each in results
    ]
    said = [sentence for sentence in found if sentence is not None]
    return [*said, _chance(len(found))] if said else []


def _sentence(column: str, result: GroupResult, target: float) -> str | None:
    rate, outside = result.fpir, result.outside
    if rate is None or outside is None or outside == "consistent":
        return None
    return (
        f"{column} {result.group}: {percent(rate.rate)} of its strangers are named "
        f"({tally(rate)}; {interval(rate)}), {_OFTEN[outside]} than the stated {percent(target)}."
    )


def _chance(groups: int) -> str:
    return (
        f"Chance alone shows this of one group in twenty; there {'is' if groups == 1 else 'are'} "
        f"{counted(groups, 'group')} here."
    )
