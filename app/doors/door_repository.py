"""Which door an address means: of those that the caller's key reaches, the one with this id."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.access.models import Door
from app.access.policy.values import Mode
from app.access.policy_repository import LoadedPolicy, Policies, version
from app.auth.principal import Principal
from app.errors import Conflict, NotFound
from app.gallery.models import Collection

_DOORS = (
    select(Door.key, Door.mode, Door.collection_key, Collection.id)
    .join(Collection, Collection.key == Door.collection_key)
    .where(Door.id == bindparam("door"))
)


@dataclass(frozen=True, slots=True)
class FoundDoor:
    """A door by its internal ``key`` and its ``id``, its mode then, and its collection."""

    key: int
    id: str
    mode: Mode
    collection_key: int
    collection_id: str


def find_door(session: Session, caller: Principal, door_id: str) -> FoundDoor:
    """The caller's door of this id; ``NotFound`` where there is none, ``Conflict`` where there are
    several. A key that is bound to doors means one of its own, whatever others there are.
    """
    found = [
        FoundDoor(key, door_id, _mode(mode), collection_key, collection_id)
        for key, mode, collection_key, collection_id in session.execute(_DOORS, {"door": door_id})
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
        settings = loaded.settings.get(door.id)
        if settings is not None and settings.key == door.key:
            return loaded
    raise NotFound(f"The door {door.id!r} was deleted while this request ran.")


def _mode(stored: str) -> Mode:
    """The door's mode; one that cannot be read is met again with the policy, which denies."""
    return Mode(stored) if stored in set(Mode) else Mode.DECIDE


def _is_reached(caller: Principal, key: int, collection_key: int) -> bool:
    if caller.door_keys is not None:
        return key in caller.door_keys
    return caller.collection_keys is None or collection_key in caller.collection_keys
