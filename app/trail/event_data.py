"""The ``data`` of events, by their type: ids, numbers and words; no external id, credential, image
or embedding, and no name where they are kept.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from pydantic.config import JsonDict
from pydantic.json_schema import SkipJsonSchema

from app.reasons import DoorReason


def absent(schema: JsonDict) -> None:
    """For a field that is absent where it is null."""
    del schema["default"]


CollectionId = Annotated[str, Field(description="Id of the collection.")]
DoorId = Annotated[str, Field(description="Id of the door.")]
Name = Annotated[
    str | SkipJsonSchema[None],
    Field(
        exclude_if=lambda value: value is None,
        json_schema_extra=absent,
        description="The person's name, over a webhook that includes it; absent anywhere else.",
    ),
]


class Recorded(BaseModel):
    """By whom it was done, and where the audit has it."""

    key_id: str | None = Field(description="Id of the key that did it; null for a command.")
    request_id: str | None = Field(description="Id of the request that did it.")
    audit_seq: int = Field(ge=1, description="`seq` of its row in the audit.")


class PersonData(Recorded):
    """A person who was enrolled, changed, suspended or removed."""

    collection_id: CollectionId
    person_id: str = Field(description="Id of the person.")
    fields: list[str] | None = Field(description="Names of the fields that were changed.")
    name: Name = None


class MergeData(Recorded):
    """A person who got the faces of another, because the two are one person."""

    collection_id: CollectionId
    person_id: str = Field(description="Id of the person who stays.")
    merged_person_id: str = Field(description="Id of the other, who is removed.")
    name: Name = None


class KeyData(Recorded):
    """A key that was made or revoked."""

    affected_key_id: str = Field(description="Id of the key that was made or revoked.")


class LockdownData(Recorded):
    """A door or zone where nothing is granted any more, or again."""

    collection_id: CollectionId
    door_id: str | None = Field(description="Id of the door; null: a whole zone.")
    zone_id: str | None = Field(description="Id of the zone; null: one door.")
    locked_down: bool = Field(description="Whether it is locked down now.")


class DecidedPerson(BaseModel):
    """The person whom a decision names."""

    id: str = Field(description="Id of the person.")
    name: Name = None


class DecidedMatch(BaseModel):
    """The comparison that a decision rests on."""

    kind: Literal["identify", "verify"] = Field(
        description="`identify`: against everybody (1:N); `verify`: against one person (1:1)."
    )
    similarity: float = Field(description="Mean over the used frames; higher is closer.")
    threshold: float = Field(description="The similarity from which on somebody is named.")
    fpir: float | None = Field(
        description="How often a stranger's frames would be as similar to anybody here; null for "
        "`verify`."
    )
    target_fpir: float | None = Field(
        description="The collection's stated rate; null for `verify`."
    )
    gallery_size: int = Field(description="Persons who were valid then.")
    contract_id: str = Field(description="What made the templates.")
    revision: int = Field(description="The collection's revision that was searched.")


class DecidedFrames(BaseModel):
    """The use made of the frames."""

    received: int = Field(description="Frames that came.")
    used: int = Field(description="Frames that the decision rests on.")
    agreeing: int = Field(description="Used frames that speak for the person.")
    span_ms: int = Field(description="Milliseconds from the first used frame to the last.")
    first_at: datetime | None = Field(description="Time of the first used frame.")
    last_at: datetime | None = Field(description="Time of the last used frame.")
    age_ms: int | None = Field(description="Age of the last used frame at the decision.")


class DecidedLiveness(BaseModel):
    """Whether the face was looked at for life."""

    policy: str = Field(description="The door's setting.")
    state: str = Field(description="The result.")


class DecidedRule(BaseModel):
    """The rule that decided."""

    id: str = Field(description="Id of the rule.")
    schedule_id: str | None = Field(description="Id of its schedule.")


class DecisionData(Recorded):
    """A decision at a door."""

    collection_id: CollectionId
    door_id: DoorId
    zone_id: str | None = Field(description="Id of the door's zone.")
    direction: str | None = Field(description="The door's direction.")
    mode: Literal["advise", "verify", "decide"] = Field(description="The door's mode.")
    authority: Literal["acs", "kith"] = Field(description="The system that decides.")
    dry_run: Literal[False] = Field(description="A trial has no event.")
    decision: Literal["granted", "denied", "blocked"] = Field(description="The answer.")
    reason: DoorReason = Field(
        description="The one reason; treat one that you do not know as a denial."
    )
    valid_until: datetime | None = Field(description="A grant holds until then.")
    blocked_until: datetime | None = Field(description="The door is blocked until then.")
    person: DecidedPerson | None = Field(description="Null where the reason names nobody.")
    match: DecidedMatch | None = Field(description="Null where nobody is named.")
    frames: DecidedFrames = Field(description="How many frames came, and which were used.")
    liveness: DecidedLiveness = Field(description="The check for life.")
    factors: list[str] = Field(
        description="What was checked and is the person's; empty where nobody is named."
    )
    rule: DecidedRule | None = Field(description="The rule that decided; null: none did.")
    policy_revision: int = Field(description="The policy revision by which it was decided.")


class ActionData(BaseModel):
    """The outcome of an action that a grant set off."""

    collection_id: CollectionId
    door_id: DoorId
    action_id: str | None = Field(description="Id of the action; null: all of the door's.")
    decision_event_id: str = Field(description="Id of the event of the grant.")
    outcome: Literal["done", "refused", "unanswered", "failed", "unfit", "late", "dropped"] = Field(
        description="What became of it; after `done` and `unanswered` the device may have acted."
    )
    status: int | None = Field(description="The status of the device's answer; null: none.")
    took_ms: int = Field(description="Milliseconds that it took.")


class AnchorData(BaseModel):
    """The newest row of a chain of the audit, as `kith audit anchor` printed it."""

    collection_id: str | None = Field(description="Id of the collection; null: the site's chain.")
    chain: str = Field(description="Id of the chain.")
    seq: int = Field(description="`seq` of its newest row; 0: it has none.")
    hash: str = Field(description="Hash of that row, in hex.")
    at: datetime | None = Field(None, description="When that row was written; null: there is none.")


class WebhookData(Recorded):
    """An endpoint to which nothing is sent any more."""

    collection_id: str | None = Field(description="Id of its collection; null: the whole site.")
    webhook_id: str = Field(description="Id of the webhook.")
    disabled_reason: Literal["gone"] = Field(description="`gone`: it answered 410.")


class PingData(BaseModel):
    """An endpoint that is tested."""

    collection_id: str | None = Field(description="Id of its collection; null: the whole site.")
    webhook_id: str = Field(description="Id of the webhook.")
