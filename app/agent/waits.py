"""Waits between attempts: longer each time, up to a bound, and with a random part."""

import math
import random
from typing import Final

_FIRST: Final = 0.5
_LONGEST: Final = 15.0


def bounded(seconds: float | str, least: float, most: float) -> float:
    """A number from another machine, within bounds; ``ValueError`` where it is none."""
    number = float(seconds)
    if math.isnan(number):
        raise ValueError("it is no number")
    return min(max(number, least), most)


class Waits:
    """The seconds before the next attempt: twice as many each time, at random between half and all
    of that.
    """

    def __init__(self, *, longest: float = _LONGEST) -> None:
        self._longest = longest
        self._next = _FIRST

    def next(self) -> float:
        """The seconds to wait now; so twenty agents that lost one service do not come back in the
        same moment.
        """
        seconds = min(self._next, self._longest)
        self._next = min(self._next * 2, self._longest)
        return random.uniform(seconds / 2, seconds)  # noqa: S311 - no secret

    def over(self) -> None:
        """Begin with short waits again: the other side answers."""
        self._next = _FIRST
