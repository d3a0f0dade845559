"""The SQL by which a key is found, and a row of it as the caller behind the key."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Row, bindparam, select

from app.auth.models import ApiKey
from app.auth.principal import Principal, Scope, Unknown

KEYS: Final = select(
    ApiKey.sha256,
    ApiKey.id,
    ApiKey.scopes,
    ApiKey.collections,
    ApiKey.collection_keys,
    ApiKey.door_keys,
    ApiKey.expires_at,
    ApiKey.rate,
    ApiKey.unknown,
    ApiKey.cursor_secret,
)
BY_HASH: Final = KEYS.where(ApiKey.sha256 == bindparam("sha256"))


def principal_of(
    row: Row[
        str,
        str,
        list[str],
        list[str] | None,
        list[int] | None,
        list[int] | None,
        datetime | None,
        int | None,
        str | None,
        str | None,
    ],
    collections: Mapping[int, str],
) -> Principal:
    """The caller behind a key; ``collections`` are the ids of those that are there."""
    bound = collections_of(row, collections)
    return Principal(
        row.id,
        frozenset(Scope(scope) for scope in row.scopes),
        None if bound is None else frozenset(bound),
        expires_at=row.expires_at,
        rate=row.rate,
        unknown=cast("Unknown | None", row.unknown),
        cursor_secret=row.cursor_secret or "",
        collection_keys=None if bound is None else frozenset(row.collection_keys or []),
        door_keys=None if row.door_keys is None else frozenset(row.door_keys),
    )


def collections_of(row: Any, ids: Mapping[int, str]) -> list[str] | None:  # noqa: ANN401 - a row or a model
    """The ids of a key's collections that are still there; None for an unbound key."""
    if row.collections is None:
        return None
    return _there(row.collection_keys, ids)


def doors_of(row: ApiKey, ids: Mapping[int, str]) -> list[str] | None:
    """The ids of a key's doors that are still there; None for a key without the scope ``door``."""
    return None if row.door_keys is None else _there(row.door_keys, ids)


def _there(keys: Sequence[int] | None, ids: Mapping[int, str]) -> list[str]:
    return [ids[key] for key in keys or [] if key in ids]
