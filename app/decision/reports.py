"""Reports of wrong answers give a lower bound of the rate at which strangers are really named.

Operators report only answers that named somebody, so reports are the extremes of a sample that
nobody drew: they say nothing about the mean or the deviation of strangers' similarities. But they
can be counted. For each probe the collection stated the rate at which a stranger would be named;
the sum of these rates is the number of false positives expected if every probe had been a stranger.
If more are confirmed than that, beyond chance, the stated rate was too low. Probes of enrolled
people, and false positives that nobody reported, only make the bound lower.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

_Z: Final = 1.645  # 95 %, one-sided
_MOST_REPORTS: Final = 20
_MOST_FACTOR: Final = 30.0


@dataclass(frozen=True, slots=True)
class Reports:
    """``false_positives`` confirmed, and the most that were ``expected`` at the stated rates."""

    false_positives: int
    expected: float

    @property
    def factor(self) -> float:
        """How many times as often as stated strangers are named, at least; never below 1."""
        if not self.false_positives:
            return 1.0
        return max(least(self.false_positives) / self.expected, 1.0)


NO_REPORTS: Final = Reports(0, 0.0)


def least(count: int) -> float:
    """The lower limit of the mean of a Poisson count: Byar's, n (1 - 1/9n - z / 3 sqrt(n))^3
    (Breslow and Day 1987), which is on the safe side of the exact one.
    """
    return float(count * max(1 - 1 / (9 * count) - _Z / (3 * np.sqrt(count)), 0.0) ** 3)


def believed(false_positives: int, expected: float, target: float) -> Reports:
    """The reports as far as few probes let them be believed.

    Each confirmed false positive was a probe itself, at the ``target`` rate. And n reports say at
    most that strangers are named 1 + n times as often: of a gallery that has hardly been asked, two
    untrue ones would otherwise say that it is 170 times (at 0.1 %), which locks people out.
    """
    n = false_positives
    if not n:
        return NO_REPORTS
    return Reports(n, max(expected, n * target, least(n) / (1 + n)))


def most_of_one_reporter(expected: float) -> int:
    """How many confirmed false positives of one key count: as many as there are where strangers
    are named 30 times as often as stated, which is the worst camera that was measured.
    """
    return max(_MOST_REPORTS, int(_MOST_FACTOR * expected))
