"""Counts the persons whom a probe is compared with at an instant. The count changes with the clock,
also while no row changes.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from typing import Final

import numpy as np

from app.decision.calibration import GallerySize
from app.index.base import Keys

ALWAYS: Final = -(2**63)
"""The start of validity where there is no bound."""
FOREVER: Final = 2**63 - 1
"""The end of validity where there is no bound."""
_MANY: Final = 32  # from this many values on, one sort is cheaper than insertions


class ValidityCounts:
    """Counts valid persons at any instant, by their number of templates, in O(log n).

    Valid persons are those who have started and have not ended; a start is always before its end,
    so two sorted lists are enough. ``templates``, ``starts`` and ``ends`` (n,) describe n persons;
    times are in microseconds since 1970 (UTC), the end excluded. Not thread-safe.
    """

    def __init__(self) -> None:
        self._persons: Counter[int] = Counter()
        self._starts: defaultdict[int, list[int]] = defaultdict(list)
        self._ends: defaultdict[int, list[int]] = defaultdict(list)

    def add(self, templates: Keys, starts: Keys, ends: Keys) -> None:
        """Add persons."""
        for number in np.unique(templates).tolist():
            who = templates == number
            self._persons[number] += int(who.sum())
            _insert(self._starts[number], starts[who & (starts != ALWAYS)].tolist())
            _insert(self._ends[number], ends[who & (ends != FOREVER)].tolist())

    def remove(self, templates: Keys, starts: Keys, ends: Keys) -> None:
        """Remove persons who were added with exactly these values."""
        for number, start, end in zip(
            templates.tolist(), starts.tolist(), ends.tolist(), strict=True
        ):
            self._persons[number] -= 1
            if start != ALWAYS:
                _take(self._starts[number], start)
            if end != FOREVER:
                _take(self._ends[number], end)

    def at(self, instant: int) -> GallerySize:
        """The gallery's size at ``instant``, in microseconds since 1970 (UTC)."""
        valid = {templates: self._valid(templates, instant) for templates in self._persons}
        return GallerySize({templates: count for templates, count in valid.items() if count})

    def _valid(self, templates: int, instant: int) -> int:
        starts, ends = self._starts.get(templates, []), self._ends.get(templates, [])
        early = len(starts) - bisect_right(starts, instant)
        return self._persons[templates] - early - bisect_right(ends, instant)


def _insert(ordered: list[int], values: list[int]) -> None:
    if len(values) >= _MANY:
        ordered.extend(values)
        ordered.sort()
        return
    for value in values:
        insort(ordered, value)


def _take(ordered: list[int], value: int) -> None:
    del ordered[bisect_left(ordered, value)]
