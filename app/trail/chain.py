"""The form of a row and its hash. Pure: no SQL, no clock.

A row's body is canonical JSON (RFC 8785), so that everybody who has the values has the bytes. It
names its chain, its place in it (``seq``, from 1) and the hash of the row before (``prev``). The
hash of a row is the SHA-256 of its body. So a row that was changed has another hash than it had,
and one that was removed, put in or moved does not fit to its neighbours.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import rfc8785

from app.core.acting import Actor

NO_HASH: Final = "0" * 64
"""The ``prev`` of a chain's first row."""


@dataclass(frozen=True, slots=True)
class Deed:
    """An ``action`` such as ``person.updated``, at ``at``, by ``actor``, on the object of this kind
    and id, in the collection of this id, if any.

    ``details`` are JSON values: ids, numbers, names of fields. Never an image, an embedding, the
    value of a credential or a person's name.
    """

    at: datetime
    actor: Actor
    collection: str | None
    action: str
    kind: str
    id: str
    details: Mapping[str, Any]


def body_of(deed: Deed, *, chain: str, seq: int, prev: str) -> str:
    """The canonical JSON of a row."""
    actor = deed.actor
    body: bytes = rfc8785.dumps(
        {
            "chain": chain,
            "seq": seq,
            "prev": prev,
            "at": written(deed.at),
            "action": deed.action,
            "object": {"kind": deed.kind, "id": deed.id},
            "collection": deed.collection,
            "actor": {
                "key_id": actor.key_id,
                "client": actor.client,
                "request_id": actor.request_id,
            },
            "details": dict(deed.details),
        }
    )
    return body.decode()


def hash_of(body: str) -> str:
    """The SHA-256 of a row's body, in hex."""
    return hashlib.sha256(body.encode()).hexdigest()


def written(instant: datetime) -> str:
    """An instant as rows and events have it: UTC, to the microsecond."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
