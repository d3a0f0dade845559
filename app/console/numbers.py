"""Numbers, rates and times as a language writes them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from babel.dates import format_datetime
from babel.numbers import format_decimal

from app.pages.words import MeasuredRate, Spoken

_LEAST_SHOWN: Final = 1e-4  # percent: one in a million


@dataclass(frozen=True, slots=True)
class Numbers:
    """Those of the language ``code``; ``say`` gives a text in it."""

    code: str
    say: Callable[[str], str]

    @property
    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of the console's own templates, and of the parts of an evaluation."""
        return {
            "moment": self.moment,
            "number": self.number,
            "thousands": self.number,
            "percent": self.percent,
            "cosine": self.cosine,
            "similarity": self.similarity,
            "between": self.between,
            "interval": self.interval,
            "tally": self.tally,
            "times": self.times,
            "inverse": lambda ratio: self.times(1 / ratio) if ratio > 0 else "∞",
            "signed": lambda value: format_decimal(value, "+0.00;-0.00", locale=self.code),
        }

    @property
    def spoken(self) -> Spoken:
        """The same for charts."""
        return Spoken(self.say, self.percent, self.number, self.similarity)

    def moment(self, value: datetime | None) -> str:
        """A day and a time; nothing for None."""
        if value is None:
            return ""
        return f"{format_datetime(value, 'medium', tzinfo=UTC, locale=self.code)} UTC"

    def number(self, value: float) -> str:
        """A number with its thousands apart."""
        return format_decimal(value, locale=self.code)

    def percent(self, rate: float) -> str:
        """A rate with the digits that count; none is shown smaller than one in a million."""
        value = max(100 * rate, _LEAST_SHOWN) if rate else 0.0
        digits = 2 if value < 10 else 3 if value < 99 else 4
        sign = "< " if value > 100 * rate else ""
        return f"{sign}{self._rounded(value, digits)}\N{NO-BREAK SPACE}%"

    def times(self, factor: float) -> str:
        """A factor with two digits that count."""
        return self._rounded(factor, 2)

    def cosine(self, value: float) -> str:
        """A similarity."""
        return format_decimal(value, "0.000", locale=self.code)

    def similarity(self, value: float) -> str:
        """A threshold; above 1 no pair reaches it."""
        return self.cosine(value) if value <= 1 else self.say("none is high enough")

    def between(self, bounds: tuple[float, float]) -> str:
        """An interval of rates."""
        low, high = map(self.percent, bounds)
        return self.say("%(low)s to %(high)s") % {"low": low, "high": high}

    def interval(self, rate: MeasuredRate) -> str:
        """The 95 % interval of a rate, in words."""
        bounds = self.between((rate.low, rate.high))
        return self.say("95 %% interval %(bounds)s") % {"bounds": bounds}

    def tally(self, rate: MeasuredRate) -> str:
        """The counts behind a rate."""
        counts = {"events": self.number(rate.events), "trials": self.number(rate.trials)}
        return self.say("%(events)s of %(trials)s") % counts

    def _rounded(self, value: float, digits: int) -> str:
        return format_decimal(float(f"{value:.{digits}g}"), "#,##0.######", locale=self.code)
