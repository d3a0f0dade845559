"""Binds keys to collections by their internal keys, not by the ids that they have."""

from collections.abc import Iterable, Sequence

from sqlalchemy import String, column, select, table
from sqlalchemy.orm import Session

from app.auth.models import ApiKey
from app.errors import FieldError, InvalidRequest

# Of the gallery's table this room needs to know no more.
_COLLECTIONS = table("collections", column("key"), column("id", String))


def ids_of(session: Session, keys: Iterable[int]) -> dict[int, str]:
    """By internal key, the ids of those collections that are still there."""
    wanted = set(keys)
    if not wanted:  # as for every unbound key, at every request
        return {}
    query = select(_COLLECTIONS.c.key, _COLLECTIONS.c.id).where(_COLLECTIONS.c.key.in_(wanted))
    return {row[0]: row[1] for row in session.execute(query)}


def all_ids(session: Session) -> dict[int, str]:
    """By internal key, the ids of all collections."""
    return {row[0]: row[1] for row in session.execute(select(*_COLLECTIONS.c))}


def keys_of(session: Session, ids: Sequence[str]) -> list[int]:
    """The internal keys of the collections with these ids; ``InvalidRequest`` names the missing."""
    found = _keys_by_id(session, ids)
    missing = [
        FieldError(f"collections[{place}]", f"there is no collection {each!r}")
        for place, each in enumerate(ids)
        if each not in found
    ]
    if missing:
        raise InvalidRequest(f"{missing[0].field}: {missing[0].message}.", errors=missing)
    return [found[each] for each in dict.fromkeys(ids)]


def rebind(session: Session) -> None:
    """Bind the keys of a backup from before schema 0007, which knew collections by id alone."""
    by_id = select(ApiKey).where(ApiKey.collections.is_not(None), ApiKey.collection_keys.is_(None))
    for row in session.scalars(by_id):
        row.collection_keys = sorted(_keys_by_id(session, row.collections or []).values())


def _keys_by_id(session: Session, ids: Sequence[str]) -> dict[str, int]:
    query = select(_COLLECTIONS.c.id, _COLLECTIONS.c.key).where(_COLLECTIONS.c.id.in_(set(ids)))
    return {row[0]: row[1] for row in session.execute(query)}
