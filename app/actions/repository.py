"""The SQL of actions, within the session of the caller."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.models import Door
from app.actions.models import DoorAction
from app.errors import NotFound
from app.gallery.models import Credential


def find(session: Session, door: Door, action_id: str) -> DoorAction | None:
    """The door's action of this id, if there is one."""
    here = DoorAction.door_key == door.key, DoorAction.id == action_id
    return session.scalar(select(DoorAction).where(*here))


def get(session: Session, door: Door, action_id: str) -> DoorAction:
    """The door's action of this id, or ``NotFound``."""
    found = find(session, door, action_id)
    if found is None:
        raise NotFound(f"There is no action {action_id!r} at the door {door.id!r}.")
    return found


def listed(session: Session, door: Door, *, after: int, limit: int) -> Sequence[DoorAction]:
    """The door's actions by age."""
    here = DoorAction.door_key == door.key, DoorAction.key > after
    return session.scalars(
        select(DoorAction).where(*here).order_by(DoorAction.key).limit(limit)
    ).all()


def count(session: Session, door: Door) -> int:
    """The number of the door's actions."""
    here = DoorAction.door_key == door.key
    return session.scalar(select(func.count()).select_from(DoorAction).where(here)) or 0


def of_door(session: Session, door_key: int) -> tuple[Door | None, Sequence[DoorAction]]:
    """The door and its actions; nothing where it has gone."""
    door = session.get(Door, door_key)
    return (door, listed(session, door, after=0, limit=1000)) if door else (None, ())


def credentials(session: Session, person_key: int) -> tuple[tuple[str, str, str], ...]:
    """The person's credentials as (system, type, value), in their order."""
    columns = Credential.system, Credential.type, Credential.value
    query = select(*columns).where(Credential.person_key == person_key)
    return tuple(
        (row[0], row[1], row[2]) for row in session.execute(query.order_by(Credential.position))
    )
