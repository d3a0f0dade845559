"""Events. Written by ``make client`` from the service's OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from kith_client.model import Model, OtherEvent
from kith_client.models.common import DoorReason


class ActionData(Model):
    """The outcome of an action that a grant set off.

    collection_id: Id of the collection.
    door_id: Id of the door.
    action_id: Id of the action; null: all of the door's.
    decision_event_id: Id of the event of the grant.
    outcome: What became of it; after `done` and `unanswered` the device may have acted.
    status: The status of the device's answer; null: none.
    took_ms: Milliseconds that it took.
    """

    collection_id: str
    door_id: str
    action_id: str | None
    decision_event_id: str
    outcome: Literal["done", "refused", "unanswered", "failed", "unfit", "late", "dropped"] | str
    status: int | None
    took_ms: int


class ActionEvent(Model):
    """An action that a grant set off is over.

    specversion: Version of CloudEvents.
    id: Id of the event; the same each time that it is sent.
    source: Where it happened; `sequence` counts within it.
    type: What happened.
    subject: Id of what it happened to.
    time: When it happened.
    timestamp: The same as `time`, for Standard Webhooks.
    sequence: Its number within `source`, from 1.
    datacontenttype: The form of `data`.
    data: More of it.
    """

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["door.action"]
    subject: str
    time: datetime
    timestamp: datetime
    sequence: str
    datacontenttype: Literal["application/json"]
    data: ActionData


class AnchorData(Model):
    """The newest row of a chain of the audit, as `kith audit anchor` printed it.

    collection_id: Id of the collection; null: the site's chain.
    chain: Id of the chain.
    seq: `seq` of its newest row; 0: it has none.
    hash: Hash of that row, in hex.
    at: When that row was written; null: there is none.
    """

    collection_id: str | None
    chain: str
    seq: int
    hash: str
    at: datetime | None = None


class AnchorEvent(Model):
    """An administrator printed the head of a chain of the audit.

    specversion: Version of CloudEvents.
    id: Id of the event; the same each time that it is sent.
    source: Where it happened; `sequence` counts within it.
    type: What happened.
    subject: Id of what it happened to.
    time: When it happened.
    timestamp: The same as `time`, for Standard Webhooks.
    sequence: Its number within `source`, from 1.
    datacontenttype: The form of `data`.
    data: More of it.
    """

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["audit.anchor"]
    subject: str
    time: datetime
    timestamp: datetime
    sequence: str
    datacontenttype: Literal["application/json"]
    data: AnchorData


class DecidedFrames(Model):
    """The use made of the frames.

    received: Frames that came.
    used: Frames that the decision rests on.
    agreeing: Used frames that speak for the person.
    span_ms: Milliseconds from the first used frame to the last.
    first_at: Time of the first used frame.
    last_at: Time of the last used frame.
    age_ms: Age of the last used frame at the decision.
    """

    received: int
    used: int
    agreeing: int
    span_ms: int
    first_at: datetime | None
    last_at: datetime | None
    age_ms: int | None


class DecidedLiveness(Model):
    """Whether the face was looked at for life.

    policy: The door's setting.
    state: The result.
    """

    policy: str
    state: str


class DecidedMatch(Model):
    """The comparison that a decision rests on.

    kind: `identify`: against everybody (1:N); `verify`: against one person (1:1).
    similarity: Mean over the used frames; higher is closer.
    threshold: The similarity from which on somebody is named.
    fpir: How often a stranger's frames would be as similar to anybody here; null for `verify`.
    target_fpir: The collection's stated rate; null for `verify`.
    gallery_size: Persons who were valid then.
    contract_id: What made the templates.
    revision: The collection's revision that was searched.
    """

    kind: Literal["identify", "verify"] | str
    similarity: float
    threshold: float
    fpir: float | None
    target_fpir: float | None
    gallery_size: int
    contract_id: str
    revision: int


class DecidedPerson(Model):
    """The person whom a decision names.

    id: Id of the person.
    name: The person's name, over a webhook that includes it; absent anywhere else.
    """

    id: str
    name: str | None = None


class DecidedRule(Model):
    """The rule that decided.

    id: Id of the rule.
    schedule_id: Id of its schedule.
    """

    id: str
    schedule_id: str | None


class DecisionData(Model):
    """A decision at a door.

    key_id: Id of the key that did it; null for a command.
    request_id: Id of the request that did it.
    audit_seq: `seq` of its row in the audit.
    collection_id: Id of the collection.
    door_id: Id of the door.
    zone_id: Id of the door's zone.
    direction: The door's direction.
    mode: The door's mode.
    authority: The system that decides.
    dry_run: A trial has no event.
    decision: The answer.
    reason: The one reason; treat one that you do not know as a denial.
    valid_until: A grant holds until then.
    blocked_until: The door is blocked until then.
    person: Null where the reason names nobody.
    match: Null where nobody is named.
    frames: How many frames came, and which were used.
    liveness: The check for life.
    factors: What was checked and is the person's; empty where nobody is named.
    rule: The rule that decided; null: none did.
    policy_revision: The policy revision by which it was decided.
    """

    key_id: str | None
    request_id: str | None
    audit_seq: int
    collection_id: str
    door_id: str
    zone_id: str | None
    direction: str | None
    mode: Literal["advise", "verify", "decide"] | str
    authority: Literal["acs", "kith"] | str
    dry_run: Literal[False]
    decision: Literal["granted", "denied", "blocked"] | str
    reason: DoorReason
    valid_until: datetime | None
    blocked_until: datetime | None
    person: DecidedPerson | None
    match: DecidedMatch | None
    frames: DecidedFrames
    liveness: DecidedLiveness
    factors: list[str]
    rule: DecidedRule | None
    policy_revision: int


class DecisionEvent(Model):
    """A door decided. It is a record, and never opens a door.

    specversion: Version of CloudEvents.
    id: Id of the event; the same each time that it is sent.
    source: Where it happened; `sequence` counts within it.
    type: What happened.
    subject: Id of what it happened to.
    time: When it happened.
    timestamp: The same as `time`, for Standard Webhooks.
    sequence: Its number within `source`, from 1.
    datacontenttype: The form of `data`.
    expirytime: A grant's `valid_until`; absent where nothing was granted.
    data: More of it.
    """

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["door.decision"]
    subject: str
    time: datetime
    timestamp: datetime
    sequence: str
    datacontenttype: Literal["application/json"]
    expirytime: datetime | None = None
    data: DecisionData


class Events(Model):
    """Events in their order.

    items: The events after `after`; at most `limit`.
    more: Whether there are more: ask again after the last of these.
    """

    items: list[
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
        | OtherEvent
    ]
    more: bool


class HealthData(Model):
    """The state of a door's client changed.

    collection_id: Id of the collection.
    door_id: Id of the door.
    state: `ok`; `no_picture`: its camera gives none; `stale_pictures`: they are too old when
        they are decided on; `silent`: it does not report any more.
    former_state: The state that the last event said; `unknown`: there was none.
    detail: A word of the client's that says more.
    """

    collection_id: str
    door_id: str
    state: Literal["ok", "no_picture", "stale_pictures", "silent"] | str
    former_state: Literal["ok", "no_picture", "stale_pictures", "silent"] | str | Literal["unknown"]
    detail: str | None


class HealthEvent(Model):
    """The health of a door's client changed.

    specversion: Version of CloudEvents.
    id: Id of the event; the same each time that it is sent.
    source: Where it happened; `sequence` counts within it.
    type: What happened.
    subject: Id of what it happened to.
    time: When it happened.
    timestamp: The same as `time`, for Standard Webhooks.
    sequence: Its number within `source`, from 1.
    datacontenttype: The form of `data`.
    data: More of it.
    """

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["door.health"]
    subject: str
    time: datetime
    timestamp: datetime
    sequence: str
    datacontenttype: Literal["application/json"]
    data: HealthData


class KeyData(Model):
    """A key that was made or revoked.

    key_id: Id of the key that did it; null for a command.
    request_id: Id of the request that did it.
    audit_seq: `seq` of its row in the audit.
    affected_key_id: Id of the key that was made or revoked.
    """

    key_id: str | None
    request_id: str | None
    audit_seq: int
    affected_key_id: str


class KeyEvent(Model):
    """A key was made or revoked.

    specversion: Version of CloudEvents.
    id: Id of the event; the same each time that it is sent.
    source: Where it happened; `sequence` counts within it.
    type: What happened.
    subject: Id of what it happened to.
    time: When it happened.
    timestamp: The same as `time`, for Standard Webhooks.
    sequence: Its number within `source`, from 1.
    datacontenttype: The form of `data`.
    data: More of it.
    """

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["key.created", "key.revoked"]
    subject: str
    time: datetime
    timestamp: datetime
    sequence: str
    datacontenttype: Literal["application/json"]
    data: KeyData


class LockdownData(Model):
    """A door or zone where nothing is granted any more, or again.

    key_id: Id of the key that did it; null for a command.
    request_id: Id of the request that did it.
    audit_seq: `seq` of its row in the audit.
    collection_id: Id of the collection.
    door_id: Id of the door; null: a whole zone.
    zone_id: Id of the zone; null: one door.
    locked_down: Whether it is locked down now.
    """

    key_id: str | None
    request_id: str | None
    audit_seq: int
    collection_id: str
    door_id: str | None
    zone_id: str | None
    locked_down: bool


class LockdownEvent(Model):
    """A door or zone was locked down, or is so no more.

    specversion: Version of CloudEvents.
    id: Id of the event; the same each time that it is sent.
    source: Where it happened; `sequence` counts within it.
    type: What happened.
    subject: Id of what it happened to.
    time: When it happened.
    timestamp: The same as `time`, for Standard Webhooks.
    sequence: Its number within `source`, from 1.
    datacontenttype: The form of `data`.
    data: More of it.
    """

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["door.lockdown"]
    subject: str
    time: datetime
    timestamp: datetime
    sequence: str
    datacontenttype: Literal["application/json"]
    data: LockdownData


class MergeData(Model):
    """A person who got the faces of another, because the two are one person.

    key_id: Id of the key that did it; null for a command.
    request_id: Id of the request that did it.
    audit_seq: `seq` of its row in the audit.
    collection_id: Id of the collection.
    person_id: Id of the person who stays.
    merged_person_id: Id of the other, who is removed.
    name: The person's name, over a webhook that includes it; absent anywhere else.
    """

    key_id: str | None
    request_id: str | None
    audit_seq: int
    collection_id: str
    person_id: str
    merged_person_id: str
    name: str | None = None


class MergeEvent(Model):
    """Two persons were found to be one: one of them stays.

    specversion: Version of CloudEvents.
    id: Id of the event; the same each time that it is sent.
    source: Where it happened; `sequence` counts within it.
    type: What happened.
    subject: Id of what it happened to.
    time: When it happened.
    timestamp: The same as `time`, for Standard Webhooks.
    sequence: Its number within `source`, from 1.
    datacontenttype: The form of `data`.
    data: More of it.
    """

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["person.merged"]
    subject: str
    time: datetime
    timestamp: datetime
    sequence: str
    datacontenttype: Literal["application/json"]
    data: MergeData


class PersonData(Model):
    """A person who was enrolled, changed, suspended or removed.

    key_id: Id of the key that did it; null for a command.
    request_id: Id of the request that did it.
    audit_seq: `seq` of its row in the audit.
    collection_id: Id of the collection.
    person_id: Id of the person.
    fields: Names of the fields that were changed.
    name: The person's name, over a webhook that includes it; absent anywhere else.
    """

    key_id: str | None
    request_id: str | None
    audit_seq: int
    collection_id: str
    person_id: str
    fields: list[str] | None
    name: str | None = None


class PersonEvent(Model):
    """A person was enrolled, changed, suspended or removed.

    specversion: Version of CloudEvents.
    id: Id of the event; the same each time that it is sent.
    source: Where it happened; `sequence` counts within it.
    type: What happened.
    subject: Id of what it happened to.
    time: When it happened.
    timestamp: The same as `time`, for Standard Webhooks.
    sequence: Its number within `source`, from 1.
    datacontenttype: The form of `data`.
    data: More of it.
    """

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["person.created", "person.updated", "person.suspended", "person.erased"]
    subject: str
    time: datetime
    timestamp: datetime
    sequence: str
    datacontenttype: Literal["application/json"]
    data: PersonData


class PingData(Model):
    """An endpoint that is tested.

    collection_id: Id of its collection; null: the whole site.
    webhook_id: Id of the webhook.
    """

    collection_id: str | None
    webhook_id: str


class PingEvent(Model):
    """A test of an endpoint. It is sent to that one alone, and its `sequence` is 0.

    specversion: Version of CloudEvents.
    id: Id of the event; the same each time that it is sent.
    source: Where it happened; `sequence` counts within it.
    type: What happened.
    subject: Id of what it happened to.
    time: When it happened.
    timestamp: The same as `time`, for Standard Webhooks.
    sequence: Its number within `source`, from 1.
    datacontenttype: The form of `data`.
    data: More of it.
    """

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["webhook.ping"]
    subject: str
    time: datetime
    timestamp: datetime
    sequence: str
    datacontenttype: Literal["application/json"]
    data: PingData


class WebhookData(Model):
    """An endpoint to which nothing is sent any more.

    key_id: Id of the key that did it; null for a command.
    request_id: Id of the request that did it.
    audit_seq: `seq` of its row in the audit.
    collection_id: Id of its collection; null: the whole site.
    webhook_id: Id of the webhook.
    disabled_reason: `gone`: it answered 410.
    """

    key_id: str | None
    request_id: str | None
    audit_seq: int
    collection_id: str | None
    webhook_id: str
    disabled_reason: Literal["gone"]


class WebhookEvent(Model):
    """An endpoint was turned off because of what it answered.

    specversion: Version of CloudEvents.
    id: Id of the event; the same each time that it is sent.
    source: Where it happened; `sequence` counts within it.
    type: What happened.
    subject: Id of what it happened to.
    time: When it happened.
    timestamp: The same as `time`, for Standard Webhooks.
    sequence: Its number within `source`, from 1.
    datacontenttype: The form of `data`.
    data: More of it.
    """

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["webhook.disabled"]
    subject: str
    time: datetime
    timestamp: datetime
    sequence: str
    datacontenttype: Literal["application/json"]
    data: WebhookData


Event: TypeAlias = (
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
    | OtherEvent
)
