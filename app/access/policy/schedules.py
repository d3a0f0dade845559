"""Schedules: when a rule grants, in hours on the wall clock of a time zone.

The clock on the wall decides, as it does in access panels. Where summer time begins, an hour does
not exist, and nothing is open in it; where it ends, an hour exists twice, and its hours are open
both times. A special day replaces the week, and several on one day are a union (ONVIF Schedule
Service Specification).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

MIDNIGHT: Final = 24 * 60
"""The end of a day, in minutes since its start on the wall clock."""


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """From ``start`` (included) until ``end`` (excluded), in minutes on the wall clock; an ``end``
    of 1440 is midnight. Hours that pass midnight are two: one on each day.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        """``ValueError`` unless the hours are within one day and not empty."""
        if not 0 <= self.start < self.end <= MIDNIGHT:
            raise ValueError(f"hours from minute {self.start} until {self.end} are none")

    def include(self, minute: int) -> bool:
        """Whether the wall clock's ``minute`` is within."""
        return self.start <= minute < self.end


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Hours on each of ``days``: 0 is Monday, 6 is Sunday."""

    days: frozenset[int]
    hours: Hours


@dataclass(frozen=True, slots=True)
class SpecialDays:
    """Days from ``first`` to ``last``, both included, with hours of their own; none: closed."""

    first: date
    last: date
    hours: tuple[Hours, ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """A week of hours in a named time zone (IANA, such as ``Europe/Berlin``), and special days that
    replace it. Without hours it is never open.
    """

    id: str
    time_zone: str
    week: tuple[WeeklyHours, ...] = ()
    special_days: tuple[SpecialDays, ...] = ()

    def is_open(self, at: datetime) -> bool:
        """Whether the schedule is open at an instant, which must be aware.

        ``ValueError`` where it is not, ``ZoneInfoNotFoundError`` where there is no such time zone.
        """
        if at.tzinfo is None:
            raise ValueError(f"{at} has no time zone")
        wall = at.astimezone(ZoneInfo(self.time_zone))
        minute = 60 * wall.hour + wall.minute
        return any(hours.include(minute) for hours in self.hours_on(wall.date()))

    def hours_on(self, day: date) -> frozenset[Hours]:
        """The hours of one day: those of its special days, else those of the week."""
        special = [each for each in self.special_days if each.first <= day <= each.last]
        if special:
            return frozenset(hours for each in special for hours in each.hours)
        return frozenset(each.hours for each in self.week if day.weekday() in each.days)
