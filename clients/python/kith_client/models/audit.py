"""Audit. Written by ``make client`` from the service's OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kith_client.model import Model


class ActorView(Model):
    """By whom it was done; all null where a command or a job did it.

    key_id: Id of the key; `operator`: that of `KITH_ADMIN_KEY`.
    client: Address of the client, as the log has it.
    request_id: Id of the request, as the log has it.
    """

    key_id: str | None
    client: str | None
    request_id: str | None


class AuditRowView(Model):
    """One thing that happened. `hash` is the SHA-256 of all the rest as canonical JSON (RFC
    8785).

    chain: Id of the chain that the row is in.
    seq: Place in the chain, from 1.
    prev: `hash` of the row before; zeros for the first.
    at: When it happened.
    action: What happened, such as `person.updated`.
    object: What it was done to.
    collection: Id of the collection; null for keys and the like.
    actor: By whom it was done.
    details: More of it: ids, numbers and names of fields; never an image or a name.
    hash: SHA-256 of the row, in hex.
    """

    chain: str
    seq: int
    prev: str
    at: datetime
    action: str
    object: ObjectView
    collection: str | None
    actor: ActorView
    details: dict[str, Any]
    hash: str


class ObjectView(Model):
    """To what it was done.

    kind: Such as `person`, `door` or `key`.
    id: Its id.
    """

    kind: str
    id: str
