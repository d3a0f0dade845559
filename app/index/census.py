"""How many persons a probe is compared with at an instant: validity comes and goes with the clock,
without anybody changing anything.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from typing import Final, NamedTuple

from app.decision.calibration import GallerySize

ALWAYS: Final = -(2**63)
"""Valid since ever."""
FOREVER: Final = 2**63 - 1
"""Valid without end."""


class Window(NamedTuple):
    """From when until when, the end excluded, in microseconds since 1970 (UTC)."""

    start: int
    end: int


class Census:
    """Counts persons by their templates at any instant, in O(log n) a question.

    At an instant those are valid who have started and have not ended; a start is always before its
    end. So it is enough to keep all starts and all ends in order. Not thread-safe.
    """

    def __init__(self) -> None:
        self._persons: Counter[int] = Counter()
        self._starts: defaultdict[int, list[int]] = defaultdict(list)
        self._ends: defaultdict[int, list[int]] = defaultdict(list)

    def add(self, templates: int, window: Window) -> None:
        """Count in a person of so many ``templates``."""
        self._persons[templates] += 1
        if window.start != ALWAYS:
            insort(self._starts[templates], window.start)
        if window.end != FOREVER:
            insort(self._ends[templates], window.end)

    def remove(self, templates: int, window: Window) -> None:
        """Count out a person who was added with just these."""
        self._persons[templates] -= 1
        if window.start != ALWAYS:
            _take(self._starts[templates], window.start)
        if window.end != FOREVER:
            _take(self._ends[templates], window.end)

    def at(self, instant: int) -> GallerySize:
        """Who is valid at ``instant``, in microseconds since 1970 (UTC)."""
        valid = {templates: self._valid(templates, instant) for templates in self._persons}
        return GallerySize({templates: count for templates, count in valid.items() if count})

    def _valid(self, templates: int, instant: int) -> int:
        starts, ends = self._starts.get(templates, []), self._ends.get(templates, [])
        early = len(starts) - bisect_right(starts, instant)
        return self._persons[templates] - early - bisect_right(ends, instant)


def _take(ordered: list[int], value: int) -> None:
    del ordered[bisect_left(ordered, value)]
