"""The decisions that Kith would make for every probe at one threshold."""

from dataclasses import dataclass

from app.evaluation.gallery import Flags
from app.evaluation.trials import Search, Trials


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The decisions that Kith would make for the mated probes and for the strangers."""

    identified: int
    wrong_person: int
    ambiguous: int
    unknown: int
    stranger_named: int
    stranger_ambiguous: int
    stranger_unknown: int


def outcomes(trials: Trials, threshold: float, *, margin: float) -> Outcomes:
    """``app.decision.open_set.decide`` on every probe at once."""
    mated = trials.mated
    named, ambiguous = (flags[mated] for flags in _decided(trials.enrolled, threshold, margin))
    right = named & trials.first[mated]
    stranger, unclear = _decided(trials.stranger, threshold, margin)
    return Outcomes(
        identified=int(right.sum()),
        wrong_person=int((named & ~right).sum()),
        ambiguous=int(ambiguous.sum()),
        unknown=int((~named & ~ambiguous).sum()),
        stranger_named=int(stranger.sum()),
        stranger_ambiguous=int(unclear.sum()),
        stranger_unknown=int((~stranger & ~unclear).sum()),
    )


def _decided(search: Search, threshold: float, margin: float) -> tuple[Flags, Flags]:
    """Which are named and which are ambiguous."""
    reaches = search.reach >= threshold
    ambiguous = reaches & (search.second >= threshold) & (search.apart <= margin)
    return reaches & ~ambiguous, ambiguous
