"""The subset of iCalendar that is read as a schedule, and how the rest is refused."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.ical import NotInSubset, read_days, read_week
from app.access.policy.schedules import MIDNIGHT, Hours, WeeklyHours

TODAY = date(2027, 6, 7)
OFFICE = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//ACME//Panel//EN
BEGIN:VEVENT
UID:1
SUMMARY:Office
DTSTART:19700105T080000
DTEND:19700105T180000
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
END:VEVENT
END:VCALENDAR
"""
HOLIDAYS = """BEGIN:VCALENDAR
BEGIN:VEVENT
DTSTART;VALUE=DATE:20271224
DTEND;VALUE=DATE:20271227
END:VEVENT
BEGIN:VEVENT
DTSTART:20280229T000000
DTEND:20280301T000000
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20270101
END:VEVENT
END:VCALENDAR
"""

EDGES = ["DTSTART:99991231T000000", "DTEND:99991231T235900", "DTSTART:00010101", "DTEND:00010101"]


def week(text: str) -> tuple[WeeklyHours, ...]:
    return read_week(text, today=TODAY)


def test_a_working_week() -> None:
    hours = Hours(8 * 60, 18 * 60)
    assert week(OFFICE) == (WeeklyHours(frozenset(range(5)), hours),)
    assert week(OFFICE.replace("\n", "\r\n")) == week(OFFICE)
    assert week(OFFICE.replace("TU,WE", "TU\n ,WE")) == week(OFFICE)


def test_an_export_of_an_axis_panel() -> None:
    text = OFFICE.replace("19700105", "20120312")
    assert week(text) == week(OFFICE)


def test_always() -> None:
    text = OFFICE.replace("T080000", "T000000").replace("19700105T180000", "19700106T000000")
    assert week(text)[0].hours == Hours(0, MIDNIGHT)


def test_without_byday_it_is_the_day_of_the_start() -> None:
    (found,) = week(OFFICE.replace(";BYDAY=MO,TU,WE,TH,FR", ""))
    assert found.days == {0}


def test_an_empty_calendar_is_never_open() -> None:
    assert week("BEGIN:VCALENDAR\nEND:VCALENDAR\n") == ()


def test_special_days() -> None:
    assert read_days(HOLIDAYS) == (
        (date(2027, 12, 24), date(2027, 12, 26)),
        (date(2028, 2, 29), date(2028, 2, 29)),
        (date(2027, 1, 1), date(2027, 1, 1)),
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("FREQ=WEEKLY", "FREQ=DAILY", "line 9: RRULE: only FREQ=WEEKLY is read"),
        ("FREQ=WEEKLY;", "", "line 9: RRULE: only FREQ=WEEKLY"),
        ("BYDAY=MO,", "INTERVAL=2;BYDAY=MO,", "line 9: RRULE: INTERVAL is not read"),
        ("FR\n", "FR;UNTIL=20280101\n", "line 9: RRULE: UNTIL is not read"),
        ("FR\n", "FR;COUNT=3\n", "line 9: RRULE: COUNT is not read"),
        ("FR\n", "FR;\n", "line 9: RRULE: an empty part"),
        ("FR\n", "FR;FREQ=DAILY\n", "line 9: RRULE: a part of it comes twice"),
        ("BYDAY=MO", "BYDAY=1MO", "line 9: RRULE: BYDAY=1MO is not read"),
        ("BYDAY=MO", "BYDAY=XX", "line 9: RRULE: "),
        ("RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\n", "", "line 4: VEVENT: the event has no RRULE"),
        ("DTEND:19700105T180000\n", "", "line 4: VEVENT: the event has no DTEND"),
        ("DTEND:19700105T180000", "DURATION:PT10H", "line 8: DURATION: is not read"),
        ("SUMMARY:Office", "EXDATE:20270607T080000", "line 6: EXDATE: is not read"),
        ("SUMMARY:Office", "STATUS:CANCELLED", "line 6: STATUS: is not read"),
        ("SUMMARY:Office", "DTEND:19700105T190000", "line 8: DTEND: comes twice"),
        ("DTSTART:", "DTSTART;TZID=Europe/Berlin:", "line 7: DTSTART: TZID is not read"),
        ("T080000", "T080000Z", "line 7: DTSTART: a time in UTC"),
        ("T180000", "T180030", "line 8: DTEND: hours are whole minutes"),
        ("DTEND:19700105T180000", "DTEND:19700106T000100", "line 8: DTEND: must be after DTSTART"),
        ("T180000", "T080000", "line 8: DTEND: must be after DTSTART"),
        ("DTSTART:19700105T080000", "DTSTART;VALUE=DATE:19700105", "line 7: DTSTART: a date and"),
        ("DTSTART:19700105T080000", "DTSTART:PT1H", "line 7: DTSTART: is no date"),
        ("DTSTART:19700105", "DTSTART:19700230", "line 7: DTSTART: "),
        ("DTSTART:19700105", "DTSTART:20270608", "line 7: DTSTART: begins at 2027-06-08"),
        ("BEGIN:VEVENT", "BEGIN:VTODO", "line 4: BEGIN: VTODO is not read in VCALENDAR"),
        ("SUMMARY:Office", "BEGIN:VALARM", "line 6: BEGIN: VALARM is not read in VEVENT"),
        ("VERSION:2.0", "CALSCALE:JULIAN", "line 2: CALSCALE: is not read here"),
        ("END:VEVENT\n", "", "line 10: END: VCALENDAR is not what was begun"),
        ("END:VCALENDAR\n", "", "line 10: END:VCALENDAR: is missing"),
        ("BEGIN:VCALENDAR\n", "", "line 1: VERSION: is not read here"),
        ("SUMMARY:Office", "Office", "line 6: Office: is no line of a calendar"),
        ("END:VCALENDAR\n", "END:VCALENDAR\nBEGIN:VCALENDAR\n", "line 12: BEGIN: VCALENDAR"),
    ],
)
def test_what_is_outside_of_the_subset_is_refused_by_line(old: str, new: str, says: str) -> None:
    assert old in OFFICE
    with pytest.raises(NotInSubset) as refused:
        week(OFFICE.replace(old, new))
    assert str(refused.value).startswith(says)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("DTEND;VALUE=DATE:20271227", "RRULE:FREQ=YEARLY", "line 4: RRULE: special days do not"),
        ("20280301T000000", "20280229T120000", "line 8: DTEND: special days are whole days"),
        ("20271227", "20271224", "line 4: DTEND: must be after DTSTART"),
        ("DTSTART;VALUE=DATE:20270101\n", "", "line 10: VEVENT: the event has no DTSTART"),
    ],
)
def test_special_days_are_whole_and_do_not_recur(old: str, new: str, says: str) -> None:
    with pytest.raises(NotInSubset) as refused:
        read_days(HOLIDAYS.replace(old, new))
    assert str(refused.value).startswith(says)


@pytest.mark.parametrize("text", ["", "\n\n", "hello", "BEGIN:VCALENDAR"])
def test_what_is_no_calendar_is_refused(text: str) -> None:
    with pytest.raises(NotInSubset, match="line 1"):
        week(text)


@given(
    st.lists(
        st.sampled_from([*OFFICE.splitlines(), *HOLIDAYS.splitlines(), " x", *EDGES])
        | st.text(max_size=20),
        max_size=14,
    )
)
def test_whatever_the_text_it_is_read_or_refused(lines: list[str]) -> None:
    for read in (week, read_days):
        with suppress(NotInSubset):
            read("\n".join(lines))
