"""The rows of doors and of the rules for them as the pure policy, read again when they changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from threading import Lock
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.access import models
from app.access.fields import DAY_NAMES
from app.access.policy.blocks import BlockAfter
from app.access.policy.schedules import Hours, Schedule, SpecialDays, WeeklyHours
from app.access.policy.values import Door, Mode, Policy, Rule, Zone
from app.core.db import Base
from app.replication.history import Position

_MOST_CACHED: Final = 1000
"""Collections whose policy is kept; of one with 200 rules it is about 100 kB."""


class Version(NamedTuple):
    """The ``revision`` of a collection's policy, in the ``epoch`` of the collection's history: a
    database that was restored may count the same revisions again.
    """

    epoch: str
    revision: int


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """The settings of a door that are about frames and events; times in milliseconds, sizes in
    pixels.
    """

    key: int
    min_used: int
    agree: float
    max_age: timedelta
    min_span: timedelta
    min_face_size: int
    refuses_second_face: bool
    direction: str
    unknown_after: timedelta
    block_after: BlockAfter
    reveals: tuple[str, ...] = ()
    """Types of credentials whose values the answer of a grant has."""


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """A collection's policy at one version, and the settings of its doors by id."""

    version: Version
    policy: Policy
    settings: Mapping[str, DoorSettings]


POSITIONS: Final = Base.metadata.tables[Position.__tablename__]
REVISIONS: Final = Base.metadata.tables[models.PolicyRevision.__tablename__]
_VERSION: Final = (
    select(POSITIONS.c.epoch, REVISIONS.c.revision)
    .outerjoin(REVISIONS, REVISIONS.c.collection_key == POSITIONS.c.collection_key)
    .where(POSITIONS.c.collection_key == bindparam("collection"))
)
"""Tables and not models, as in all that each decision asks: that costs half the time."""


def version(session: Session, collection_key: int) -> Version | None:
    """The version of the collection's policy now; None where the collection is no more."""
    row = session.execute(_VERSION, {"collection": collection_key}).first()
    return None if row is None else Version(row[0], row[1] or 0)


class Policies:
    """Keeps the policy of each collection as it was last read. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._loaded: dict[int, LoadedPolicy] = {}

    def known(self, collection_key: int, wanted: Version) -> LoadedPolicy | None:
        """The policy at this version, if it is the one that was read last."""
        with self._lock:
            found = self._loaded.get(collection_key)
        return found if found is not None and found.version == wanted else None

    def at(self, session: Session, collection_key: int, wanted: Version) -> LoadedPolicy:
        """The policy at the version that the session's snapshot has."""
        found = self.known(collection_key, wanted)
        if found is not None:
            return found
        found = load(session, collection_key, wanted)
        with self._lock:
            if len(self._loaded) >= _MOST_CACHED:  # of collections deleted elsewhere too
                self._loaded.clear()
            self._loaded[collection_key] = found
        return found


def load(session: Session, collection_key: int, at: Version) -> LoadedPolicy:
    """Read the policy, in a session that sees one snapshot. Raises whatever a broken row causes:
    a rule that cannot be read denies.
    """
    doors = _rows(session, collection_key, models.Door)
    zones = _rows(session, collection_key, models.Zone)
    schedules = _rows(session, collection_key, models.Schedule)
    policy = Policy(
        at.revision,
        {row.id: _door(row) for row in doors},
        {row.id: Zone(row.id, row.locked_down) for row in zones},
        {row.id: schedule_of(row) for row in schedules},
        tuple(_rule(row) for row in _rows(session, collection_key, models.Rule)),
    )
    return LoadedPolicy(at, policy, {row.id: _settings(row) for row in doors})


def _rows(session: Session, collection_key: int, model: type[Any]) -> list[Any]:
    query = select(model).where(model.collection_key == collection_key).order_by(model.key)
    return list(session.scalars(query))


def _door(row: models.Door) -> Door:
    return Door(
        row.id,
        zone=row.zone.id if row.zone else None,
        mode=Mode(row.mode),
        enabled=row.enabled,
        locked_down=row.locked_down,
        grant_ttl=_ms(row.grant_ttl_ms),
        cooldown=_ms(row.cooldown_ms),
        exclusive=_ms(row.exclusive_ms),
    )


def _rule(row: models.Rule) -> Rule:
    return Rule(
        row.id,
        row.group.id,
        row.schedule.id,
        door=row.door.id if row.door else None,
        zone=row.zone.id if row.zone else None,
    )


def schedule_of(row: models.Schedule) -> Schedule:
    """The stored schedule as the policy reads it."""
    return Schedule(
        row.id,
        row.time_zone,
        tuple(
            WeeklyHours(frozenset(map(DAY_NAMES.index, each["days"])), _hours(each))
            for each in row.week
        ),
        tuple(
            SpecialDays(
                date.fromisoformat(each["first"]),
                date.fromisoformat(each["last"] or each["first"]),
                tuple(map(_hours, each["hours"])),
            )
            for each in row.special_days
        ),
    )


def _settings(row: models.Door) -> DoorSettings:
    frames, block = row.wanted_frames, row.block_after
    return DoorSettings(
        row.key,
        frames["min_used"],
        frames["agree"],
        _ms(frames["max_age_ms"]),
        _ms(frames["min_span_ms"]),
        frames["min_face_size"],
        row.second_face == "refuse",
        row.direction,
        _ms(row.unknown_after_ms),
        BlockAfter(
            block["spoofs"],
            timedelta(seconds=block["window_s"]),
            timedelta(seconds=block["block_s"]),
            timedelta(seconds=block["max_block_s"]),
        ),
        tuple(row.reveal),
    )


def _hours(stored: Mapping[str, Any]) -> Hours:
    return Hours(_minute(stored["start"]), _minute(stored["end"]))


def _minute(clock: str) -> int:
    """``08:00`` as a minute of the day."""
    hours, minutes = clock.split(":")
    return 60 * int(hours) + int(minutes)


def _ms(count: int) -> timedelta:
    return timedelta(milliseconds=count)
