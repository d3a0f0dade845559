"""The form of events: valid as CloudEvents 1.0 and as Standard Webhooks, without images or names.

``sequence`` counts from 1 within ``source``, without gaps, so that a reader sees what is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, Field, TypeAdapter
from pydantic.json_schema import SkipJsonSchema

from app.core.ids import new_id
from app.trail.event_data import (
    ActionData,
    AnchorData,
    DecisionData,
    KeyData,
    LockdownData,
    MergeData,
    PersonData,
    PingData,
    WebhookData,
    absent,
)
from app.trail.health_data import HealthData

SITE: Final = "/kith"
"""The source of events that belong to no collection."""
_TYPE: Final = "What happened."
_DATA: Final = "More of it."


class EventFields(BaseModel):
    """The fields that every event has; ``type`` says which it is, and what is in ``data``."""

    specversion: Literal["1.0"] = Field(description="Version of CloudEvents.")
    id: str = Field(description="Id of the event; the same each time that it is sent.")
    source: str = Field(description="Where it happened; `sequence` counts within it.")
    type: str = Field(description=_TYPE)
    subject: str = Field(description="Id of what it happened to.")
    time: datetime = Field(description="When it happened.")
    timestamp: datetime = Field(description="The same as `time`, for Standard Webhooks.")
    sequence: Annotated[
        str, Field(pattern=r"^[0-9]{12}$", description="Its number within `source`, from 1.")
    ]
    datacontenttype: Literal["application/json"] = Field(description="The form of `data`.")


class PersonEvent(EventFields):
    """A person was enrolled, changed, suspended or removed."""

    type: Literal["person.created", "person.updated", "person.suspended", "person.erased"] = Field(
        description=_TYPE
    )
    data: PersonData = Field(description=_DATA)


class MergeEvent(EventFields):
    """Two persons were found to be one: one of them stays."""

    type: Literal["person.merged"] = Field(description=_TYPE)
    data: MergeData = Field(description=_DATA)


class KeyEvent(EventFields):
    """A key was made or revoked."""

    type: Literal["key.created", "key.revoked"] = Field(description=_TYPE)
    data: KeyData = Field(description=_DATA)


class LockdownEvent(EventFields):
    """A door or zone was locked down, or is so no more."""

    type: Literal["door.lockdown"] = Field(description=_TYPE)
    data: LockdownData = Field(description=_DATA)


class DecisionEvent(EventFields):
    """A door decided. It is a record, and never opens a door."""

    type: Literal["door.decision"] = Field(description=_TYPE)
    expirytime: datetime | SkipJsonSchema[None] = Field(
        None,
        exclude_if=lambda value: value is None,
        json_schema_extra=absent,
        description="A grant's `valid_until`; absent where nothing was granted.",
    )
    data: DecisionData = Field(description=_DATA)


class ActionEvent(EventFields):
    """An action that a grant set off is over."""

    type: Literal["door.action"] = Field(description=_TYPE)
    data: ActionData = Field(description=_DATA)


class HealthEvent(EventFields):
    """The health of a door's client changed."""

    type: Literal["door.health"] = Field(description=_TYPE)
    data: HealthData = Field(description=_DATA)


class AnchorEvent(EventFields):
    """An administrator printed the head of a chain of the audit."""

    type: Literal["audit.anchor"] = Field(description=_TYPE)
    data: AnchorData = Field(description=_DATA)


class WebhookEvent(EventFields):
    """An endpoint was turned off because of what it answered."""

    type: Literal["webhook.disabled"] = Field(description=_TYPE)
    data: WebhookData = Field(description=_DATA)


class PingEvent(EventFields):
    """A test of an endpoint. It is sent to that one alone, and its `sequence` is 0."""

    type: Literal["webhook.ping"] = Field(description=_TYPE)
    data: PingData = Field(description=_DATA)


_Event = (
    PersonEvent
    | MergeEvent
    | KeyEvent
    | LockdownEvent
    | DecisionEvent
    | ActionEvent
    | HealthEvent
    | AnchorEvent
    | WebhookEvent
    | PingEvent
)
EventView = Annotated[_Event, Field(discriminator="type")]
"""An event, as everybody gets it."""
EVENT: Final[TypeAdapter[EventView]] = TypeAdapter(EventView)
MODELS: Final[Mapping[str, type[EventFields]]] = {
    kind: each
    for each in get_args(_Event)
    for kind in get_args(each.model_fields["type"].annotation)
}
"""The model of each type of event."""
KEPT_TYPES: Final = tuple(kind for kind, model in MODELS.items() if model is not PingEvent)
"""The types of events that are kept for others to read."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that has no number yet. ``data`` are the fields that the model of its ``type`` asks
    for, without ``audit_seq``; ``expires`` is when a grant ends.
    """

    type: str
    source: str
    subject: str
    at: datetime
    data: Mapping[str, Any]
    id: str = field(default_factory=lambda: new_id("evt"))
    expires: datetime | None = None


def body_of(draft: Draft, *, sequence: int, audit_seq: int | None) -> str:
    """The JSON of an event; ``ValueError`` where its data are not those of its type."""
    expiry = {} if draft.expires is None else {"expirytime": draft.expires}
    recorded = {} if audit_seq is None else {"audit_seq": audit_seq}
    event = EVENT.validate_python(
        {
            "specversion": "1.0",
            "id": draft.id,
            "source": draft.source,
            "type": draft.type,
            "subject": draft.subject,
            "time": draft.at,
            "timestamp": draft.at,
            **expiry,
            "sequence": f"{sequence:012}",
            "datacontenttype": "application/json",
            "data": {**draft.data, **recorded},
        }
    )
    return event.model_dump_json()


def source_in(collection: str | None, kind: str | None = None, of: str | None = None) -> str:
    """The source of events of a collection, of one of its doors or zones, or of the whole site."""
    if collection is None:
        return SITE
    where = f"{SITE}/collections/{collection}"
    return f"{where}/{kind}s/{of}" if kind in ("door", "zone") else where
