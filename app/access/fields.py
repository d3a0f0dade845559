"""The field types of doors and of the rules for them, at the edge."""

from datetime import date
from functools import cache
from typing import Annotated, Final, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from app.web.fields import WHOLE, BodyFields, Count, Id, Label

_CLOCK: Final = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
MOST_HOURS: Final = 24
"""Hours of one day, and rows of a week for each of its days."""
MOST_OF_WEEK: Final = 7 * MOST_HOURS
"""Rows of a week."""
MOST_SPECIAL_DAYS: Final = 400
"""A year of days with hours of their own, and some more."""

DayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAY_NAMES: Final[tuple[DayName, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ModeName = Literal["advise", "verify", "decide"]
Direction = Literal["in", "out"]
Clock = Annotated[str, StringConstraints(pattern=_CLOCK)]


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones()) - {"Factory", "localtime"}  # these depend on a machine


def _known_zone(name: str) -> str:
    if name not in _time_zones():
        raise ValueError("must be a time zone of the IANA database, such as Europe/Berlin")
    return name


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("must be a date that there is, such as 2027-12-24") from None


def _short_texts(ref: dict[str, str]) -> dict[str, str]:
    if len(ref) > 32:
        raise ValueError(f"must have at most 32 names; this has {len(ref)}")
    return ref


TimeZone = Annotated[
    str,
    StringConstraints(max_length=64),
    AfterValidator(_known_zone),
    Field(description="A time zone of the IANA database, such as `Europe/Berlin`."),
]
Day = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    AfterValidator(_day),
]
Ref = Annotated[dict[Id, Label], AfterValidator(_short_texts)]
Milliseconds = Annotated[int, Field(ge=0, le=3_600_000), WHOLE]
Revision = Annotated[
    Count,
    Field(description="The collection's policy revision at the last change; it is the ETag too."),
]


class HoursField(BodyFields):
    """Hours of a day on the wall clock."""

    start: Clock = Field(description="The first minute, as `08:00`.")
    end: Clock = Field(description="The minute after the last, as `18:00`; `24:00` is midnight.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start >= self.end:  # of one length, so that text compares as time does
            raise ValueError(
                "start must be before end; write hours that pass midnight as two, on two days"
            )
        return self


class WeeklyField(HoursField):
    """Hours on some days of the week."""

    days: list[DayName] = Field(min_length=1, max_length=7, description="Days of the week.")


class SpecialDaysField(BodyFields):
    """Days that replace the week."""

    name: Label | None = Field(None, description="A name for people; null: none.")
    first: Day = Field(description="The first day, as `2027-12-24`.")
    last: Day | None = Field(None, description="The last day, included; null: the first alone.")
    hours: list[HoursField] = Field(
        [], max_length=MOST_HOURS, description="Hours on each of these days; none: closed."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last is not None and self.last < self.first:
            raise ValueError("last must not be before first")
        return self
