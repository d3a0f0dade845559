"""The messages of an event. Pure.

Each event is a record: sent at least once, and never kept by the broker. A decision also has a flat
twin for automations, which is of now or not at all: it is sent at most once, to those who listen at
that moment, and never after its time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from app.core import documents
from app.egress.mqtt_link import Message
from app.mqtt.forms import FlatTwin
from app.mqtt.names import Names

FRESH: Final = timedelta(seconds=10)
"""A decision that is no grant is news for this long; a grant is until its ``valid_until``."""
_AHEAD: Final = timedelta(seconds=2)
"""How far the clocks of replicas may differ, as at doors. A decision that is further ahead was made
before the clock was set back, at an unknown time: automations do not get it.
"""
_MOST_SECONDS: Final = 2**32 - 1
_CLOUD_EVENT: Final = "application/cloudevents+json"
_LATE: Final = (("late", "true"),)
UNREADABLE: Final = (ValueError, ArithmeticError, LookupError, TypeError, AttributeError)
"""Errors at a row that somebody changed in the database."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that the broker does not have yet: its position among all events, its ``body`` in
    JSON, and the ``fields`` of that body.
    """

    position: int
    body: str
    fields: Mapping[str, Any]

    @staticmethod
    def of(position: int, body: str) -> "Waiting":
        """The event of a body, which is parsed once; it has no fields where the body is no JSON."""
        try:
            return Waiting(position, body, documents.parsed(body.encode()))
        except (ValueError, AttributeError):
            return Waiting(position, body, {})


def record(event: Waiting, names: Names, now: datetime) -> Message:
    """The message of the event itself. The broker drops a grant when it ends; a grant that has
    ended is sent as a record, with the user property ``late``.
    """
    body, data = event.fields, event.fields["data"]
    topic = names.event(
        body["type"], collection=data.get("collection_id"), door=data.get("door_id")
    )
    until = _time(data.get("valid_until")) if body["type"] == "door.decision" else None
    left = None if until is None else _left(body, until, now)
    return Message(
        topic,
        event.body.encode(),
        _CLOUD_EVENT,
        expires=None if left is None else _seconds(left),
        properties=_LATE if until is not None and left is None else (),
    )


def flat_twin(event: Waiting, names: Names, now: datetime) -> Message | None:
    """The flat twin of a decision that is still news; None of any other event."""
    body = event.fields
    if body["type"] != "door.decision":
        return None
    data: Mapping[str, Any] = body["data"]
    until = _time(data["valid_until"]) or datetime.fromisoformat(body["time"]) + FRESH
    left = _left(body, until, now)
    if left is None:
        return None
    flat = FlatTwin(
        event_type=data["decision"],
        reason=data["reason"],
        person_id=(data["person"] or {}).get("id"),
        event_id=body["id"],
        valid_until=_time(data["valid_until"]),
    )
    return Message(
        names.door(data["collection_id"], data["door_id"], "event"),
        flat.model_dump_json().encode(),
        "application/json",
        expires=_seconds(left),
        qos=0,
    )


def _left(event: Mapping[str, Any], until: datetime, now: datetime) -> timedelta | None:
    """The time for which a decision is still news, at most as long as the event says; None where it
    is not.
    """
    made_at = datetime.fromisoformat(event["time"])
    if until <= now or now < made_at - _AHEAD:
        return None
    return until - max(now, made_at)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _seconds(left: timedelta) -> int:
    """Whole seconds, as MQTT counts; at least one, for 0 would be no time at all."""
    return min(max(1, int(left.total_seconds())), _MOST_SECONDS)
