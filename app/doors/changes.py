"""Changes of a mean, with the interval that people or days give it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

_FEWEST_PEOPLE: Final = 5
_FEWEST_DAYS: Final = 4
_Z: Final = 2.576  # 99 %: of a hundred numbers that stay as they are, one seems to change
_LEAST_SIMILARITY: Final = 0.02
_LEAST_SHARE: Final = 0.05
"""Smaller changes are none to look after."""


@dataclass(frozen=True, slots=True)
class Change:
    """A mean ``before`` and ``now``, over this ``number`` of people, or of days now; the difference
    lies between ``low`` and ``high`` with 99 % confidence. ``is_worse``: it is no chance, and large
    enough to look after.
    """

    before: float
    now: float
    low: float
    high: float
    number: int
    is_worse: bool


def of_people(
    before: Mapping[str, Sequence[float]], now: Mapping[str, Sequence[float]]
) -> Change | None:
    """The change of people who were there before and are there now, each against themselves."""
    both = sorted(before.keys() & now.keys())
    if len(both) < _FEWEST_PEOPLE:
        return None
    was = np.array([np.mean(before[each]) for each in both])
    is_ = np.array([np.mean(now[each]) for each in both])
    error = float((is_ - was).std(ddof=1) / np.sqrt(len(both)))
    means = float(was.mean()), float(is_.mean())
    return _change(means, error, len(both), len(both) - 1, least=_LEAST_SIMILARITY, worse=-1)


def of_days(
    before: Mapping[int, Sequence[float]], now: Mapping[int, Sequence[float]], *, worse: int
) -> Change | None:
    """The change of a share, of which each day has one."""
    if min(len(before), len(now)) < _FEWEST_DAYS:
        return None
    was, is_ = (np.array([np.mean(each) for each in side.values()]) for side in (before, now))
    parts = [side.var(ddof=1) / len(side) for side in (was, is_)]
    means = float(was.mean()), float(is_.mean())
    freedom = min(len(was), len(is_)) - 1
    return _change(
        means, float(np.sqrt(sum(parts))), len(is_), freedom, least=_LEAST_SHARE, worse=worse
    )


def _change(
    means: tuple[float, float],
    error: float,
    number: int,
    freedom: int,
    *,
    least: float,
    worse: int,
) -> Change:
    """``worse`` is the sign of a change that is no good."""
    before, now = means
    reach = error * _student(freedom)
    difference = now - before
    is_worse = worse * difference > max(reach, least)
    return Change(before, now, difference - reach, difference + reach, number, is_worse)


def _student(freedom: int) -> float:
    """The quantile of Student's t that corresponds to ``_Z`` (Cornish and Fisher's expansion; 3 %
    short of it at three degrees of freedom, 1 % at four).
    """
    z, n = _Z, freedom
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / n + second / n**2 + third / n**3
