"""The audit as plain values, for files that are handed on."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.trail import bodies, repository


def utc(instant: datetime | None) -> datetime | None:
    """A time without a zone, as a command takes it, in UTC."""
    return None if instant is None else instant.replace(tzinfo=UTC)


def everything(
    session: Session, collection: str | None, start: datetime | None, end: datetime | None
) -> Iterator[dict[str, Any]]:
    """Each row: its body and its hash. A row that Kith did not write in this form is given as it is
    stored, with ``unreadable``: its fault.
    """
    for row in repository.walk(session, *repository.matching(collection, start, end)):
        try:
            yield bodies.read(row.body) | {"hash": row.hash}
        except ValueError as error:
            yield {"unreadable": str(error), "seq": row.seq, "body": row.body, "hash": row.hash}


def ai_act_12(
    session: Session, collection: str | None, start: datetime | None, end: datetime | None
) -> Iterator[dict[str, Any]]:
    """Each decision at a door with what Article 12(3) of the EU AI Act (Regulation (EU) 2024/1689)
    asks to be logged of remote biometric identification: the time of the use, the reference
    database, the input that led to a match, and who verified the result.

    ``input`` is the SHA-256 of each frame's file, and of its sealed form where that is kept (``kith
    audit evidence export`` gives the files); null where nothing is. ``verified_by`` is always null:
    Kith does not know who verified. Rows that are ``unreadable`` are there as well.
    """
    for row in everything(session, collection, start, end):
        if "unreadable" in row:
            yield row
        elif row["action"] == "door.decision":
            yield _article_12(row)


def _article_12(row: Mapping[str, Any]) -> dict[str, Any]:
    details: Mapping[str, Any] = row["details"]
    frames, match = details.get("frames") or {}, details.get("match") or {}
    return {
        "start": frames.get("first_at") or row["at"],
        "end": row["at"],
        "reference_database": {
            "collection": row["collection"],
            "contract": match.get("contract_id"),
            "revision": match.get("revision"),
            "gallery_size": match.get("gallery_size"),
        },
        "input": details.get("probe"),
        "match": details.get("person"),
        "verified_by": None,
        "door": row["object"]["id"],
        "decision": details.get("decision"),
        "reason": details.get("reason"),
        "seq": row["seq"],
        "hash": row["hash"],
    }
