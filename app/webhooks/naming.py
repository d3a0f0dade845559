"""Adds the name of a person to an event, for an endpoint that includes names.

It is read right before an attempt and kept nowhere: nothing that is sent after a removal, not even
a replay, has the name of the removed person.
"""

import json
from typing import Any

from sqlalchemy.orm import Session

from app.core import documents
from app.webhooks import repository


def with_name(session: Session, position: int, body: str) -> str:
    """The body of the event at ``position`` with the present name of its person, if there is one.

    Somebody who was enrolled later under the same id is another person, and is not named. No clock
    decides that, for a clock may be set back: the person is the same where the audit has no removal
    of that id from the event's row on.
    """
    event, holder = _holder(body)
    person = holder.get("id", holder.get("person_id"))
    seq = event.get("data", {}).get("audit_seq")
    if not isinstance(person, str) or not isinstance(seq, int):
        return body
    name = repository.name_of(session, position, person, audit_seq=seq)
    if name is None:
        return body
    holder["name"] = name
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _holder(body: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """An event, and the part of it that a name is added to. Both are empty where a name has no
    place, as where somebody changed the event in the database.
    """
    try:
        event = documents.parsed(body.encode())
        data = event["data"]
        holder = data.get("person", data)
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}, {}
    return (event, holder) if isinstance(holder, dict) else ({}, {})
