"""The messages about a door that the broker keeps: its state, and its form for Home Assistant.
Pure.

They name no person: the broker gives them to every subscriber, for as long as it keeps them.
"""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Final, get_args

from pydantic import BaseModel

from app.mqtt.forms import (
    Announcement,
    Answer,
    Availability,
    Components,
    DecisionEntity,
    Device,
    DoorState,
    HealthEntity,
    LockdownEntity,
    Origin,
)
from app.mqtt.names import Names

_ONLINE: Final = "{{ 'online' if value == 'online' else 'offline' }}"
_PROBLEM: Final = (
    "{{ 'None' if value_json.health == 'unknown' else "
    "'OFF' if value_json.health == 'ok' else 'ON' }}"
)
"""Home Assistant reads `None` as a state that is not known."""


@dataclass(frozen=True, slots=True)
class AnnouncedDoor:
    """The public part of a door. ``area`` is its zone; ``locked_down`` is true where the door or
    its zone is locked down. ``health`` is the state of its client.
    """

    collection: str
    id: str
    name: str | None
    area: str | None
    mode: str
    direction: str
    enabled: bool
    locked_down: bool
    health: str


def retained_of(door: AnnouncedDoor, names: Names) -> dict[str, bytes]:
    """The messages that the broker is to keep of a door, by their topics. ``UNREADABLE`` where
    somebody changed the door in the database.
    """
    where = door.collection, door.id
    messages = {names.door(*where, "state"): _json(_state(door))}
    config = names.config(*where)
    if config is not None:
        messages[config] = _json(_announcement(door, names))
    return messages


def _state(door: AnnouncedDoor) -> DoorState:
    return DoorState(
        lockdown=door.locked_down,
        enabled=door.enabled,
        mode=door.mode,
        direction=door.direction,
        health=door.health,
    )


def _announcement(door: AnnouncedDoor, names: Names) -> Announcement:
    id_ = names.device(door.collection, door.id)
    state = names.door(door.collection, door.id, "state")
    return Announcement(
        device=Device(
            identifiers=[id_],
            name=door.name or door.id,
            manufacturer="Kith",
            suggested_area=door.area,
        ),
        origin=Origin(name="kith", sw_version=version("kith")),
        availability=[Availability(topic=names.status, value_template=_ONLINE)],
        components=Components(
            decision=DecisionEntity(
                platform="event",
                name="Decision",
                unique_id=f"{id_}_decision",
                event_types=list(get_args(Answer)),
                state_topic=names.door(door.collection, door.id, "event"),
            ),
            lockdown=LockdownEntity(
                platform="binary_sensor",
                name="Lock-down",
                unique_id=f"{id_}_lockdown",
                state_topic=state,
                value_template="{{ 'ON' if value_json.lockdown else 'OFF' }}",
            ),
            health=HealthEntity(
                platform="binary_sensor",
                name="Camera",
                device_class="problem",
                unique_id=f"{id_}_health",
                state_topic=state,
                value_template=_PROBLEM,
            ),
        ),
    )


def _json(form: BaseModel) -> bytes:
    return form.model_dump_json(exclude_none=True).encode()
