"""Numbers as pages and commands write them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

import numpy as np

_SPACE: Final = "\N{NO-BREAK SPACE}"


class MeasuredRate(Protocol):
    """A share that was counted, with its 95 % interval."""

    @property
    def rate(self) -> float:
        """``events / trials``."""

    @property
    def low(self) -> float:
        """The lower end of the interval."""

    @property
    def high(self) -> float:
        """The upper end of the interval."""

    @property
    def events(self) -> int:
        """How often it happened."""

    @property
    def trials(self) -> int:
        """How often it could have."""


def percent(rate: float) -> str:
    """A rate with its significant digits: 0.012 %, 1.5 %, 98.7 %, less than 1 in a million."""
    value = 100 * rate
    digits = 2 if value < 10 else 3 if value < 99 else 4
    if value < 1e-4:
        return f"0{_SPACE}%" if value == 0 else "less than 1 in a million"
    return f"{_plain(value, digits)}{_SPACE}%"


def between(low: float, high: float) -> str:
    """An interval of rates: 0.5 to 1.5 %."""
    return f"{percent(low).removesuffix(f'{_SPACE}%')} to {percent(high)}"


def similarity(value: float) -> str:
    """A cosine with three decimals; a threshold above 1 is one that no pair can reach."""
    return f"{value:.3f}" if value <= 1 else "none is high enough"


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number of things, singular or plural: 1 image, 1,200 images."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def thousands(number: int) -> str:
    """A whole number with its thousands separated by commas."""
    return f"{number:,}"


def tally(rate: MeasuredRate) -> str:
    """The counts behind a rate: 3 of 1,200."""
    return f"{rate.events:,} of {rate.trials:,}"


def interval(rate: MeasuredRate) -> str:
    """The 95 % interval of a rate, in words."""
    return f"95{_SPACE}% interval {between(rate.low, rate.high)}"


def _plain(value: float, digits: int) -> str:
    return np.format_float_positional(value, precision=digits, fractional=False, trim="-")


def moment(value: datetime) -> str:
    """A day and a time: 04 May 2026, 10:20 UTC."""
    return value.strftime("%d %B %Y, %H:%M %Z").strip()


@dataclass(frozen=True, slots=True)
class Spoken:
    """How a language says the texts and numbers of a chart."""

    say: Callable[[str], str]
    percent: Callable[[float], str]
    number: Callable[[int], str]
    similarity: Callable[[float], str]


ENGLISH: Final = Spoken(str, percent, thousands, similarity)
FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "percent": percent,
    "similarity": similarity,
    "counted": counted,
    "thousands": thousands,
    "number": lambda value: f"{value:g}",
    "tally": tally,
    "interval": interval,
    "between": lambda bounds: between(*bounds),
    "moment": moment,
}
"""For templates; ``between`` takes the pair."""
