"""Keys. Written by ``make client`` from the service's OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal, TypeAlias

from kith_client.model import Model


class KeyView(Model):
    """A key without its secret. ``collections`` are those of its collections that are still
    there; ``last_used_at`` is at most a minute late, and null where the key was never used.

    id: Id of the key, which is no secret.
    name: Its name for people; null: none.
    scopes: What the key may do.
    collections: Collections that the key is for, as far as they still exist; null: all.
    doors: Doors that the key is for, as far as they still exist; null: it has not the scope
        `door`.
    expires_at: The key is refused from then on, UTC; null: it does not expire.
    last_used_at: Time of the last use, UTC, up to a minute late; null: never used.
    rate: Requests a minute, of each replica; null: any number.
    unknown: What the CompreFace-compatible API answers for a face of nobody; null: by the
        scopes.
    created_at: Time of creation, UTC.
    """

    id: str
    name: str | None
    scopes: list[Scope]
    collections: list[str] | None
    doors: list[str] | None
    expires_at: datetime | None
    last_used_at: datetime | None
    rate: int | None
    unknown: Literal["nearest", "empty"] | str | None
    created_at: datetime


class NewKeyView(Model):
    """A key just made, with its secret, which is shown this once.

    id: Id of the key, which is no secret.
    name: Its name for people; null: none.
    scopes: What the key may do.
    collections: Collections that the key is for, as far as they still exist; null: all.
    doors: Doors that the key is for, as far as they still exist; null: it has not the scope
        `door`.
    expires_at: The key is refused from then on, UTC; null: it does not expire.
    last_used_at: Time of the last use, UTC, up to a minute late; null: never used.
    rate: Requests a minute, of each replica; null: any number.
    unknown: What the CompreFace-compatible API answers for a face of nobody; null: by the
        scopes.
    created_at: Time of creation, UTC.
    key: The secret; shown this once.
    """

    _secret: ClassVar[frozenset[str]] = frozenset(["key"])
    id: str
    name: str | None
    scopes: list[Scope]
    collections: list[str] | None
    doors: list[str] | None
    expires_at: datetime | None
    last_used_at: datetime | None
    rate: int | None
    unknown: Literal["nearest", "empty"] | str | None
    created_at: datetime
    key: str


class RepeatedKeyView(Model):
    """The same, repeated under its ``Idempotency-Key``: the secret itself is stored nowhere.
    Revoke the key and make another if the first answer was lost.

    id: Id of the key, which is no secret.
    name: Its name for people; null: none.
    scopes: What the key may do.
    collections: Collections that the key is for, as far as they still exist; null: all.
    doors: Doors that the key is for, as far as they still exist; null: it has not the scope
        `door`.
    expires_at: The key is refused from then on, UTC; null: it does not expire.
    last_used_at: Time of the last use, UTC, up to a minute late; null: never used.
    rate: Requests a minute, of each replica; null: any number.
    unknown: What the CompreFace-compatible API answers for a face of nobody; null: by the
        scopes.
    created_at: Time of creation, UTC.
    key: Always null: the secret was in the first answer alone.
    """

    id: str
    name: str | None
    scopes: list[Scope]
    collections: list[str] | None
    doors: list[str] | None
    expires_at: datetime | None
    last_used_at: datetime | None
    rate: int | None
    unknown: Literal["nearest", "empty"] | str | None
    created_at: datetime
    key: None


Scope: TypeAlias = Literal["admin", "enroll", "identify", "read", "door"] | str
