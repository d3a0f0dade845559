"""Adds the name of a person to an event, for an endpoint that includes names.

It is read right before an attempt and kept nowhere: nothing that is sent after a removal, not even
a replay, has the name of the removed person.
"""

import json
from typing import Any

from sqlalchemy.orm import Session

from app.webhooks import repository


def with_name(session: Session, position: int, body: str) -> str:
    """The body of the event at ``position`` with the present name of its person, if there is one.

    Somebody who was enrolled later under the same id is another person, and not named. No clock
    says so, for one may be set back: the audit has no removal of that id from the event's row on.
    """
    event: dict[str, Any] = json.loads(body)
    data = event["data"]
    holder = data.get("person") if "person" in data else data
    person = None if holder is None else holder.get("id", holder.get("person_id"))
    if person is None:
        return body
    name = repository.name_of(session, position, person, audit_seq=data["audit_seq"])
    if name is None:
        return body
    holder["name"] = name
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))
