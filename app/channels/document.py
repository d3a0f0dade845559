"""The AsyncAPI 3 document of the channels.

Source: asyncapi.com/docs/reference/specification/v3.0.0, and its bindings of HTTP and MQTT 5.
"""

from importlib.metadata import version
from typing import Final

from app.channels.parts import (
    API,
    BROKER,
    CLOUD_EVENT,
    ENDPOINT,
    Part,
    binding,
    event_messages,
    message,
    reference,
)
from app.channels.schemas import schemas
from app.channels.topics import topics
from app.mqtt.names import Names
from app.trail.events import KEPT_TYPES, MODELS

_WHAT: Final = (
    "What happened, for other systems. An event is a record: it may come late, and twice, and "
    "never opens a door. Types and fields may be added: pass by those that you do not know."
)
_KEY: Final = ("bearer", "apiKey")
_IDS: Final = {
    "webhook-id": {"type": "string", "description": "`id` of the event, the same each time."},
    "webhook-timestamp": {
        "type": "string",
        "pattern": "^[0-9]+$",
        "description": "When this attempt was made, in seconds since 1970 (UTC).",
    },
    "webhook-signature": {
        "type": "string",
        "description": "One or, while the secret changes, two signatures, with a space between: "
        "`v1,` and the base64 of HMAC-SHA256 over id, timestamp and body with dots between.",
    },
}


def document(names: Names, *, root: str = "") -> Part:
    """The document of a service whose own paths are below ``root``."""
    of_mqtt, by_mqtt = topics(names)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Kith",
            "version": version("kith"),
            "description": _WHAT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CLOUD_EVENT,
        "servers": _servers(names, root),
        "channels": {**_of_http(), **of_mqtt},
        "operations": {**_by_http(), **by_mqtt},
        "components": {
            "schemas": schemas(),
            "messageTraits": _TRAITS,
            "securitySchemes": _SCHEMES,
        },
    }


def _servers(names: Names, root: str) -> Part:
    will = {"topic": names.status, "qos": 1, "message": "offline", "retain": True}
    host = {"default": "localhost", "description": "Its name or address, and its port."}
    return {
        API: {
            "host": "{host}",
            "pathname": f"{root}/v1",
            "protocol": "http",
            "description": "Kith, whose other paths are in `/openapi.json`.",
            "variables": {"host": host},
            "security": [reference("components", "securitySchemes", each) for each in _KEY],
        },
        ENDPOINT: {
            "host": "{host}",
            "protocol": "https",
            "description": "An endpoint of yours, to which Kith sends; `http` where its `url` "
            "says so. Verify the signature: nothing else says who sent it.",
            "variables": {"host": host},
        },
        BROKER: {
            "host": "{host}",
            "protocol": "mqtt",
            "protocolVersion": "5",
            "description": "The broker of `KITH_MQTT_URL`, also by TLS (`mqtts`). Without that "
            "setting nothing is published.",
            "variables": {"host": host},
            "security": [reference("components", "securitySchemes", "brokerUser")],
            "bindings": {"mqtt": binding("mqtt", clientId=names.client_id, lastWill=will)},
        },
    }


def _of_http() -> Part:
    return {
        "stream": {
            "address": "/events/stream",
            "servers": [reference("servers", API)],
            "description": "Server-sent events: `id` is the event's id, `data` the event.",
            "messages": event_messages(KEPT_TYPES),
        },
        "webhooks": {
            "address": None,
            "servers": [reference("servers", ENDPOINT)],
            "description": "The `url` of a webhook (`/v1/webhooks`).",
            "messages": event_messages(MODELS, "signed"),
        },
        "answers": {
            "address": None,
            "servers": [reference("servers", ENDPOINT)],
            "description": "What an endpoint answers, within 15 seconds; its body is not read.",
            "messages": {
                "taken": _answer(204, "Any of 200 to 299: it has the event."),
                "gone": _answer(410, "The webhook is turned off."),
                "later": _answer(
                    503,
                    "Any other status, a redirect too: the event is tried again, not before "
                    "`Retry-After`.",
                ),
            },
        },
    }


def _by_http() -> Part:
    filters = {
        "collection": "Only what belongs to this collection.",
        "door": "Only what happens at this door of `collection`.",
        "types": "Only these types, with commas between.",
    }
    fields = {
        name: {"type": "string", "description": description}
        for name, description in filters.items()
    }
    query = {"type": "object", "properties": fields}
    return {
        "stream": {
            "action": "send",
            "channel": reference("channels", "stream"),
            "summary": "At least once, in order.",
            "description": "The events after the one whose id is in the request's "
            "`Last-Event-ID`, or else from now on. `GET /v1/events` has those of before.",
            "bindings": {"http": binding("http", method="GET", query=query)},
        },
        "webhooks": {
            "action": "send",
            "channel": reference("channels", "webhooks"),
            "summary": "At least once, in order within `source`.",
            "description": "Ten attempts within 75 hours, each signed by itself; then the event is "
            "a dead letter, and its lane goes on. `webhook.ping` is sent by a test alone.",
            "bindings": {"http": binding("http", method="POST")},
            "reply": {"channel": reference("channels", "answers")},
        },
    }


def _answer(status: int, summary: str) -> Part:
    later = {"Retry-After": {"type": "string", "description": "Seconds, or a date of HTTP."}}
    headers = {"type": "object", "properties": later} if status == 503 else {}
    about = binding("http", statusCode=status, **({"headers": headers} if headers else {}))
    return {**message({}, summary), "bindings": {"http": about}}


_TRAITS: Final[Part] = {
    "signed": {
        "headers": {"type": "object", "properties": _IDS, "required": list(_IDS)},
        "description": "Signed as Standard Webhooks says.",
    },
    "late": {
        "headers": {
            "type": "object",
            "properties": {
                "late": {
                    "const": "true",
                    "description": "A user property: the grant was over when this was sent.",
                }
            },
        }
    },
}
_SCHEMES: Final[Part] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key with the scope `read`, as `Authorization: Bearer KEY`.",
    },
    "apiKey": {
        "type": "httpApiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The same key in another header.",
    },
    "brokerUser": {
        "type": "userPassword",
        "description": "A user of the broker; its rights (ACL) are the broker's to say.",
    },
}
