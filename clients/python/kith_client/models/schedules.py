"""Schedules. Written by ``make client`` from the service's OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NotRequired, TypedDict

from kith_client.model import Model


class HoursField(TypedDict):
    """Hours of a day on the wall clock.

    start: The first minute, as `08:00`.
    end: The minute after the last, as `18:00`; `24:00` is midnight.
    """

    start: str
    end: str


class ScheduleView(Model):
    """When a rule grants: hours on the wall clock of a time zone.

    id: Its id in the collection.
    collection_id: Id of the collection.
    name: Its name for people; null: none.
    revision: The collection's policy revision at the last change; it is the ETag too.
    created_at: Time of creation, UTC.
    updated_at: Time of the last change, UTC.
    time_zone: A time zone of the IANA database.
    week: Hours of the week.
    special_days: Days that replace the week.
    """

    id: str
    collection_id: str
    name: str | None
    revision: int
    created_at: datetime
    updated_at: datetime
    time_zone: str
    week: list[WeeklyField]
    special_days: list[SpecialDaysField]


class SpecialDaysField(TypedDict):
    """Days that replace the week.

    name: A name for people; null: none.
    first: The first day, as `2027-12-24`.
    last: The last day, included; null: the first alone.
    hours: Hours on each of these days; none: closed.
    """

    name: NotRequired[str | None]
    first: str
    last: NotRequired[str | None]
    hours: NotRequired[Sequence[HoursField]]


class WeeklyField(TypedDict):
    """Hours on some days of the week.

    start: The first minute, as `08:00`.
    end: The minute after the last, as `18:00`; `24:00` is midnight.
    days: Days of the week.
    """

    start: str
    end: str
    days: Sequence[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]]
