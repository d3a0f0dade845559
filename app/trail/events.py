"""The form of events: valid as CloudEvents 1.0 and as Standard Webhooks, without images or names.

``sequence`` counts from 1 within ``source``, without gaps, so that who reads them sees what is
missing.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.trail.chain import Deed

EventType = Literal[
    "person.created",
    "person.updated",
    "person.suspended",
    "person.erased",
    "key.created",
    "key.revoked",
    "door.lockdown",
]
_TYPES: dict[str, EventType] = {
    "person.created": "person.created",
    "person.updated": "person.updated",
    "person.deleted": "person.erased",
    "key.created": "key.created",
    "key.revoked": "key.revoked",
}
_LOCKABLE = ("door.created", "door.updated", "zone.created", "zone.updated")


class EventData(BaseModel):
    """The data of an event. Fields that do not belong to its type are null."""

    collection_id: str | None = Field(description="Id of the collection; null for keys.")
    person_id: str | None = Field(description="Id of the person.")
    door_id: str | None = Field(description="Id of the door.")
    zone_id: str | None = Field(description="Id of the zone, where a whole one is locked down.")
    affected_key_id: str | None = Field(description="Id of the key that was made or revoked.")
    fields: list[str] | None = Field(description="Names of the fields that were changed.")
    locked_down: bool | None = Field(description="Whether the door or zone is locked down now.")
    key_id: str | None = Field(description="Id of the key that did it; null for a command.")
    request_id: str | None = Field(description="Id of the request that did it.")
    audit_seq: int = Field(ge=1, description="`seq` of its row in the audit.")


class EventView(BaseModel):
    """An event, as everybody gets it."""

    specversion: Literal["1.0"] = Field(description="Version of CloudEvents.")
    id: str = Field(description="Id of the event; the same each time that it is sent.")
    source: str = Field(description="Where it happened; `sequence` counts within it.")
    type: EventType = Field(description="What happened.")
    subject: str = Field(description="Id of what it happened to.")
    time: datetime = Field(description="When it happened.")
    timestamp: datetime = Field(description="The same as `time`, for Standard Webhooks.")
    sequence: Annotated[
        str, Field(pattern=r"^[0-9]{12}$", description="Its number within `source`, from 1.")
    ]
    datacontenttype: Literal["application/json"] = Field(description="The form of `data`.")
    data: EventData = Field(description="More of it.")


def type_of(deed: Deed) -> EventType | None:
    """The type of the event of a deed; None where none does."""
    if deed.action in _LOCKABLE and "locked_down" in deed.details:
        return "door.lockdown"
    if deed.action == "person.updated" and deed.details.get("suspended"):
        return "person.suspended"
    return _TYPES.get(deed.action)


def source_of(deed: Deed) -> str:
    """The place of a deed: at a door or zone, in a collection, or in the whole site."""
    if deed.collection is None:
        return "/kith"
    where = f"/kith/collections/{deed.collection}"
    return f"{where}/{deed.kind}s/{deed.id}" if deed.kind in ("door", "zone") else where


def event_of(
    deed: Deed, kind: EventType, *, event_id: str, sequence: int, audit_seq: int
) -> EventView:
    """The event of a deed."""
    fields = deed.details.get("fields")
    data = EventData(
        collection_id=deed.collection,
        person_id=_if(deed, "person"),
        door_id=_if(deed, "door"),
        zone_id=_if(deed, "zone"),
        affected_key_id=_if(deed, "key"),
        fields=None if fields is None else list(fields),
        locked_down=deed.details.get("locked_down"),
        key_id=deed.actor.key_id,
        request_id=deed.actor.request_id,
        audit_seq=audit_seq,
    )
    return EventView(
        specversion="1.0",
        id=event_id,
        source=source_of(deed),
        type=kind,
        subject=deed.id,
        time=deed.at,
        timestamp=deed.at,
        sequence=f"{sequence:012}",
        datacontenttype="application/json",
        data=data,
    )


def _if(deed: Deed, kind: str) -> str | None:
    return deed.id if deed.kind == kind else None
