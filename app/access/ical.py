"""Reads the subset of iCalendar (RFC 5545) that every ONVIF panel must read, into hours and days.

It is the base of the ONVIF Schedule Service Specification, without extended recurrence: a week is
events that recur ``WEEKLY`` on named days, in local time, and end at midnight at the latest;
special days are whole days that do not recur. Anything else is refused, with its line: a rule for
doors that was half understood would open at the wrong time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from icalendar.parser import Contentline
from icalendar.prop import vDDDTypes, vRecur

from app.access.policy.schedules import MIDNIGHT, Hours, WeeklyHours

_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_OF_CALENDAR: Final = frozenset({"VERSION", "PRODID", "CALSCALE", "METHOD"})
_OF_EVENT: Final = frozenset({"DTSTART", "DTEND", "RRULE"})
_PASSED_OVER: Final = frozenset(
    {"UID", "DTSTAMP", "SUMMARY", "DESCRIPTION", "CREATED", "LAST-MODIFIED", "SEQUENCE"}
)
"""Properties of an event that say nothing about when it is."""
_DAY: Final = timedelta(days=1)


class NotInSubset(ValueError):
    """A calendar that is damaged or says more than a schedule can hold; the message names the line
    and the property.
    """

    def __init__(self, line: int, name: str, message: str) -> None:
        super().__init__(f"line {line}: {name}: {message}")


@dataclass(frozen=True, slots=True)
class _Property:
    """A content line, unfolded; ``line`` is the number of its first line in the text."""

    line: int
    name: str
    parameters: frozenset[str]
    value: str

    def refused(self, message: str) -> NotInSubset:
        return NotInSubset(self.line, self.name, message)


@dataclass(slots=True)
class _Event:
    line: int
    properties: dict[str, _Property] = field(default_factory=dict)

    def needed(self, name: str) -> _Property:
        """The property, or ``NotInSubset`` where the event has none."""
        if name not in self.properties:
            raise NotInSubset(self.line, "VEVENT", f"the event has no {name}")
        return self.properties[name]


def read_week(text: str, *, today: date) -> tuple[WeeklyHours, ...]:
    """The weekly hours of a calendar; ``NotInSubset`` where it is not of the subset.

    An event may begin in the past, as panels write 1970 or the day of the export; one that begins
    after ``today`` is refused, because a week of Kith has no beginning.
    """
    return tuple(_weekly(event, today) for event in _events(text))


def read_days(text: str) -> tuple[tuple[date, date], ...]:
    """The first and the last day of each event of a calendar of special days; ``NotInSubset`` where
    it is not of the subset.
    """
    return tuple(_days(event) for event in _events(text))


def _weekly(event: _Event, today: date) -> WeeklyHours:
    starts, ends = event.needed("DTSTART"), event.needed("DTEND")
    start, end = _time(starts), _time(ends)
    if start.date() > today:
        raise starts.refused(f"begins at {start.date()}, which is yet to come; a week has no start")
    midnight = datetime.combine(start, time())
    if not (start < end and end - midnight <= _DAY):
        raise ends.refused(
            "must be after DTSTART, and at midnight of its day (000000 of the next) at the latest; "
            "write hours that pass midnight as two events"
        )
    minutes = 60 * start.hour + start.minute
    length = (end - start) // timedelta(minutes=1)
    days = _weekdays(event.needed("RRULE")) or {start.weekday()}
    return WeeklyHours(frozenset(days), Hours(minutes, min(minutes + length, MIDNIGHT)))


def _days(event: _Event) -> tuple[date, date]:
    if (rule := event.properties.get("RRULE")) is not None:
        raise rule.refused("special days do not recur here; name each")
    starts = event.needed("DTSTART")
    first = _day(starts)
    ends = event.properties.get("DTEND")
    if ends is None:
        return first, first
    if (end := _day(ends)) <= first:
        raise ends.refused("must be after DTSTART")
    return first, end - _DAY  # iCalendar's end is excluded


def _weekdays(rule: _Property) -> set[int]:
    """The days of a weekly rule, 0 is Monday; none: that of DTSTART."""
    names = [part.partition("=")[0].upper() for part in rule.value.split(";")]
    if unread := sorted(set(names) - {"FREQ", "BYDAY"}):
        raise rule.refused(f"{unread[0] or 'an empty part'} is not read; FREQ and BYDAY are")
    if len(names) > len(set(names)):
        raise rule.refused("a part of it comes twice")
    try:
        parts = vRecur.from_ical(rule.value)
    except ValueError as error:
        raise rule.refused(str(error)) from None
    if parts.get("FREQ") != ["WEEKLY"]:
        raise rule.refused("only FREQ=WEEKLY is read")
    days = [str(day) for day in parts.get("BYDAY", [])]
    if odd := [day for day in days if day not in _DAYS]:
        raise rule.refused(f"BYDAY={odd[0]} is not read; it names days alone, such as MO,TU")
    return {_DAYS.index(day) for day in days}


def _time(stated: _Property) -> datetime:
    """A local time in whole minutes."""
    found = _value(stated)
    if not isinstance(found, datetime):
        raise stated.refused("a date and time is needed, such as 19700105T080000")
    if found.second:
        raise stated.refused("hours are whole minutes; write 000000 of the next day for midnight")
    return found


def _day(stated: _Property) -> date:
    """A date, or the midnight at which it begins."""
    found = _value(stated)
    if not isinstance(found, datetime):
        return found
    if found != datetime.combine(found, time()):
        raise stated.refused("special days are whole days, from midnight to midnight")
    return found.date()


def _value(stated: _Property) -> date:
    """A date or a local date and time."""
    if extra := sorted(stated.parameters - {"VALUE"}):
        raise stated.refused(
            f"{extra[0]} is not read: times are local, in the schedule's time zone"
        )
    try:
        found = vDDDTypes.from_ical(stated.value)
    except ValueError as error:
        raise stated.refused(str(error)) from None
    if isinstance(found, datetime) and found.tzinfo is not None:
        raise stated.refused("a time in UTC is not read: times are local, without the Z")
    if not isinstance(found, date):
        raise stated.refused("is no date")
    return found


def _events(text: str) -> Iterator[_Event]:
    """The events of one calendar, in their order."""
    event: _Event | None = None
    open_components: list[str] = []
    seen = False
    last = 1
    for each in _properties(text):
        last = each.line
        inside = open_components[-1] if open_components else None
        if each.name == "BEGIN":
            wanted = {None: "VCALENDAR", "VCALENDAR": "VEVENT"}.get(inside)
            if each.value.upper() != wanted or (wanted == "VCALENDAR" and seen):
                raise each.refused(f"{each.value} is not read{f' in {inside}' if inside else ''}")
            open_components.append(wanted)
            seen, event = True, _Event(each.line)
        elif each.name == "END":
            if each.value.upper() != inside:
                raise each.refused(f"{each.value} is not what was begun")
            if inside == "VEVENT" and event is not None:
                yield event
            open_components.pop()
        elif inside == "VEVENT" and event is not None:
            _add(event, each)
        elif inside is None or not _is_of_calendar(each):
            raise each.refused("is not read here")
    if open_components or not seen:
        missing = f"END:{open_components[-1]}" if open_components else "BEGIN:VCALENDAR"
        raise NotInSubset(last, missing, "is missing")


def _is_of_calendar(stated: _Property) -> bool:
    if stated.name == "CALSCALE":
        return stated.value.upper() == "GREGORIAN"
    return stated.name in _OF_CALENDAR or stated.name.startswith("X-")


def _add(event: _Event, stated: _Property) -> None:
    if stated.name in _PASSED_OVER or stated.name.startswith("X-"):
        return
    if stated.name not in _OF_EVENT:
        raise stated.refused(f"is not read; events have {', '.join(sorted(_OF_EVENT))}")
    if stated.name in event.properties:
        raise stated.refused("comes twice in one event")
    event.properties[stated.name] = stated


def _properties(text: str) -> Iterator[_Property]:
    """The content lines, with continued lines joined (RFC 5545, section 3.1)."""
    folded: list[tuple[int, str]] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if line[:1] in (" ", "\t") and folded:
            first, so_far = folded.pop()
            folded.append((first, so_far + line[1:]))
        elif line:
            folded.append((number, line))
    for number, line in folded:
        try:
            name, parameters, value = Contentline(line).parts()
        except ValueError:
            raise NotInSubset(number, line[:20], "is no line of a calendar") from None
        yield _Property(number, name.upper(), frozenset(map(str.upper, parameters)), value)
