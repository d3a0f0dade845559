"""The forms of messages other than events: the flat twin, and the messages that the broker keeps.

Source of those for Home Assistant: home-assistant.io/integrations/mqtt, "Device discovery payload".
"""

from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, Field

STATUSES: Final = ("online", "stopped", "offline")
"""Kith is connected; it was stopped on purpose; the connection was lost, which is the last will."""
Answer = Literal["granted", "denied", "blocked"]
_ID: Final = "Id of the entity, of its own in all of Home Assistant."
_NAME: Final = "Its name there, after that of the device."


class FlatTwin(BaseModel):
    """A decision for automations, sent at once or never, and at most once."""

    event_type: Answer = Field(description="The answer.")
    reason: str = Field(description="The one reason; treat one that you do not know as a denial.")
    person_id: str | None = Field(description="Id of the person; null: nobody is named.")
    event_id: str = Field(description="Id of the event of the decision.")
    valid_until: datetime | None = Field(description="A grant holds until then; else null.")


class DoorState(BaseModel):
    """A door as the broker keeps it."""

    lockdown: bool = Field(description="Whether the door or its zone is locked down.")
    enabled: bool = Field(description="Whether the door decides.")
    mode: str = Field(description="The door's mode.")
    direction: str = Field(description="The door's direction.")
    health: str = Field(
        description="How its camera is: `ok`, `no_picture`, `stale_pictures`, `silent`, `unknown`."
    )


class Device(BaseModel):
    """A door as a device of Home Assistant."""

    identifiers: list[str] = Field(description="Its id.")
    name: str = Field(description="The door's name, or else its id.")
    manufacturer: Literal["Kith"] = Field(description="Kith.")
    suggested_area: str | None = Field(description="The door's zone; absent where it has none.")


class Origin(BaseModel):
    """The program that announces."""

    name: Literal["kith"] = Field(description="Kith.")
    sw_version: str = Field(description="Its version.")


class Availability(BaseModel):
    """The topic by which Home Assistant knows that Kith is connected."""

    topic: str = Field(description="The topic of the status.")
    value_template: str = Field(description="Makes `online` or `offline` of it.")


class DecisionEntity(BaseModel):
    """The event entity of a door."""

    platform: Literal["event"] = Field(description="The kind of entity.")
    name: Literal["Decision"] = Field(description=_NAME)
    unique_id: str = Field(description=_ID)
    event_types: list[Answer] = Field(description="The answers that a door gives.")
    state_topic: str = Field(description="The topic of the flat twin.")


class LockdownEntity(BaseModel):
    """The sensor of a door's lock-down."""

    platform: Literal["binary_sensor"] = Field(description="The kind of entity.")
    name: Literal["Lock-down"] = Field(description=_NAME)
    unique_id: str = Field(description=_ID)
    state_topic: str = Field(description="The topic of the door's state.")
    value_template: str = Field(description="Makes `ON` or `OFF` of it.")


class HealthEntity(BaseModel):
    """The sensor of a problem with a door's camera."""

    platform: Literal["binary_sensor"] = Field(description="The kind of entity.")
    name: Literal["Camera"] = Field(description=_NAME)
    device_class: Literal["problem"] = Field(description="`ON` is a problem.")
    unique_id: str = Field(description=_ID)
    state_topic: str = Field(description="The topic of the door's state.")
    value_template: str = Field(description="Makes `ON`, `OFF` or `None` (not known) of it.")


class Components(BaseModel):
    """The entities of a door."""

    decision: DecisionEntity = Field(description="Its decisions.")
    lockdown: LockdownEntity = Field(description="Whether it is locked down.")
    health: HealthEntity = Field(description="Whether there is a problem with its camera.")


class Announcement(BaseModel):
    """A door, as it is announced to Home Assistant."""

    device: Device = Field(description="The door.")
    origin: Origin = Field(description="The program that announces it.")
    availability: list[Availability] = Field(description="How it is known whether Kith is there.")
    components: Components = Field(description="Its entities.")
