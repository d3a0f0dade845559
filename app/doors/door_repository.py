"""Which door an address means: of those that the caller's key reaches, the one with this id."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.access.models import Door
from app.access.policy.values import Mode
from app.access.policy_repository import (
    POSITIONS,
    REVISIONS,
    LoadedPolicy,
    Policies,
    Version,
    version,
)
from app.auth.principal import Principal
from app.core.db import Base
from app.errors import Conflict, NotFound
from app.gallery.models import Collection

_COLLECTIONS: Final = Base.metadata.tables[Collection.__tablename__]
_TABLE: Final = Base.metadata.tables[Door.__tablename__]
_DOORS: Final = (
    select(
        _TABLE.c.key,
        _TABLE.c.mode,
        _TABLE.c.collection_key,
        _COLLECTIONS.c.id,
        _COLLECTIONS.c.min_face_size,
        POSITIONS.c.epoch,
        REVISIONS.c.revision,
    )
    .join(_COLLECTIONS, _COLLECTIONS.c.key == _TABLE.c.collection_key)
    .join(POSITIONS, POSITIONS.c.collection_key == _TABLE.c.collection_key)
    .outerjoin(REVISIONS, REVISIONS.c.collection_key == _TABLE.c.collection_key)
    .where(_TABLE.c.id == bindparam("door"))
)


@dataclass(frozen=True, slots=True)
class FoundDoor:
    """A door by its internal ``key`` and its ``id``; its mode, and the ``version`` of the policy,
    when it was found; and its collection, with the smallest face, in pixels, compared there.
    """

    key: int
    id: str
    mode: Mode
    collection_key: int
    collection_id: str
    min_face_size: int
    version: Version


def find_door(session: Session, caller: Principal, door_id: str) -> FoundDoor:
    """The caller's door of this id; ``NotFound`` where there is none, ``Conflict`` where there are
    several. A key that is bound to doors means one of its own, whatever others there are.
    """
    rows = session.execute(_DOORS, {"door": door_id})
    found = [
        FoundDoor(
            key,
            door_id,
            _mode(mode),
            collection_key,
            collection_id,
            min_face_size,
            Version(epoch, revision or 0),
        )
        for key, mode, collection_key, collection_id, min_face_size, epoch, revision in rows
        if _is_reached(caller, key, collection_key)
    ]
    if not found:
        raise NotFound(f"This key has no door {door_id!r}; the door may have been deleted.")
    if len(found) > 1:
        raise Conflict(
            f"{len(found)} collections have a door {door_id!r}; use a key that is bound to one of "
            "them."
        )
    return found[0]


def policy_now(session: Session, policies: Policies, door: FoundDoor) -> LoadedPolicy:
    """The policy of the door's collection in the session's snapshot; ``NotFound`` where the door is
    no more, or another has its id by now.
    """
    at = version(session, door.collection_key)
    if at is not None:
        loaded = policies.at(session, door.collection_key, at)
        if _has(loaded, door):
            return loaded
    raise NotFound(f"The door {door.id!r} was deleted while this request ran.")


def policy_found(policies: Policies, door: FoundDoor) -> LoadedPolicy | None:
    """The policy as it was when the door was found, if it is in memory."""
    loaded = policies.known(door.collection_key, door.version)
    return loaded if loaded is not None and _has(loaded, door) else None


def _has(loaded: LoadedPolicy, door: FoundDoor) -> bool:
    settings = loaded.settings.get(door.id)
    return settings is not None and settings.key == door.key


def _mode(stored: str) -> Mode:
    """The door's mode; one that cannot be read is met again with the policy, which denies."""
    return Mode(stored) if stored in set(Mode) else Mode.DECIDE


def _is_reached(caller: Principal, key: int, collection_key: int) -> bool:
    if caller.door_keys is not None:
        return key in caller.door_keys
    return caller.collection_keys is None or collection_key in caller.collection_keys
