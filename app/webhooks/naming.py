"""Adds the name of a person to an event, for an endpoint that includes names.

It is read right before an attempt and kept nowhere: nothing that is sent after a removal, a replay
neither, has the name of who was removed.
"""

import json
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.webhooks import repository


def with_name(session: Session, body: str) -> str:
    """The body of an event with the name that its person has by now, if there is one.

    Somebody who was enrolled later under the same id is another person, and not named.
    """
    event: dict[str, Any] = json.loads(body)
    data = event["data"]
    holder = data.get("person") if "person" in data else data
    person = None if holder is None else holder.get("id", holder.get("person_id"))
    if person is None:
        return body
    since = datetime.fromisoformat(event["time"])
    name = repository.name_of(session, data["collection_id"], person, enrolled_by=since)
    if name is None:
        return body
    holder["name"] = name
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))
