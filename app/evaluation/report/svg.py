"""Charts as inline SVG: two axes, and lines, bands, bars and marks between them.

No script, no font and no file from elsewhere: a chart is text in the page, styled by its sheet
through class names, and prints as sharply as it shows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10
from typing import Final

import numpy as np

_WIDTH: Final = 640
_HEIGHT: Final = 434
_LEFT, _RIGHT, _TOP, _BOTTOM = 96, 36, 40, 76
_TICK: Final = 6


@dataclass(frozen=True, slots=True)
class Axis:
    """From ``low`` to ``high``; ``log`` in decades, where whatever is below ``low`` lies on it."""

    title: str
    low: float
    high: float
    log: bool = False

    def place(self, value: float) -> float:
        """0 at the low end, 1 at the high one; nothing is drawn outside."""
        if self.log:
            low, high = log10(self.low), log10(self.high)
            share = (log10(max(value, self.low)) - low) / (high - low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(max(share, 0.0), 1.0)

    def ticks(self) -> list[tuple[float, str]]:
        """Where a grid line is, and what stands there: decades as percentages, else numbers."""
        if self.log:
            decades = range(ceil(log10(self.low) - 1e-9), floor(log10(self.high) + 1e-9) + 1)
            return [(10.0**k, _decade(k)) for k in decades]
        step = next(s for s in (0.1, 0.2, 0.5, 1) if (self.high - self.low) / s <= 7)
        first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
        return [(k * step, f"{k * step:.1f}") for k in range(first, last + 1)]


class Chart:
    """Collects what is to be drawn, later things on top; ``svg`` gives the element."""

    def __init__(self, x: Axis, y: Axis, *, label: str) -> None:
        self._x = x
        self._y = y
        self._label = label
        self._parts: list[str] = []

    def line(self, x: Sequence[float], y: Sequence[float], style: str) -> None:
        """A line through the points."""
        if len(x):
            self._parts.append(f'<polyline class="line {style}" points="{self._points(x, y)}"/>')

    def band(
        self, x: Sequence[float], low: Sequence[float], high: Sequence[float], style: str
    ) -> None:
        """The area between two lines."""
        if len(x):
            around = f"{self._points(x, high)} {self._points(x[::-1], low[::-1])}"
            self._parts.append(f'<polygon class="band {style}" points="{around}"/>')

    def bars(self, edges: Sequence[float], heights: Iterable[float], style: str) -> None:
        """A bar between each two edges, from the bottom up."""
        for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True):
            if height > 0:
                x, width = self._across(left), self._across(right) - self._across(left)
                y = self._down(height)
                self._parts.append(
                    f'<rect class="bar {style}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
                    f'height="{_HEIGHT - _BOTTOM - y:.1f}"/>'
                )

    def mark(self, x: float, y: float, style: str) -> None:
        """A dot."""
        at = f'cx="{self._across(x):.1f}" cy="{self._down(y):.1f}"'
        self._parts.append(f'<circle class="mark {style}" {at} r="6"/>')

    def upright(self, x: float, style: str) -> None:
        """A line from top to bottom."""
        at = f"{self._across(x):.1f}"
        self._parts.append(
            f'<line class="line {style}" x1="{at}" x2="{at}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>'
        )

    def svg(self) -> str:
        """The chart as one element; its label is read out where it cannot be seen."""
        return "".join(
            [
                f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" ',
                f'aria-label="{escape(self._label)}">',
                *self._grid(),
                *self._parts,
                *self._titles(),
                "</svg>",
            ]
        )

    def _grid(self) -> Iterable[str]:
        bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
        for value, text in self._x.ticks():
            at = f"{self._across(value):.1f}"
            yield f'<line class="grid" x1="{at}" x2="{at}" y1="{_TOP}" y2="{bottom + _TICK}"/>'
            under = f'y="{bottom + 32}" text-anchor="middle"'
            yield f'<text class="tick" x="{at}" {under}>{text}</text>'
        for value, text in self._y.ticks():
            at = f"{self._down(value):.1f}"
            yield f'<line class="grid" x1="{_LEFT - _TICK}" x2="{right}" y1="{at}" y2="{at}"/>'
            middle = f'dominant-baseline="middle" text-anchor="end">{text}</text>'
            yield f'<text class="tick" x="{_LEFT - 10}" y="{at}" {middle}'

    def _titles(self) -> Iterable[str]:
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        yield (
            f'<text class="axis" x="{middle}" y="{_HEIGHT - 10}" text-anchor="middle">'
            f"{escape(self._x.title)}</text>"
        )
        yield f'<text class="axis" x="{_LEFT - 10}" y="{_TOP - 18}">{escape(self._y.title)}</text>'

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


def _decade(power: int) -> str:
    return f"{np.format_float_positional(10.0 ** (power + 2), trim='-')}\N{NO-BREAK SPACE}%"
