"""The topics of MQTT, as channels: those of events follow from their types."""

from collections.abc import Iterable
from typing import Final, get_args

from app.channels.parts import BROKER, Part, binding, event_messages, message, reference
from app.mqtt.forms import STATUSES
from app.mqtt.names import Names
from app.trail.events import KEPT_TYPES, MODELS

_COLLECTION: Final = "{collection}"
_DOOR: Final = "{door}"
_PARAMETERS: Final[Part] = {
    "collection": {"description": "Id of the collection."},
    "door": {"description": "Id of the door."},
    "device": {"description": "Id of the door for Home Assistant, as the announcement has it."},
}
_EXPIRY: Final = {
    "type": "integer",
    "minimum": 1,
    "description": "Seconds until a grant ends. Absent: it is no grant, or the grant is over.",
}
_FRESH: Final = {
    "type": "integer",
    "minimum": 1,
    "description": "Seconds until a grant ends, or until 10 seconds after any other decision.",
}
_JSON: Final = "application/json"


def topics(names: Names) -> tuple[Part, Part]:
    """The channels and the operations of every topic that Kith writes or reads."""
    channels: Part = {}
    operations: Part = {}
    for each in (_of_doors, _of_others, _of_now, _kept, _of_home_assistant):
        for name, channel, operation in each(names):
            channels[name] = {"servers": [reference("servers", BROKER)], **channel}
            operation["bindings"] = {"mqtt": binding("mqtt", **operation["bindings"])}
            operations[name] = {"channel": reference("channels", name), **operation}
    return channels, operations


def _of_doors(names: Names) -> Iterable[tuple[str, Part, Part]]:
    for kind in (kind for kind in KEPT_TYPES if "door" in _places(kind)):
        topic = names.event(kind, collection=_COLLECTION, door=_DOOR)
        decides = kind == "door.decision"
        traits = ["late"] if decides else []
        bindings: Part = {"qos": 1, "retain": False}
        if decides:
            bindings["messageExpiryInterval"] = _EXPIRY
        yield (
            f"{topic.rpartition('/')[2]}OfDoor",
            _channel(topic, event_messages([kind], *traits), f"Events `{kind}` of a door."),
            _sends(bindings, "At least once, in order. A record: nothing that unlocks listens."),
        )


def _of_others(names: Names) -> Iterable[tuple[str, Part, Part]]:
    of_each = (
        ("collection", _COLLECTION, "Events of a collection, also the lock-down of a zone."),
        ("site", None, "Events that belong to no collection."),
    )
    for place, collection, text in of_each:
        kinds = [kind for kind in KEPT_TYPES if place in _places(kind)]
        topic = names.event("{type}", collection=collection, door=None)
        channel = _channel(topic, event_messages(kinds), text)
        channel["parameters"]["type"] = {"enum": kinds, "description": "The type of the event."}
        yield (
            f"eventsOf{place.title()}",
            channel,
            _sends({"qos": 1, "retain": False}, "At least once, in order within `source`."),
        )


def _of_now(names: Names) -> Iterable[tuple[str, Part, Part]]:
    yield (
        "now",
        _channel(
            names.door(_COLLECTION, _DOOR, "event"),
            {"twin": message("FlatTwin", "The flat twin of a decision.", _JSON)},
            "Decisions of now, for automations.",
        ),
        _sends(
            {"qos": 0, "retain": False, "messageExpiryInterval": _FRESH},
            "At most once, to those who listen at that moment, and never after its time.",
        ),
    )


def _kept(names: Names) -> Iterable[tuple[str, Part, Part]]:
    gone = message({"type": "string", "maxLength": 0}, "Empty: the door is gone.")
    yield (
        "status",
        _channel(
            names.status,
            {
                "status": message(
                    {"type": "string", "enum": list(STATUSES)},
                    "`online`; `stopped`, on purpose; `offline`, the last will.",
                )
            },
            "Whether Kith is connected.",
        ),
        _sends({"qos": 1, "retain": True}, "Kept by the broker."),
    )
    yield (
        "stateOfDoor",
        _channel(
            names.door(_COLLECTION, _DOOR, "state"),
            {"state": message("DoorState", "The door as it is now.", _JSON), "gone": gone},
            "The state of a door, which names nobody.",
        ),
        _sends({"qos": 1, "retain": True}, "Kept by the broker."),
    )
    if names.discovery is not None:
        yield (
            "announcementOfDoor",
            _channel(
                f"{names.discovery}/device/{{device}}/config",
                {
                    "announcement": message("Announcement", "A door as a device.", _JSON),
                    "gone": gone,
                },
                "Doors as Home Assistant finds them.",
            ),
            _sends({"qos": 1, "retain": True}, "Kept by the broker; sent again on each birth."),
        )


def _of_home_assistant(names: Names) -> Iterable[tuple[str, Part, Part]]:
    if names.birth is not None:
        born = message({"type": "string", "examples": ["online"]}, "`online`: it has started.")
        yield (
            "homeAssistant",
            _channel(names.birth, {"birth": born}, "Home Assistant's own status."),
            {
                "action": "receive",
                "summary": "After `online` doors are announced again.",
                "bindings": {"qos": 0},
            },
        )


def _places(kind: str) -> set[str]:
    """The places to which events of a type may belong, by the fields of their data."""
    fields = MODELS[kind].model_fields["data"].annotation.model_fields  # type: ignore[union-attr]
    nothing = type(None)
    doors, collections = (
        set(get_args(fields[name].annotation)) or {str} if name in fields else {nothing}
        for name in ("door_id", "collection_id")
    )
    return {
        *(["door"] if str in doors else []),
        *(["collection"] if str in collections and nothing in doors else []),
        *(["site"] if nothing in collections else []),
    }


def _channel(address: str, messages: Part, text: str) -> Part:
    used = {name: each for name, each in _PARAMETERS.items() if f"{{{name}}}" in address}
    return {
        "address": address,
        "description": text,
        "messages": messages,
        "parameters": used,
    }


def _sends(bindings: Part, summary: str) -> Part:
    return {"action": "send", "summary": summary, "bindings": bindings}
