"""The memory of doors, which lasts for a moment: the SQL of grants, suspected spoofs and visits.

A decision holds the person's row, so two about one person go one after the other, on every
replica: the second finds what the first kept. Where there is no person, the door's row is held.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    bindparam,
    delete,
    insert,
    null,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from app.access.models import Door
from app.access.policy.blocks import blocked_until
from app.access.policy.values import Grant, History
from app.access.policy_repository import DoorSettings
from app.core.db import Base, Database
from app.doors.models import DoorGrant, DoorSpoof, DoorVisit
from app.reasons import DoorReason

_GRANTS_TABLE: Final = Base.metadata.tables[DoorGrant.__tablename__]
_VISITS_TABLE: Final = Base.metadata.tables[DoorVisit.__tablename__]
_GRANTS: Final = select(
    _GRANTS_TABLE.c.door_key,
    _GRANTS_TABLE.c.granted_at,
    _GRANTS_TABLE.c.valid_until,
    _GRANTS_TABLE.c.event_id,
).where(_GRANTS_TABLE.c.person_key == bindparam("person"))
_SPOOFS_TABLE: Final = Base.metadata.tables[DoorSpoof.__tablename__]
_SPOOFS: Final = select(
    _SPOOFS_TABLE.c.door_key, _SPOOFS_TABLE.c.seen_at, _SPOOFS_TABLE.c.seen_at, null()
).where(
    _SPOOFS_TABLE.c.door_key == bindparam("door"),
    _SPOOFS_TABLE.c.seen_at.between(bindparam("since"), bindparam("latest")),
)
_PAST: Final = union_all(_GRANTS, _SPOOFS)
"""The grants of a person, and the spoofs at a door, which have no event."""
_REMEMBER: Final = (
    update(_GRANTS_TABLE)
    .where(
        _GRANTS_TABLE.c.person_key == bindparam("of_person"),
        _GRANTS_TABLE.c.door_key == bindparam("at_door"),
    )
    .values(
        granted_at=bindparam("granted_at"),
        valid_until=bindparam("valid_until"),
        event_id=bindparam("event_id"),
    )
)
_HELD_DOOR: Final = (
    select(Door.key).where(Door.key == bindparam("door")).with_for_update(key_share=True)
)
_VISIT: Final = select(
    _VISITS_TABLE.c.key,
    _VISITS_TABLE.c.began_at,
    _VISITS_TABLE.c.seen_at,
    _VISITS_TABLE.c.event_id,
).where(_VISITS_TABLE.c.door_key == bindparam("door"), _VISITS_TABLE.c.reason == bindparam("why"))
_VISIT_OF_NOBODY: Final = _VISIT.where(_VISITS_TABLE.c.person_key.is_(None))
_VISIT_OF_PERSON: Final = _VISIT.where(_VISITS_TABLE.c.person_key == bindparam("person"))
SKEW: Final = timedelta(seconds=2)
"""How far the clocks of replicas may differ."""
GRANTS_KEPT: Final = timedelta(hours=1, minutes=5)
"""The longest ``cooldown_ms`` or ``exclusive_ms``, and some more."""
SPOOFS_KEPT: Final = timedelta(days=2)
"""The longest block, and what it follows from."""
VISIT_ENDS: Final = timedelta(seconds=30)
"""Without the same denial for so long, or for as long as ``unknown_after_ms``, a visit is over."""
VISITS_KEPT: Final = timedelta(hours=2)
"""More than the longest ``unknown_after_ms``."""


def history_of(
    session: Session, door_key: int, settings: DoorSettings, person_key: int | None, at: datetime
) -> History:
    """The grants of the person, if there is one, and until when the door is blocked. A spoof of the
    future, as after a clock was set back, blocks nothing.
    """
    spoofs_of = {"since": at - SPOOFS_KEPT, "latest": at + SKEW}
    wanted = {"person": person_key, "door": door_key, **spoofs_of}
    rows = session.execute(_PAST, wanted).all()
    grants = [row for row in rows if row[3] is not None]
    spoofs = [row[1] for row in rows if row[3] is None]
    here = next((Grant(*row[1:]) for row in grants if row[0] == door_key), None)
    elsewhere = max((row[1] for row in grants if row[0] != door_key), default=None)
    return History(here, elsewhere, blocked_until(spoofs, settings.block_after))


def remember_grant(session: Session, person_key: int, door_key: int, grant: Grant) -> None:
    """Keep a new grant, in place of an earlier one of the person at the door."""
    values = {
        "granted_at": grant.at,
        "valid_until": grant.valid_until,
        "event_id": grant.event_id,
    }
    found = session.connection().execute(
        _REMEMBER, {"of_person": person_key, "at_door": door_key, **values}
    )
    if not found.rowcount:
        session.connection().execute(
            insert(_GRANTS_TABLE), {"person_key": person_key, "door_key": door_key, **values}
        )


def remember_spoof(session: Session, door_key: int, at: datetime) -> None:
    """Count a suspected spoof towards a block of the door."""
    session.add(DoorSpoof(door_key=door_key, seen_at=at))


@dataclass(frozen=True, slots=True)
class Denial:
    """A denial: to the person with this internal key, or to nobody known. Its event is
    made once it was denied for ``after``.
    """

    door_key: int
    reason: DoorReason
    person_key: int | None
    after: timedelta


@dataclass(frozen=True, slots=True)
class Visit:
    """The event of a visit: None as long as it is not made; ``is_new`` where it is made now."""

    event_id: str | None
    is_new: bool


def denied(session: Session, denial: Denial, at: datetime, event_id: str) -> Visit:
    """Count a denial to the visit at the door, which has one event for it, ``event_id``."""
    if denial.person_key is None:
        session.execute(_HELD_DOOR, {"door": denial.door_key})
    wanted = {"door": denial.door_key, "why": denial.reason.value, "person": denial.person_key}
    query = _VISIT_OF_NOBODY if denial.person_key is None else _VISIT_OF_PERSON
    before = session.execute(query, wanted).first()
    gap = max(VISIT_ENDS, denial.after)
    goes_on = before is not None and timedelta(0) <= at - before.seen_at < gap
    began = before.began_at if before is not None and goes_on else at
    known = before.event_id if before is not None and goes_on else None
    is_new = known is None and at - began >= denial.after
    event = event_id if is_new else known
    values = {"began_at": began, "seen_at": at, "event_id": event}
    if before is None or not _go_on(session, before.key, values):
        who = {
            "door_key": denial.door_key,
            "reason": denial.reason.value,
            "person_key": denial.person_key,
        }
        session.execute(insert(_VISITS_TABLE), {**who, **values})
    return Visit(event, is_new)


def _go_on(session: Session, visit: int, values: Mapping[str, Any]) -> bool:
    """Write down how a visit went on; False where its row was deleted since it was read: it was
    old.
    """
    mine = update(_VISITS_TABLE).where(_VISITS_TABLE.c.key == visit).values(values)
    return session.execute(mine.returning(_VISITS_TABLE.c.key)).first() is not None


def forget(database: Database, now: datetime) -> None:
    """Delete old grants, spoofs and visits, for which no decision asks any more. What a transaction
    holds is left to the next run: a decision that holds it may wait for a removal, and the removal
    for this.
    """
    for table, column, kept in (
        (_GRANTS_TABLE, _GRANTS_TABLE.c.granted_at, GRANTS_KEPT),
        (_SPOOFS_TABLE, _SPOOFS_TABLE.c.seen_at, SPOOFS_KEPT),
        (_VISITS_TABLE, _VISITS_TABLE.c.seen_at, VISITS_KEPT),
    ):
        identity = table.primary_key.columns
        old = select(*identity).where(column < now - kept).with_for_update(skip_locked=True)
        with database.write() as session:
            session.execute(delete(table).where(tuple_(*identity).in_(old)))
