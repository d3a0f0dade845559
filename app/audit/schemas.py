"""The form in which the API shows the audit."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from app.trail import bodies
from app.trail.models import Row


class ActorView(BaseModel):
    """By whom it was done; all null where a command or a job did it."""

    key_id: str | None = Field(description="Id of the key; `operator`: that of `KITH_ADMIN_KEY`.")
    client: str | None = Field(description="Address of the client, as the log has it.")
    request_id: str | None = Field(description="Id of the request, as the log has it.")


class ObjectView(BaseModel):
    """To what it was done."""

    kind: str = Field(description="Such as `person`, `door` or `key`.")
    id: str = Field(description="Its id.")


class AuditRowView(BaseModel):
    """One thing that happened. `hash` is the SHA-256 of all the rest as canonical JSON
    (RFC 8785).
    """

    chain: str = Field(description="Id of the chain that the row is in.")
    seq: int = Field(ge=1, description="Place in the chain, from 1.")
    prev: str = Field(description="`hash` of the row before; zeros for the first.")
    at: datetime = Field(description="When it happened.")
    action: str = Field(description="What happened, such as `person.updated`.")
    object: ObjectView = Field(description="What it was done to.")
    collection: str | None = Field(description="Id of the collection; null for keys and the like.")
    actor: ActorView = Field(description="By whom it was done.")
    details: dict[str, Any] = Field(
        description="More of it: ids, numbers and names of fields; never an image or a name."
    )
    hash: str = Field(description="SHA-256 of the row, in hex.")


def row_view(row: Row) -> AuditRowView:
    """A row as the API shows it: its body and its hash. Of one that Kith did not write so, what its
    columns say, and under ``details.unreadable`` what is wrong with it.
    """
    try:
        return AuditRowView.model_validate(bodies.read(row.body) | {"hash": row.hash})
    except ValueError as error:
        return AuditRowView(
            chain="",
            seq=row.seq,
            prev="",
            at=row.at,
            action=row.action,
            object=ObjectView(kind="", id=row.object_id),
            collection=None,
            actor=ActorView(key_id=None, client=None, request_id=None),
            details={"unreadable": str(error)},
            hash=row.hash,
        )
