"""The five kinds of rows that make a policy, and what each adds to what they share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Generic, TypeVar

from sqlalchemy.orm import InstrumentedAttribute

from app.access.door_schemas import BlockField, DoorView, FramesField, HealthView
from app.access.fields import DAY_NAMES, MOST_OF_WEEK, MOST_SPECIAL_DAYS
from app.access.ical import NotInSubset, read_days, read_week
from app.access.models import Door, DoorHealth, Group, PolicyRow, Rule, Schedule, Zone
from app.access.policy.schedules import WeeklyHours
from app.access.schemas import (
    GroupView,
    PolicyView,
    RuleView,
    ScheduleView,
    ZoneView,
)
from app.errors import FieldError, InvalidRequest

Row = TypeVar("Row", bound=PolicyRow)
View = TypeVar("View", bound=PolicyView)
Values = dict[str, Any]
_OF_A_DOOR: Final = (
    *("mode", "direction", "enabled", "locked_down", "ref"),
    *("grant_ttl_ms", "cooldown_ms", "exclusive_ms"),
    *("frames", "second_face", "liveness", "unknown_after_ms", "block_after", "reveal"),
)
"""A door's own columns, which are fields of its view."""
_FEWEST_THAT_SPAN: Final = 2


def _unchanged(values: Values, today: date, row: PolicyRow | None) -> Values:
    del today, row
    return values


def _nothing(row: PolicyRow) -> None:
    del row


@dataclass(frozen=True, slots=True)
class Kind(Generic[Row, View]):
    """One kind of row. ``links``: the relationship and the model behind each field that names
    another row. ``named_by``: the columns that refer to this kind. ``prepared`` turns a body's
    values, for a row that there is or for a new one, into those of columns; ``check`` raises
    ``InvalidRequest`` for a row that makes no sense.
    """

    noun: str
    model: type[Row]
    view: Callable[[Row, str], View]
    links: Mapping[str, tuple[str, type[PolicyRow]]] = field(default_factory=dict)
    named_by: tuple[InstrumentedAttribute[Any], ...] = ()
    prepared: Callable[[Values, date, Row | None], Values] = _unchanged
    check: Callable[[Row], None] = _nothing

    def field_of(self, column: str) -> str:
        """The field of a body that sets a column or a relationship."""
        fields = {relationship: name for name, (relationship, _) in self.links.items()}
        return fields.get(column, column)


def _shared(row: PolicyRow, collection_id: str) -> Values:
    names = ("id", "name", "revision", "created_at", "updated_at")
    return {name: getattr(row, name) for name in names} | {"collection_id": collection_id}


def _zone(row: Zone, collection_id: str) -> ZoneView:
    return ZoneView(**_shared(row, collection_id), locked_down=row.locked_down)


def _door(row: Door, collection_id: str) -> DoorView:
    own = {name: getattr(row, name) for name in _OF_A_DOOR} | {"frames": row.wanted_frames}
    zone_id = row.zone.id if row.zone else None
    shared = _shared(row, collection_id)
    return DoorView(**shared, **own, zone_id=zone_id, health=_health(row.health))


def _health(row: DoorHealth | None) -> HealthView:
    if row is None:
        return HealthView(state="unknown", detail=None, since=None, reported_at=None)
    return HealthView.model_validate(row, from_attributes=True)


def _settings(values: Values, today: date, row: Door | None) -> Values:
    """The columns of a door: of settings within settings a patch changes what it names."""
    del today
    for name, model in (("frames", FramesField), ("block_after", BlockField)):
        if name in values:
            before = getattr(row, name) if row else model().model_dump()
            values[name] = {**before, **values[name]}
    return values


def _possible(row: Door) -> None:
    if row.frames["min_span_ms"] and row.frames["min_used"] < _FEWEST_THAT_SPAN:
        message = "must be 2 or more where min_span_ms is not 0: one frame spans no time"
        raise _refused("frames.min_used", message)
    if row.frames["min_span_ms"] >= row.frames["max_age_ms"]:
        message = "must be less than max_age_ms: older frames are stale"
        raise _refused("frames.min_span_ms", message)
    if row.block_after["max_block_s"] < row.block_after["block_s"]:
        raise _refused("block_after.max_block_s", "must not be less than block_s")


def _group(row: Group, collection_id: str) -> GroupView:
    return GroupView(**_shared(row, collection_id))


def _schedule(row: Schedule, collection_id: str) -> ScheduleView:
    return ScheduleView.model_validate(
        _shared(row, collection_id)
        | {"time_zone": row.time_zone, "week": row.week, "special_days": row.special_days}
    )


def _rule(row: Rule, collection_id: str) -> RuleView:
    return RuleView(
        **_shared(row, collection_id),
        group_id=row.group.id,
        door_id=row.door.id if row.door else None,
        zone_id=row.zone.id if row.zone else None,
        schedule_id=row.schedule.id,
    )


def _one_place(row: Rule) -> None:
    if (row.door is None) == (row.zone is None):
        message = "a rule is for a door or for a zone; set one of door_id and zone_id"
        raise _refused("door_id", message)


def _calendars(values: Values, today: date, row: Schedule | None) -> Values:
    """The columns of a schedule, with what its calendars hold."""
    week, days = values.pop("week_icalendar", None), values.pop("special_days_icalendar", None)
    try:
        if week is not None:
            values["week"] = [_weekly(each) for each in read_week(week, today=today)]
            _check_length("week_icalendar", values["week"], MOST_OF_WEEK)
    except NotInSubset as error:
        raise _refused("week_icalendar", str(error)) from None
    try:
        if days is not None:
            closed: list[Values] = [
                {"name": None, "first": first.isoformat(), "last": last.isoformat(), "hours": []}
                for first, last in read_days(days)
            ]
            known = values.get("special_days", row.special_days if row else [])
            values["special_days"] = known + [each for each in closed if each not in known]
            _check_length("special_days_icalendar", values["special_days"], MOST_SPECIAL_DAYS)
    except NotInSubset as error:
        raise _refused("special_days_icalendar", str(error)) from None
    return values


def _check_length(name: str, rows: list[Values], most: int) -> None:
    if len(rows) > most:
        message = f"at most {most} rows fit into a schedule; with this calendar it has {len(rows)}"
        raise _refused(name, message)


def _weekly(each: WeeklyHours) -> Values:
    return {
        "days": [DAY_NAMES[day] for day in sorted(each.days)],
        "start": clock_text(each.hours.start),
        "end": clock_text(each.hours.end),
    }


def clock_text(minute: int) -> str:
    """A minute of the day as ``08:00``."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _refused(name: str, message: str) -> InvalidRequest:
    return InvalidRequest(f"{name}: {message}.", errors=[FieldError(name, message)])


ZONES = Kind("zone", Zone, _zone, named_by=(Door.zone_key, Rule.zone_key))
DOORS = Kind(
    "door",
    Door,
    _door,
    links={"zone_id": ("zone", Zone)},
    named_by=(Rule.door_key,),
    prepared=_settings,
    check=_possible,
)
GROUPS = Kind("group", Group, _group, named_by=(Rule.group_key,))
SCHEDULES = Kind(
    "schedule", Schedule, _schedule, named_by=(Rule.schedule_key,), prepared=_calendars
)
RULES = Kind(
    "rule",
    Rule,
    _rule,
    links={
        "group_id": ("group", Group),
        "door_id": ("door", Door),
        "zone_id": ("zone", Zone),
        "schedule_id": ("schedule", Schedule),
    },
    check=_one_place,
)
