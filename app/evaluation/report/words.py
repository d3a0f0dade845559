"""Numbers as a report writes them."""

from typing import Final

import numpy as np

from app.evaluation.operating import Verdict
from app.evaluation.rates import Rate

_SPACE: Final = "\N{NO-BREAK SPACE}"

VERDICTS: Final[dict[Verdict, str]] = {
    "consistent": "consistent",
    "exceeded": "more often than stated",
    "stricter": "less often than stated",
}


def percent(rate: float) -> str:
    """A rate with as many digits as tell something: 0.012 %, 1.5 %, 98.7 %."""
    value = 100 * rate
    digits = 2 if value < 10 else 3 if value < 99 else 4
    if value < 1e-4:
        return f"0{_SPACE}%" if value == 0 else f"below 0.0001{_SPACE}%"
    return f"{_plain(value, digits)}{_SPACE}%"


def between(low: float, high: float) -> str:
    """An interval of rates."""
    return f"{percent(low).removesuffix(f'{_SPACE}%')} to {percent(high)}"


def similarity(value: float) -> str:
    """A cosine, or that there is none so high."""
    return f"{value:.3f}" if value <= 1 else "none is high enough"


def count(number: int, one: str, many: str | None = None) -> str:
    """A number of things, in the right form."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def tally(rate: Rate) -> str:
    """Out of how many."""
    return f"{rate.events:,} of {rate.trials:,}"


def _plain(value: float, digits: int) -> str:
    return np.format_float_positional(value, precision=digits, fractional=False, trim="-")
