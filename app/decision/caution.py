"""The words with which a threshold's weak evidence is said to those who rely on it."""

from typing import Final

from app.decision.rates import Threshold

FEW: Final = 20
"""The bundle's people count as 20 in how far a probe's similarities spread (``gallery_rates``):
below that they count for more than the gallery's own."""


def caution(threshold: Threshold, *, persons: int, least: float) -> str | None:
    """A warning about a ``threshold`` in a gallery of ``persons``; None where the data support it.
    ``least`` is the lowest FPIR of that many persons that the calibration's data reach.

    It follows from numbers of people and the target alone, so that every caller may read it.
    """
    said = []
    if threshold.extrapolated:
        said.append(
            f"The target of {_percent(threshold.target)} is lower than the calibration's data "
            f"reach among {max(persons, 1):,} persons ({_percent(least)}): the threshold is "
            "extrapolated."
        )
    if persons < FEW:
        enrolled = {0: "nobody is", 1: "1 person is"}.get(persons, f"{persons} people are")
        said.append(
            f"{enrolled[0].upper()}{enrolled[1:]} enrolled and valid. Fewer than {FEW} show little "
            "of how alike strangers are here, so the threshold rests on the bundle's people more "
            "than on the gallery's, and the stated rate is less sure."
        )
    return " ".join(said) or None


def _percent(rate: float) -> str:
    return f"{100 * rate:.2g} %"
