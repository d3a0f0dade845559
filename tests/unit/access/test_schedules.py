"""When schedules are open: days, special days, midnight, the hours that clocks skip or repeat."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfoNotFoundError

import pytest

from app.access.policy.schedules import MIDNIGHT, Hours, Schedule, SpecialDays, WeeklyHours

BERLIN = "Europe/Berlin"
EVERY_DAY = frozenset(range(7))


def hours(text: str) -> Hours:
    """``08:00-18:00``."""
    start, end = ((int(each[:2]) * 60 + int(each[3:])) for each in text.split("-"))
    return Hours(start, end)


def daily(text: str, *, special: tuple[SpecialDays, ...] = (), zone: str = BERLIN) -> Schedule:
    return Schedule("s", zone, (WeeklyHours(EVERY_DAY, hours(text)),), special)


def open_minutes(schedule: Schedule, day: date) -> int:
    """How many minutes of a day, and of the day before and after it, it is open."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=14)
    minutes = (start + timedelta(minutes=each) for each in range(52 * 60))
    only = Schedule("s", schedule.time_zone, (), (SpecialDays(day, day, week_of(schedule, day)),))
    return sum(only.is_open(each) for each in minutes)


def week_of(schedule: Schedule, day: date) -> tuple[Hours, ...]:
    return tuple(schedule.hours_on(day))


OFFICE = Schedule(
    "office",
    BERLIN,
    (WeeklyHours(frozenset({0, 1, 2, 3, 4}), hours("08:00-18:00")),),
    (
        SpecialDays(date(2027, 12, 24), date(2027, 12, 26)),
        SpecialDays(date(2027, 12, 24), date(2027, 12, 24), (hours("08:00-12:00"),)),
        SpecialDays(date(2027, 12, 24), date(2027, 12, 24), (hours("14:00-15:00"),)),
        SpecialDays(date(2028, 2, 29), date(2028, 2, 29), (hours("10:00-11:00"),)),
    ),
)


@pytest.mark.parametrize(
    ("instant", "is_open"),
    [
        ("2027-06-07T08:00+02:00", True),  # a Monday, the first minute
        ("2027-06-07T07:59:59+02:00", False),
        ("2027-06-07T17:59:59+02:00", True),
        ("2027-06-07T18:00+02:00", False),  # the end is excluded
        ("2027-06-07T06:00+00:00", True),  # the same instant in another zone is the same
        ("2027-01-04T06:00+00:00", False),  # in winter it is 07:00 there
        ("2027-06-12T12:00+02:00", False),  # a Saturday
        ("2027-12-24T09:00+01:00", True),  # special days are a union
        ("2027-12-24T13:00+01:00", False),  # they replace the Friday that it is
        ("2027-12-24T14:30+01:00", True),
        ("2027-12-25T09:00+01:00", False),
        ("2027-12-27T09:00+01:00", True),  # the Monday after
        ("2028-02-28T09:00+01:00", True),  # a Monday; the leap day after it is a Tuesday
        ("2028-02-29T09:00+01:00", False),
        ("2028-02-29T10:30+01:00", True),
        ("2028-03-01T09:00+01:00", True),
    ],
)
def test_an_office(instant: str, is_open: bool) -> None:
    assert OFFICE.is_open(datetime.fromisoformat(instant)) is is_open


def test_an_hour_that_does_not_exist_is_never_open() -> None:
    assert open_minutes(daily("02:00-03:00"), date(2027, 3, 28)) == 0
    assert open_minutes(daily("02:00-03:00"), date(2027, 3, 27)) == 60
    assert open_minutes(daily("01:30-03:30"), date(2027, 3, 28)) == 60


def test_an_hour_that_exists_twice_is_open_both_times() -> None:
    assert open_minutes(daily("02:00-03:00"), date(2027, 10, 31)) == 120
    assert open_minutes(daily("02:30-03:30"), date(2027, 10, 31)) == 90
    assert open_minutes(daily("00:00-24:00"), date(2027, 10, 31)) == 25 * 60


def test_midnight_ends_a_day_and_begins_the_next() -> None:
    night = Schedule(
        "night",
        BERLIN,
        (
            WeeklyHours(frozenset({4}), Hours(22 * 60, MIDNIGHT)),
            WeeklyHours(frozenset({5}), Hours(0, 6 * 60)),
        ),
    )
    friday = datetime.fromisoformat("2027-06-11T21:59+02:00")
    is_open = [night.is_open(friday + timedelta(minutes=each)) for each in (0, 1, 120, 121, 480)]
    assert is_open == [False, True, True, True, True]
    assert not night.is_open(friday + timedelta(minutes=481))


def test_overlapping_hours_are_a_union() -> None:
    week = tuple(WeeklyHours(EVERY_DAY, hours(each)) for each in ("08:00-12:00", "10:00-14:00"))
    schedule = Schedule("s", BERLIN, week)
    assert open_minutes(schedule, date(2027, 6, 7)) == 6 * 60


def test_a_schedule_without_hours_is_never_open() -> None:
    assert open_minutes(Schedule("s", BERLIN), date(2027, 6, 7)) == 0


def test_a_zone_whose_offset_is_not_whole_hours() -> None:
    schedule = daily("08:00-09:00", zone="Asia/Kathmandu")  # UTC+05:45
    assert schedule.is_open(datetime(2027, 6, 7, 2, 15, tzinfo=UTC))
    assert not schedule.is_open(datetime(2027, 6, 7, 2, 14, tzinfo=UTC))


def test_a_zone_that_skipped_a_day() -> None:
    """Samoa went from the 29th to the 31st of December 2011."""
    apia = daily("00:00-24:00", zone="Pacific/Apia")
    assert open_minutes(apia, date(2011, 12, 30)) == 0
    assert open_minutes(apia, date(2011, 12, 31)) == 24 * 60


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 5), (6, 5), (0, 1441)])
def test_hours_are_within_a_day_and_not_empty(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="are none"):
        Hours(start, end)


def test_a_time_without_zone_and_an_unknown_zone_are_errors() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        daily("08:00-09:00").is_open(datetime(2027, 6, 7))  # noqa: DTZ001
    with pytest.raises(ZoneInfoNotFoundError):
        daily("08:00-09:00", zone="Europe/Atlantis").is_open(datetime(2027, 6, 7, tzinfo=UTC))
