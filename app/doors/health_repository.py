"""The SQL of the health of doors, within the session of the caller.

Who changes a state holds the door's row until the commit, as a decision and a deletion do, so that
none waits for another that waits for it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Row, and_, bindparam, exists, or_, select, update
from sqlalchemy.orm import Session

from app.access.models import Door, DoorHealth
from app.core.db import Base
from app.gallery.models import Collection

_TABLE: Final = Base.metadata.tables[DoorHealth.__tablename__]
_HELD_DOOR: Final = (
    select(Door.key).where(Door.key == bindparam("door")).with_for_update(key_share=True)
)


def still(session: Session, door_key: int, state: str, detail: str | None, now: datetime) -> bool:
    """Note that the door is in the same state as before; False where it is in another."""
    same = _TABLE.c.door_key == door_key, _TABLE.c.state == state
    noted = update(_TABLE).where(*same).values(reported_at=now, detail=detail)
    return session.execute(noted.returning(_TABLE.c.door_key)).first() is not None


def hold(session: Session, door_key: int) -> DoorHealth | None:
    """The health of a door, which is held until the transaction ends; an empty one where its client
    never reported, None where there is no such door any more.
    """
    if session.scalar(_HELD_DOOR, {"door": door_key}) is None:
        return None
    found = session.get(DoorHealth, door_key, populate_existing=True)
    return found or DoorHealth(door_key=door_key)


def waiting(
    session: Session, *, quiet: datetime, published: datetime
) -> Sequence[Row[int, str, int, str]]:
    """Key and id of the doors that last reported before ``quiet`` and are not known to be silent,
    or whose state has no event while the last one is of ``published`` or before; with those of
    their collections.
    """
    silent = and_(DoorHealth.reported_at < quiet, DoorHealth.state != "silent")
    late = and_(DoorHealth.published_at <= published, DoorHealth.published != DoorHealth.state)
    query = (
        select(Door.key, Door.id, Collection.key, Collection.id)
        .join(DoorHealth, DoorHealth.door_key == Door.key)
        .join(Collection, Collection.key == Door.collection_key)
        .where(or_(silent, late))
    )
    return session.execute(query).all()


def is_ahead(session: Session, now: datetime) -> bool:
    """Whether any report or event is of a time to come: the clock was set back."""
    columns = _TABLE.c.reported_at, _TABLE.c.published_at
    ahead = exists().where(or_(*(each > now for each in columns)))
    return bool(session.scalar(select(ahead)))


def set_back(session: Session, now: datetime) -> None:
    """Let what is of a time to come be of ``now``, at which it was there at the latest."""
    for column in (_TABLE.c.reported_at, _TABLE.c.published_at):
        session.execute(update(_TABLE).where(column > now).values({column: now}))
