"""Known, unknown or ambiguous: the open-set decision as a pure function of the scores."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """The decision of an identification for a usable probe."""

    IDENTIFIED = "identified"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, and the position of the person identified in the scores that were given."""

    outcome: Outcome
    winner: int | None


def decide(
    similarities: Sequence[float], threshold: float, *, margin: float, least: float = -math.inf
) -> Decision:
    """Decide on persons' ``similarities``, best first, one a person, higher is closer.

    A person is known from ``threshold`` on, equality included. If two persons reach it and their
    similarities differ by less than ``margin`` (the noise of a score), the outcome is ambiguous:
    never a coin toss. Below ``least``, which a caller asks for in addition, nobody is
    known; it makes nobody known who is not without it.
    """
    if not similarities or not similarities[0] >= max(threshold, least):
        return Decision(Outcome.UNKNOWN, None)
    second_reaches = len(similarities) > 1 and similarities[1] >= threshold
    if second_reaches and similarities[0] - similarities[1] <= margin:
        return Decision(Outcome.AMBIGUOUS, None)
    return Decision(Outcome.IDENTIFIED, 0)
