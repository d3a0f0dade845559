"""The messages that the broker keeps of a door: its state, and its form for Home Assistant. Pure.

No person is in any of it: the broker gives it to everybody who subscribes, for as long as it likes.
Source of the form: home-assistant.io/integrations/mqtt, "Device discovery payload".
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from app.mqtt.names import Names

_DECISIONS: Final = ["granted", "denied", "blocked"]


@dataclass(frozen=True, slots=True)
class AnnouncedDoor:
    """A door as others may know it. ``area`` is its zone; it is ``locked_down`` with that, too."""

    collection: str
    id: str
    name: str | None
    area: str | None
    mode: str
    direction: str
    enabled: bool
    locked_down: bool


def retained_of(doors: Iterable[AnnouncedDoor], names: Names) -> dict[str, bytes]:
    """Every message that the broker is to keep of these doors, by its topic."""
    messages: dict[str, bytes] = {}
    for door in doors:
        where = door.collection, door.id
        messages[names.door(*where, "state")] = _json(_state(door))
        config = names.config(*where)
        if config is not None:
            messages[config] = _json(_device(door, names))
    return messages


def _state(door: AnnouncedDoor) -> dict[str, Any]:
    return {
        "lockdown": door.locked_down,
        "enabled": door.enabled,
        "mode": door.mode,
        "direction": door.direction,
    }


def _device(door: AnnouncedDoor, names: Names) -> dict[str, Any]:
    id_ = names.device(door.collection, door.id)
    device = {"identifiers": [id_], "name": door.name or door.id, "manufacturer": "Kith"}
    if door.area is not None:
        device["suggested_area"] = door.area
    online = "{{ 'online' if value == 'online' else 'offline' }}"
    return {
        "device": device,
        "origin": {"name": "kith", "sw_version": version("kith")},
        "availability": [{"topic": names.status, "value_template": online}],
        "components": {
            "decision": {
                "platform": "event",
                "name": "Decision",
                "unique_id": f"{id_}_decision",
                "event_types": _DECISIONS,
                "state_topic": names.door(door.collection, door.id, "event"),
            },
            "lockdown": {
                "platform": "binary_sensor",
                "name": "Lock-down",
                "unique_id": f"{id_}_lockdown",
                "state_topic": names.door(door.collection, door.id, "state"),
                "value_template": "{{ 'ON' if value_json.lockdown else 'OFF' }}",
            },
        },
    }


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
