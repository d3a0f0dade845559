"""Charts as inline SVG: two axes, and lines, bands, bars and marks between them.

A chart has no script, font or file from elsewhere: it is text in the page, styled by class names,
and prints as sharply as it shows. ``figure`` of ``pages/macros.html`` writes it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import ClassVar, Final

import numpy as np

_WIDTH: Final = 640
_HEIGHT: Final = 434
_LEFT, _RIGHT, _TOP, _BOTTOM = 96, 36, 40, 76
_TICK: Final = 6


@dataclass(frozen=True, slots=True)
class Axis:
    """From ``low`` to ``high``; ``log`` in decades, where a value below ``low`` lies on it. The
    decades are rates, or with ``counts`` numbers of things.
    """

    title: str
    low: float
    high: float
    log: bool = False
    counts: bool = False

    def place(self, value: float) -> float:
        """0 at the low end, 1 at the high one; nothing is drawn outside."""
        if self.log:
            low, high = log10(self.low), log10(self.high)
            share = (log10(max(value, self.low)) - low) / (high - low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(max(share, 0.0), 1.0)

    def ticks(self) -> list[tuple[float, str]]:
        """The value and the label of each grid line."""
        if self.log:
            decades = range(ceil(log10(self.low) - 1e-9), floor(log10(self.high) + 1e-9) + 1)
            return [(10.0**k, f"{10**k:,}" if self.counts else _decade(k)) for k in decades]
        step = next(s for s in (0.1, 0.2, 0.5, 1) if (self.high - self.low) / s <= 7)
        first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
        return [(k * step, f"{k * step:.1f}") for k in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class Shape:
    """One element of the SVG; ``text`` is its content, None for an empty element."""

    tag: str
    attributes: dict[str, str]
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a legend: a sample in the ``style`` of a line or a bar, and its meaning."""

    style: str
    text: str
    is_bar: bool = False


class Chart:
    """Collects shapes; a later one lies on top. ``label`` is read out where it cannot be seen."""

    width: ClassVar[int] = _WIDTH
    height: ClassVar[int] = _HEIGHT

    def __init__(self, x: Axis, y: Axis, *, label: str, note: str = "") -> None:
        self.label = label
        self.note = note
        self.legend: list[Entry] = []
        self._x = x
        self._y = y
        self._shapes: list[Shape] = []

    def line(self, x: Sequence[float], y: Sequence[float], style: str) -> None:
        """A line through the points."""
        if len(x):
            self._add("polyline", f"line {style}", points=self._points(x, y))

    def line_beyond(
        self, x: Sequence[float], y: Sequence[float], beyond: Sequence[bool], style: str
    ) -> None:
        """A line through the points, dashed from where the data end: the points ``beyond`` them
        come last.
        """
        inside = len(beyond) - sum(beyond)
        rest = max(inside - 1, 0)
        self.line(x[:inside], y[:inside], style)
        if inside < len(x):
            self.line(x[rest:], y[rest:], f"{style} dashed")

    def band(
        self, x: Sequence[float], low: Sequence[float], high: Sequence[float], style: str
    ) -> None:
        """The area between two lines."""
        if len(x):
            around = f"{self._points(x, high)} {self._points(x[::-1], low[::-1])}"
            self._add("polygon", f"band {style}", points=around)

    def bars(self, edges: Sequence[float], heights: Iterable[float], style: str) -> None:
        """A bar between each two edges, from the bottom up."""
        for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True):
            if height > 0:
                x, y = self._across(left), self._down(height)
                size = {"width": self._across(right) - x, "height": _HEIGHT - _BOTTOM - y}
                self._add("rect", f"bar {style}", x=x, y=y, **size)

    def mark(self, x: float, y: float, style: str) -> None:
        """A dot."""
        self._add("circle", f"mark {style}", cx=self._across(x), cy=self._down(y), r=6)

    def upright(self, x: float, style: str) -> None:
        """A line from top to bottom."""
        at = self._across(x)
        self._add("line", f"line {style}", x1=at, x2=at, y1=_TOP, y2=_HEIGHT - _BOTTOM)

    def shapes(self) -> Iterator[Shape]:
        """The grid, what was drawn, and the titles of the axes, from back to front."""
        yield from self._grid()
        yield from self._shapes
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        yield _shape("text", "axis", self._x.title, x=middle, y=_HEIGHT - 10, text_anchor="middle")
        yield _shape("text", "axis", self._y.title, x=_LEFT - 10, y=_TOP - 18)

    def _grid(self) -> Iterator[Shape]:
        bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
        for value, text in self._x.ticks():
            at = self._across(value)
            yield _shape("line", "grid", x1=at, x2=at, y1=_TOP, y2=bottom + _TICK)
            yield _shape("text", "tick", text, x=at, y=bottom + 32, text_anchor="middle")
        for value, text in self._y.ticks():
            at = self._down(value)
            yield _shape("line", "grid", x1=_LEFT - _TICK, x2=right, y1=at, y2=at)
            place = {"dominant_baseline": "middle", "text_anchor": "end"}
            yield _shape("text", "tick", text, x=_LEFT - 10, y=at, **place)

    def _add(self, tag: str, style: str, **attributes: float | str) -> None:
        self._shapes.append(_shape(tag, style, None, **attributes))

    def _across(self, value: float) -> float:
        return _LEFT + self._x.place(value) * (_WIDTH - _LEFT - _RIGHT)

    def _down(self, value: float) -> float:
        return _TOP + (1 - self._y.place(value)) * (_HEIGHT - _TOP - _BOTTOM)

    def _points(self, x: Sequence[float], y: Sequence[float]) -> str:
        pairs = zip(x, y, strict=True)
        return " ".join(f"{self._across(a):.1f},{self._down(b):.1f}" for a, b in pairs)


def decade_below(rate: float) -> float:
    """The power of ten at or below ``rate``; no axis goes below one in a million."""
    return 10.0 ** max(floor(log10(rate) + 1e-9), -6)


def _shape(tag: str, style: str, text: str | None = None, **attributes: float | str) -> Shape:
    """Numbers are written with at most one decimal, and ``_`` in a name as ``-``."""
    written = {
        name.replace("_", "-"): value if isinstance(value, str) else f"{round(value, 1):g}"
        for name, value in attributes.items()
    }
    return Shape(tag, {"class": style, **written}, text)


def _decade(power: int) -> str:
    return f"{np.format_float_positional(10.0 ** (power + 2), trim='-')}\N{NO-BREAK SPACE}%"
