"""What operators say was wrong: a lower bound of how often strangers are really named.

Only answers that named somebody are complained about, so that reports are the extremes of a sample
that nobody drew: they say nothing of the mean or the deviation of strangers' similarities. They can
be counted, though. A collection stated of each of its probes at which rate a stranger would be
named; the sum of these rates is how many false positives there would be if every probe had been a
stranger. More confirmed ones than that, beyond chance, and the stated rate was too low. Probes of
enrolled people and false positives of which nobody complained only make the bound lower.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

_Z: Final = 1.645  # 95 %, one-sided


@dataclass(frozen=True, slots=True)
class Reports:
    """So many confirmed ``false_positives``, of at most ``expected`` by what was stated."""

    false_positives: int
    expected: float

    @property
    def factor(self) -> float:
        """How many times as often as stated strangers are named, at least; never below 1.

        The lower limit of the mean of a Poisson count is Byar's, n (1 - 1/9n - z / 3 sqrt(n))^3
        (Breslow and Day 1987), which is on the safe side of the exact one.
        """
        n = self.false_positives
        if not n:
            return 1.0
        least = n * max(1 - 1 / (9 * n) - _Z / (3 * np.sqrt(n)), 0.0) ** 3
        return float(max(least / self.expected, 1.0))


NO_REPORTS: Final = Reports(0, 0.0)
