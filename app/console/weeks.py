"""The week of a schedule as a picture: a row a day, and a bar for each stretch of hours."""

from dataclasses import dataclass
from typing import Final

from babel.dates import get_day_names

from app.access.fields import DAY_NAMES
from app.access.schemas import ScheduleView

_MINUTES: Final = 60
ROW: Final = 60
"""Height of a day, in units of the picture; a minute is one unit wide."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Hours of one day, in minutes from its start, and where the day is in the picture."""

    top: int
    start: int
    width: int


@dataclass(frozen=True, slots=True)
class Day:
    """A day with its name, and its hours in words; ``top`` is where it is in the picture."""

    name: str
    top: int
    hours: str


@dataclass(frozen=True, slots=True)
class Week:
    """The bars of a week, and the same in words."""

    days: list[Day]
    bars: list[Bar]


def week_of(schedule: ScheduleView, language: str) -> Week:
    """The week of a schedule, Monday first, with the names of days in a language."""
    names = get_day_names("abbreviated", locale=language)
    days, bars = [], []
    for place, day in enumerate(DAY_NAMES):
        hours = sorted({(each.start, each.end) for each in schedule.week if day in each.days})
        said = ", ".join(f"{start}\N{EN DASH}{end}" for start, end in hours)
        days.append(Day(names[place], place * ROW, said))
        for start, end in hours:
            bars.append(Bar(place * ROW, _minute(start), _minute(end) - _minute(start)))
    return Week(days, bars)


def _minute(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * _MINUTES + int(minute)
