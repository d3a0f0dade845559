"""The parts that the channels of the document share."""

from collections.abc import Iterable
from typing import Any, Final

from app.trail.events import MODELS

Part = dict[str, Any]
API: Final = "api"
ENDPOINT: Final = "endpoint"
BROKER: Final = "broker"
CLOUD_EVENT: Final = "application/cloudevents+json"
_TEXT: Final = "text/plain"
_BINDINGS: Final = {"http": "0.3.0", "mqtt": "0.2.0"}
"""Versions of the bindings of AsyncAPI."""


def reference(*place: str) -> Part:
    """A reference within the document."""
    return {"$ref": "#/" + "/".join(place)}


def binding(protocol: str, **values: Any) -> Part:  # noqa: ANN401 - any JSON value
    """A binding of a protocol."""
    return {**values, "bindingVersion": _BINDINGS[protocol]}


def message(payload: str | Part, summary: str, content_type: str = _TEXT, *traits: str) -> Part:
    """A message whose payload is a schema or the name of one."""
    schema = reference("components", "schemas", payload) if isinstance(payload, str) else payload
    named: Part = {"name": payload, "title": payload} if isinstance(payload, str) else {}
    more = [reference("components", "messageTraits", each) for each in traits]
    return {
        **named,
        "summary": summary,
        "contentType": content_type,
        "payload": schema,
        **({"traits": more} if more else {}),
    }


def event_messages(kinds: Iterable[str], *traits: str) -> Part:
    """The messages of these types of events, by type."""
    return {
        kind: message(kind, " ".join((MODELS[kind].__doc__ or "").split()), CLOUD_EVENT, *traits)
        for kind in kinds
    }
