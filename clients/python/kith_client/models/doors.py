"""Doors. Written by ``make client`` from the service's OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal, NotRequired, TypeAlias, TypedDict

from kith_client.model import Model
from kith_client.models.common import DoorReason

Answer: TypeAlias = Literal["granted", "denied", "blocked"] | str

Authority: TypeAlias = Literal["acs", "kith"] | str


class BlockField(TypedDict):
    """When suspected spoofs block a door; a patch changes what it names.

    spoofs: Suspected spoofs within `window_s` that block the door.
    window_s: Seconds within which spoofs are counted.
    block_s: Seconds of a first block.
    max_block_s: Seconds that a block, twice as long each time, has at most; no less than
        `block_s`.
    """

    spoofs: NotRequired[int]
    window_s: NotRequired[int]
    block_s: NotRequired[int]
    max_block_s: NotRequired[int]


class BlockView(Model):
    """When suspected spoofs block a door.

    spoofs: Suspected spoofs within `window_s` that block the door.
    window_s: Seconds within which spoofs are counted.
    block_s: Seconds of a first block.
    max_block_s: Seconds that a block, twice as long each time, has at most; no less than
        `block_s`.
    """

    spoofs: int
    window_s: int
    block_s: int
    max_block_s: int


class DoorDecisionView(Model):
    """The decision. Open for `decision: granted` alone, and until `valid_until` at the latest.

    decision: `granted`, `denied`, `blocked`; `pending`: more frames of the session are needed.
    reason: The one reason; treat one that you do not know as a denial. Null: pending.
    detail: What to do about it, for people; null: nothing.
    collection_id: Id of the collection.
    door_id: Id of the door.
    mode: The door's mode.
    authority: The system that decides: `acs`, where a grant says that the face is right, or
        `kith`.
    decided_at: Time of the decision, UTC.
    valid_until: A grant holds until then, UTC; null: no grant, or a dry run.
    blocked_until: The door is blocked until then, UTC; null: it is not.
    person: The person; null where the reason names nobody.
    match: How the person was recognised; null without the scope `admin`, and where nobody is
        named.
    frames: How many frames came, and which were used.
    liveness: Whether the face is looked at for life.
    factors: What was checked and is the person's; empty where nobody is named.
    rule: The rule that decides; null: none does.
    policy_revision: The policy revision by which it was decided.
    need: Further frames that the session needs; 0: it is decided.
    event_id: Id of the decision's event. A grant that still holds has that of the first time.
        Null: no event, as for a dry run or while pending.
    suppressed: Whether the event was made by an earlier decision, or is not made yet.
    dry_run: Whether it was only tried.
    request_id: Id of this request: that of its log line and of `X-Request-Id`.
    """

    decision: Answer | Literal["pending"]
    reason: DoorReason | None
    detail: str | None
    collection_id: str
    door_id: str
    mode: Literal["advise", "verify", "decide"] | str
    authority: Authority
    decided_at: datetime
    valid_until: datetime | None
    blocked_until: datetime | None
    person: DoorPersonView | None
    match: DoorMatchView | None
    frames: UsedFramesView
    liveness: LivenessView
    factors: list[Literal["face", "person_id", "card", "user_id", "email"] | str]
    rule: RuleOfDecision | None
    policy_revision: int
    need: int
    event_id: str | None
    suppressed: bool
    dry_run: bool
    request_id: str


class DoorMatchView(Model):
    """How the person was recognised: for keys with the scope `admin`.

    kind: `identify`: against everybody (1:N); `verify`: against one person (1:1).
    similarity: Mean over the used frames; higher is closer.
    threshold: The mean similarity from which on somebody is named.
    fpir: How often a stranger's frames would be as similar to anybody here; null in mode
        `verify`.
    target_fpir: The collection's stated rate; null in mode `verify`.
    gallery_size: Persons who are valid now.
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


class DoorPersonView(Model):
    """The person whom a decision names.

    id: Id of the person.
    external_id: The id that another system has; null: none.
    credentials: With a grant, their credentials of the types in the door's `reveal`; else, and
        in a dry run, empty.
    """

    id: str
    external_id: str | None
    credentials: list[RevealedCredential]


class DoorView(Model):
    """A door: one camera and one direction.

    id: Its id in the collection.
    collection_id: Id of the collection.
    name: Its name for people; null: none.
    revision: The collection's policy revision at the last change; it is the ETag too.
    created_at: Time of creation, UTC.
    updated_at: Time of the last change, UTC.
    zone_id: The zone that the door is in; null: none.
    mode: The system that decides, and what Kith adds.
    direction: The way that its camera looks at.
    enabled: Off: nothing is granted here.
    locked_down: Whether Kith stops granting here.
    ref: Names that other systems have for the door.
    grant_ttl_ms: Milliseconds for which a grant holds.
    cooldown_ms: Milliseconds after a grant in which the person gets no new one here.
    exclusive_ms: Milliseconds after a grant at another door in which the person gets none here.
    frames: How many frames, and how new.
    second_face: What becomes of a second face nearly as large.
    liveness: Whether the face is looked at for life.
    unknown_after_ms: Milliseconds for which unknown faces are seen before their event is made.
    block_after: When suspected spoofs block the door.
    reveal: Types of credentials whose values the answer of a grant has.
    health: How its client is; no part of the `revision`.
    """

    id: str
    collection_id: str
    name: str | None
    revision: int
    created_at: datetime
    updated_at: datetime
    zone_id: str | None
    mode: Literal["advise", "verify", "decide"] | str
    direction: Literal["in", "out"] | str
    enabled: bool
    locked_down: bool
    ref: dict[str, str]
    grant_ttl_ms: int
    cooldown_ms: int
    exclusive_ms: int
    frames: FramesView
    second_face: Literal["ignore", "refuse"] | str
    liveness: Literal["off"]
    unknown_after_ms: int
    block_after: BlockView
    reveal: list[Literal["card", "user_id", "email"] | str]
    health: HealthView


class FramesField(TypedDict):
    """The frames that a decision needs; a patch changes what it names.

    min_used: Frames that must show a usable face; with fewer the door stays shut.
    agree: Share of the used frames in which the person is nearest.
    max_age_ms: Milliseconds after which a frame is stale.
    min_span_ms: Milliseconds from the first used frame to the last, at least; less than
        `max_age_ms`. It needs `captured_at`.
    min_face_size: Shorter side in pixels of the smallest face that counts. A large one costs
        less time.
    """

    min_used: NotRequired[int]
    agree: NotRequired[float]
    max_age_ms: NotRequired[int]
    min_span_ms: NotRequired[int]
    min_face_size: NotRequired[int]


class FramesView(Model):
    """The frames that a decision needs.

    min_used: Frames that must show a usable face; with fewer the door stays shut.
    agree: Share of the used frames in which the person is nearest.
    max_age_ms: Milliseconds after which a frame is stale.
    min_span_ms: Milliseconds from the first used frame to the last, at least; less than
        `max_age_ms`. It needs `captured_at`.
    min_face_size: Shorter side in pixels of the smallest face that counts. A large one costs
        less time.
    """

    min_used: int
    agree: float
    max_age_ms: int
    min_span_ms: int
    min_face_size: int


class HealthTaken(Model):
    """A report was taken.

    state: The state that the door is in now.
    next_in_s: Seconds after which to report again, at the latest.
    """

    state: Literal["ok", "no_picture", "stale_pictures", "silent"] | str
    next_in_s: int


class HealthView(Model):
    """How the client of a door is, by its own reports.

    state: `ok`; `no_picture`; `stale_pictures`; `silent`: it reports no more; `unknown`: it
        never did.
    detail: A word of the client's that says more.
    since: When this state began.
    reported_at: When its client last reported.
    """

    state: Literal["ok", "no_picture", "stale_pictures", "silent"] | str | Literal["unknown"]
    detail: str | None
    since: datetime | None
    reported_at: datetime | None


class LivenessView(Model):
    """Whether the face is of somebody living.

    policy: The door's setting.
    state: The result.
    """

    policy: Literal["off"]
    state: Literal["not_checked"]


class LoggedDecision(Model):
    """A decision that a door has made. One that went on within a visit is here once.

    at: When it was made.
    decision: `granted`, `denied` or `blocked`.
    reason: The one reason.
    person_id: Id of the person; null where nobody is named.
    authority: The system that decided: `acs` or `kith`.
    rule_id: Id of the rule that decided; null: none did.
    valid_until: The end of a grant.
    similarity: Of the person; null where nobody is named.
    fpir: How often a stranger's frames would be as similar to anybody; null where nobody is
        named, and of a claim.
    event_id: Id of its event, and of the answer.
    key_id: Id of the key that asked.
    audit_seq: `seq` of its row in the audit.
    """

    at: datetime
    decision: str
    reason: DoorReason
    person_id: str | None
    authority: str
    rule_id: str | None
    valid_until: datetime | None
    similarity: float | None
    fpir: float | None
    event_id: str
    key_id: str | None
    audit_seq: int


class RevealedCredential(Model):
    """A credential of somebody who is granted, with its value.

    system: The system that knows the person by it, such as `acs` or `2n`.
    type: `card`: a number; `user_id`: the person's id in that system; `email`.
    format: How the system writes it, such as `WIEGAND26`; null: unsaid.
    value: The number, id or address. A secret: do not log it.
    """

    _secret: ClassVar[frozenset[str]] = frozenset(["value"])
    system: str
    type: Literal["card", "user_id", "email"] | str
    format: str | None
    value: str


class RuleOfDecision(Model):
    """The rule that decides: that grants, or that would at another time.

    id: Id of the rule.
    schedule_id: Id of its schedule.
    """

    id: str
    schedule_id: str


class UsedFramesView(Model):
    """The use made of the frames.

    received: Frames that came, in this request or in its session.
    used: Frames that the decision rests on.
    needed: Frames that the door needs (`frames.min_used`).
    agreeing: Used frames in which the person is nearest.
    span_ms: Milliseconds from the first used frame to the last.
    first_at: Time of the first used frame, UTC.
    last_at: Time of the last used frame, UTC.
    age_ms: Age of the last used frame at the decision; null: none was used.
    """

    received: int
    used: int
    needed: int
    agreeing: int
    span_ms: int
    first_at: datetime | None
    last_at: datetime | None
    age_ms: int | None
