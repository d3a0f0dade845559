"""Binds keys to collections and doors by their internal keys, not by the ids that they have."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, TableClause, column, select, table
from sqlalchemy.orm import Session

from app.auth.models import ApiKey
from app.errors import FieldError, InvalidRequest

# Of other rooms' tables this room needs to know no more.
_COLLECTIONS = table("collections", column("key"), column("id", String))
_DOORS = table("doors", column("key"), column("id", String), column("collection_key"))


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of collections and of doors, by internal key."""

    collections: Mapping[int, str]
    doors: Mapping[int, str]


def ids_of_all(session: Session, rows: Sequence[ApiKey]) -> Ids:
    """The ids of all that these keys are bound to, as far as it is still there."""
    collections = {key for row in rows for key in _keys(row.collection_keys)}
    doors = {key for row in rows for key in _keys(row.door_keys)}
    return Ids(ids_of(session, collections), _ids(session, _DOORS, doors))


def _keys(stored: Any) -> list[int]:  # noqa: ANN401 - what Kith wrote, or somebody else
    """Those that are keys: what is none is for whatever shows the row to fail on."""
    return [key for key in stored if isinstance(key, int)] if isinstance(stored, list) else []


def ids_of(session: Session, keys: Iterable[int]) -> dict[int, str]:
    """By internal key, the ids of those collections that are still there."""
    return _ids(session, _COLLECTIONS, set(keys))


def all_ids(session: Session) -> dict[int, str]:
    """By internal key, the ids of all collections."""
    return {row[0]: row[1] for row in session.execute(select(*_COLLECTIONS.c))}


def keys_of(session: Session, ids: Sequence[str]) -> list[int]:
    """The internal keys of the collections with these ids; ``InvalidRequest`` names the missing."""
    return _each(_keys_by_id(session, ids), ids, "collections", "collection")


def keys_of_doors(
    session: Session, collection_keys: Sequence[int] | None, ids: Sequence[str]
) -> list[int]:
    """The internal keys of the doors with these ids in a collection; ``InvalidRequest`` names the
    missing.
    """
    query = select(_DOORS.c.id, _DOORS.c.key).where(
        _DOORS.c.id.in_(set(ids)), _DOORS.c.collection_key.in_(collection_keys or [])
    )
    found: dict[str, int] = {row[0]: row[1] for row in session.execute(query)}
    return _each(found, ids, "doors", "door")


def rebind(session: Session) -> None:
    """Bind the keys of a backup from before schema 0007, which knew collections by id alone."""
    by_id = select(ApiKey).where(ApiKey.collections.is_not(None), ApiKey.collection_keys.is_(None))
    for row in session.scalars(by_id):
        row.collection_keys = sorted(_keys_by_id(session, row.collections or []).values())


def _keys_by_id(session: Session, ids: Sequence[str]) -> dict[str, int]:
    query = select(_COLLECTIONS.c.id, _COLLECTIONS.c.key).where(_COLLECTIONS.c.id.in_(set(ids)))
    return {row[0]: row[1] for row in session.execute(query)}


def _each(found: Mapping[str, int], ids: Sequence[str], field: str, noun: str) -> list[int]:
    missing = [
        FieldError(f"{field}[{place}]", f"there is no {noun} {each!r}")
        for place, each in enumerate(ids)
        if each not in found
    ]
    if missing:
        raise InvalidRequest(f"{missing[0].field}: {missing[0].message}.", errors=missing)
    return [found[each] for each in dict.fromkeys(ids)]


def _ids(session: Session, of: TableClause, keys: set[int]) -> dict[int, str]:
    if not keys:  # as for every unbound key, at every request
        return {}
    query = select(of.c.key, of.c.id).where(of.c.key.in_(keys))
    return {row[0]: row[1] for row in session.execute(query)}
