"""The caller of a request, and what each scope allows. Pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from app.errors import Forbidden, Unauthenticated


class Scope(StrEnum):
    """A permission of a key; ``admin`` allows everything. docs/keys.md has the table of routes."""

    ADMIN = "admin"
    ENROLL = "enroll"
    IDENTIFY = "identify"
    READ = "read"
    DOOR = "door"


Unknown = Literal["nearest", "empty"]
"""The answer of the CompreFace-compatible API for a face of nobody: the nearest person, below a
similarity of 0.5, or an empty list.
"""


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller behind a key; ``collections`` are the ids, ``collection_keys`` the internal keys
    of those that it is bound to, ``door_keys`` those of doors; None means all of them.

    ``recalled``: the database does not answer, so the key may have been revoked since it was read.
    ``expires_at`` None means never, ``rate`` None any number of requests a minute, ``unknown`` None
    what ``shows_nearest`` says.
    ``cursor_secret`` seals what only this caller may use. ``presented`` is the key itself, as it
    was sent with this request; it is in no ``repr``, so in no log.
    """

    id: str
    scopes: frozenset[Scope]
    collections: frozenset[str] | None
    recalled: bool = False
    expires_at: datetime | None = None
    rate: int | None = None
    unknown: Unknown | None = None
    cursor_secret: str = ""
    collection_keys: frozenset[int] | None = None
    door_keys: frozenset[int] | None = None
    presented: str = field(default="", repr=False, compare=False)

    def require_valid(self, now: datetime) -> None:
        """``Unauthenticated`` from the moment on at which the key expires."""
        if self.expires_at is not None and self.expires_at <= now:
            raise Unauthenticated(
                f"This key expired at {self.expires_at:%Y-%m-%dT%H:%M:%SZ}; ask for another."
            )

    def bound_to(self, collection_key: int) -> "Principal":
        """The same caller, as if bound to this collection alone."""
        return replace(self, collection_keys=frozenset({collection_key}))

    @property
    def may_read(self) -> bool:
        """Whether the key may learn about people whom no answer identifies."""
        return bool(self.scopes & {Scope.READ, Scope.ADMIN})

    @property
    def shows_nearest(self) -> bool:
        """Whether the CompreFace-compatible API names the nearest person of a face of nobody."""
        return self.may_read if self.unknown is None else self.unknown == "nearest"

    def require(self, scopes: frozenset[Scope]) -> None:
        """``Forbidden`` unless one of ``scopes`` or admin is held."""
        if not self.scopes & {*scopes, Scope.ADMIN}:
            needed = " or ".join(sorted({*scopes, Scope.ADMIN}))
            raise Forbidden(f"This key may not do this; a key with the scope {needed} may.")

    def require_collection(self, collection_id: str) -> None:
        """``Forbidden`` where the key is bound to other collections."""
        if self.collections is not None and collection_id not in self.collections:
            raise Forbidden(f"This key is not for the collection {collection_id!r}.")

    def require_everywhere(self) -> None:
        """``Forbidden`` where the key is bound to collections at all."""
        if self.collections is not None:
            raise Forbidden("This key is bound to collections; an unbound one may do this.")


INSIDE = Principal("inside", frozenset({Scope.ADMIN}), None)
"""The caller within this process, without a key: commands and tests."""
