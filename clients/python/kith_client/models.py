"""Answers and parts of bodies. Written by ``make client`` from the service's OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal, NotRequired, TypeAlias, TypedDict

from kith_client.model import Model, OtherEvent, OtherWarning


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


class ActionView(Model):
    """An action of a door.

    id: Its id at the door.
    collection_id: Id of the collection.
    door_id: Id of the door.
    name: Its name for people; null: none.
    enabled: Off: it is not sent.
    on: The decisions that set it off.
    kind: What is sent.
    method: The request's method; of `http` alone.
    url: Where it goes.
    topic: The message's topic; null for `http`.
    headers: Headers, as templates.
    body: The body or message, a template; null: none.
    content_type: What the body is.
    expect: What the answer must say; null: nothing.
    auth: How the device knows Kith; of a secret the name alone.
    tls: Whom to trust; null: the machine's.
    timeout_ms: Milliseconds for all of it.
    created_at: Time of creation, UTC.
    updated_at: Time of the last change, UTC.
    """

    id: str
    collection_id: str
    door_id: str
    name: str | None
    enabled: bool
    on: list[str]
    kind: Literal["http", "mqtt"] | str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | str
    url: str
    topic: str | None
    headers: dict[str, str]
    body: str | None
    content_type: str
    expect: ExpectField | None
    auth: AuthField
    tls: TlsField | None
    timeout_ms: int
    created_at: datetime
    updated_at: datetime


class ActorView(Model):
    """By whom it was done; all null where a command or a job did it.

    key_id: Id of the key; `operator`: that of `KITH_ADMIN_KEY`.
    client: Address of the client, as the log has it.
    request_id: Id of the request, as the log has it.
    """

    key_id: str | None
    client: str | None
    request_id: str | None


class AddedFace(Model):
    """A template just made.

    id: The face's number in its collection; no later face gets it again.
    person_id: Id of the person.
    image_sha256: SHA-256 of the image as sent, hexadecimal.
    box: The face's box in its image.
    turned_degrees: Degrees by which the image was turned clockwise to be upright.
    detection_score: The detector's confidence, 0 to 1; higher is surer.
    quality: How usable the face is; null without a detector.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    created_at: Time of creation, UTC.
    index: Place of the image in the request, from 0.
    """

    id: int
    person_id: str
    image_sha256: str
    box: BoxView
    turned_degrees: Literal[0, 90, 180, 270] | int
    detection_score: float
    quality: QualityView | None
    contract_id: str
    created_at: datetime
    index: int


class AnchorData(Model):
    """The newest row of a chain of the audit, as `kith audit anchor` printed it.

    collection_id: Id of the collection; null: the site's chain.
    chain: Id of the chain.
    seq: `seq` of its newest row; 0: it has none.
    hash: Hash of that row, in hex.
    """

    collection_id: str | None
    chain: str
    seq: int
    hash: str


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


Answer: TypeAlias = Literal["granted", "denied", "blocked"] | str


class AuditRowView(Model):
    """One thing that happened. `hash` is the SHA-256 of all the rest as canonical JSON (RFC
    8785).

    chain: Id of the chain that the row is in.
    seq: Place in the chain, from 1.
    prev: `hash` of the row before; zeros for the first.
    at: When it happened.
    action: What happened, such as `person.updated`.
    object: What it was done to.
    collection: Id of the collection; null for keys and the like.
    actor: By whom it was done.
    details: More of it: ids, numbers and names of fields; never an image or a name.
    hash: SHA-256 of the row, in hex.
    """

    chain: str
    seq: int
    prev: str
    at: datetime
    action: str
    object: ObjectView
    collection: str | None
    actor: ActorView
    details: dict[str, Any]
    hash: str


class AuthField(TypedDict):
    """The way in which the device knows Kith.

    kind: `none`: not at all, or by a placeholder `{{secret}}`; `basic` and `digest`: user and
        password; `bearer`: a token; `login`: by a request that comes first.
    secret: The secret's name; null: none.
    login: The first request of `login`, else null.
    """

    kind: NotRequired[Literal["none", "basic", "digest", "bearer", "login"]]
    secret: NotRequired[str | None]
    login: NotRequired[LoginField | None]


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


class BoxView(Model):
    """The face's box in pixels of the upright image; only its visible part where the border
    cuts it.

    x: Pixels from the image's left edge to the box.
    y: Pixels from the image's top edge to the box.
    width: Pixels.
    height: Pixels.
    """

    x: int
    y: int
    width: int
    height: int


class BundleEvidence(Model):
    """The threshold that the bundle's calibration alone would give, and the data behind it.

    similarity: The least cosine that strangers reach at the target, were all of them and the
        enrolled like the bundle's people; 1.001 where none is high enough.
    fpir_interval: 95 % interval of the rate there.
    extrapolated: Whether the rate is below what the calibration has measured.
    calibration: The data and date of the bundle's calibration.
    """

    similarity: float
    fpir_interval: list[float]
    extrapolated: bool
    calibration: dict[str, Any]


class Candidate(Model):
    """A person who looks like the probe; ``fpir`` is the rate at which strangers look as alike.
    ``extrapolated``: so low a rate that the calibration's data do not reach it.
    ``reported_not_them``: the probe is nearer to a face that feedback said was not the person
    than to the person. They are not named for it, however near. ``face_id``, the nearest
    template, is null in a stale answer.

    person_id: Id of the person.
    external_id: The person's id in the client's own system; null: none.
    name: The person's name; null: none.
    similarity: Cosine of probe and person, -1 to 1; higher is closer.
    fpir: Rate, 0 to 1, at which strangers are as similar to anybody in this gallery.
    extrapolated: Whether the rate is below what the calibration has measured.
    face_id: Number of the person's nearest face; null in a stale answer.
    reported_not_them: Whether feedback keeps this person from being named for this probe.
    """

    person_id: str
    external_id: str | None
    name: str | None
    similarity: float
    fpir: float
    extrapolated: bool
    face_id: int | None
    reported_not_them: bool


class ChangedPerson(Model):
    """A person who changed.

    external_id: The person's id in the other system.
    person_id: The person's id; null where they would be made, in a dry run.
    fields: The fields that changed; no values.
    """

    external_id: str
    person_id: str | None
    fields: list[Literal["name", "valid_from", "valid_until", "groups", "credentials"] | str]


class ClusterReport(Model):
    """All ``labels`` in the order sent (ids, oldest first, for stored probes), and the clusters
    of one or more of them, largest first. Two strangers are as near as members of a cluster
    with a probability of at most ``max_fmr``.

    labels: All faces in the order sent; ids, oldest first, for stored probes.
    max_fmr: Rate, 0 to 1, at which two strangers are as near as members of a group.
    clusters: The groups, largest first; each face is in one.
    warnings: Images in which several faces were found.
    """

    labels: list[str]
    max_fmr: float
    clusters: list[ClusterView]
    warnings: list[SeveralFaces]


class ClusterView(Model):
    """Faces of one person, by label and by place among all ``labels``. ``cohesion`` is their
    mean similarity to each other, null for a single face. ``person`` is null where the group is
    nobody enrolled. Only stored probes have times at which they were seen.

    labels: Labels of the faces of this group.
    indices: Their places in the report's `labels`, from 0.
    cohesion: Mean cosine of the faces to each other; higher is closer, null for a single face.
    first_seen: Time of the earliest stored probe, UTC; null for images.
    last_seen: Time of the latest stored probe, UTC; null for images.
    person: The enrolled person of this group; null where it is nobody.
    """

    labels: list[str]
    indices: list[int]
    cohesion: float | None
    first_seen: datetime | None
    last_seen: datetime | None
    person: KnownPerson | None


class CollectionView(Model):
    """A collection as it is now.

    id: Id of the collection.
    name: A name for people; null: none.
    target_fpir: False-positive identification rate: how often a stranger may be named.
    target_fmr: False-match rate of a 1:1 verification.
    max_faces_per_person: Most faces that a person may have.
    lookalikes: Treatment of an image that looks like another enrolled person.
    unlike: Treatment of an image that is unlike the person's other faces.
    keep_probes: Number of the latest unknown faces whose embeddings are kept.
    keep_crops: Whether the aligned crops of newly enrolled faces are kept.
    show_candidates: Whether keys without `read` get candidates and exact similarities.
    metadata: The client's own data.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    revision: Number of changes of the collection's enrolled people so far.
    person_count: Persons enrolled, valid now or not.
    face_count: Faces of these persons.
    created_at: Time of creation, UTC.
    updated_at: Time of the last change, UTC.
    """

    id: str
    name: str | None
    target_fpir: float
    target_fmr: float
    max_faces_per_person: int
    lookalikes: Literal["off", "warn", "refuse"] | str
    unlike: Literal["off", "warn", "refuse"] | str
    keep_probes: int
    keep_crops: bool
    show_candidates: bool
    metadata: dict[str, Any]
    contract_id: str
    revision: int
    person_count: int
    face_count: int
    created_at: datetime
    updated_at: datetime


class Comparison(Model):
    """Two images, one face of each; in ``warnings`` the source is image 0, the target image 1.

    request_id: Id of this request: that of its log line and of `X-Request-Id`.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    decision: `rejected`: there was nothing to compare; `reasons` say why.
    reasons: Why there was nothing to compare; else empty.
    similarity: Cosine of the faces, -1 to 1; higher is closer. Null where not compared.
    threshold: The least similarity that counts; above 1 where none is near enough.
    target_fmr: False-match rate of a 1:1 verification.
    fmr: Rate, 0 to 1, at which two strangers are as similar; lower is closer.
    extrapolated: Whether `fmr` is below what the calibration has measured.
    source: The face taken of the source; null where none was.
    target: The face taken of the target; null where none was.
    warnings: The images in which several faces were found: 0 the source, 1 the target.
    """

    request_id: str
    contract_id: str
    decision: Literal["match", "no_match", "rejected"] | str
    reasons: list[
        Literal[
            "no_face",
            "multiple_faces",
            "face_too_small",
            "face_cut_off",
            "low_detection_score",
            "low_quality",
            "extreme_pose",
            "not_recognisable",
            "person_not_valid",
        ]
        | str
    ]
    similarity: float | None
    threshold: float
    target_fmr: float
    fmr: float | None
    extrapolated: bool
    source: SampleView | None
    target: SampleView | None
    warnings: list[SeveralFaces]


class CredentialField(TypedDict):
    """The number, id or address by which another system knows a person.

    system: The system that knows the person by it, such as `acs` or `2n`.
    type: `card`: a number; `user_id`: the person's id in that system; `email`.
    format: How the system writes it, such as `WIEGAND26`; null: unsaid.
    value: The number, id or address, exactly as the system has it. A secret: no error and no
        log repeats it, and no answer but that of a grant at a door which reveals it.
    """

    system: str
    type: Literal["card", "user_id", "email"]
    format: NotRequired[str | None]
    value: str


class CredentialView(Model):
    """That another system knows the person, and by what; never the value.

    system: The system that knows the person by it, such as `acs` or `2n`.
    type: `card`: a number; `user_id`: the person's id in that system; `email`.
    format: How the system writes it, such as `WIEGAND26`; null: unsaid.
    """

    system: str
    type: Literal["card", "user_id", "email"] | str
    format: str | None


class DeadLetterView(Model):
    """An event that the endpoint did not take in all attempts.

    event_id: Id of the event.
    source: Where it happened.
    type: What happened.
    died_at: When the last attempt failed.
    attempts: Attempts so far.
    status: The status that the endpoint answered; null: none.
    error: What went wrong at the last attempt.
    replaying: Whether it is to be sent again.
    """

    event_id: str
    source: str
    type: str
    died_at: datetime
    attempts: int
    status: int | None
    error: str
    replaying: bool


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


class Detection(Model):
    """Every face of the image, largest first, without identities.

    request_id: Id of this request: that of its log line and of `X-Request-Id`.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    width: Of the upright image.
    height: Of the upright image.
    faces_found: All faces found, also those beyond `max_faces`.
    faces: The faces, largest first.
    """

    request_id: str
    contract_id: str
    width: int
    height: int
    faces_found: int
    faces: list[SampleView]


class DistanceMatrix(Model):
    """``matrix[i][j]`` is the distance of ``labels[i]`` and ``labels[j]``; 0 is the same.

    labels: One label a row: the person's id, or the image's file name or place.
    metric: The measure of distance.
    matrix: Distances by row and column of `labels`; 0 is the same, larger is less alike.
    warnings: Images in which several faces were found.
    """

    labels: list[str]
    metric: Literal["cosine", "euclidean", "manhattan"] | str
    matrix: list[list[float]]
    warnings: list[SeveralFaces]


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


DoorReason: TypeAlias = (
    Literal[
        "system_error",
        "door_disabled",
        "door_locked_down",
        "temporarily_blocked",
        "stale_frames",
        "too_few_frames",
        "no_face",
        "low_quality",
        "multiple_faces",
        "frames_disagree",
        "spoof_suspected",
        "unknown_person",
        "ambiguous",
        "person_not_yet_valid",
        "person_expired",
        "person_suspended",
        "factor_required",
        "factor_mismatch",
        "not_authorised",
        "outside_schedule",
        "cooldown",
        "granted",
    ]
    | str
)


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


class EmbeddingView(Model):
    """One face's embedding, of unit length.

    request_id: Id of this request: that of its log line and of `X-Request-Id`.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    dimension: Numbers in the embedding.
    embedding: The embedding, of length 1: the cosine of two is their similarity.
    face: The face that was embedded.
    warnings: The image, where several faces were found in it.
    """

    request_id: str
    contract_id: str
    dimension: int
    embedding: list[float]
    face: SampleView
    warnings: list[SeveralFaces]


class Events(Model):
    """Events in their order.

    items: The events after `after`; at most `limit`.
    more: Whether there are more: ask again after the last of these.
    """

    items: list[
        PersonEvent
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


class ExpectField(TypedDict):
    """A field that the answer must have, for devices that answer 200 to what they did not do.

    json: A field of the JSON that is answered, as `Response.code`.
    equals: The value that it must have.
    """

    json: str
    equals: bool | int | str


class FaceView(Model):
    """One template's origin; never the embedding.

    id: The face's number in its collection; no later face gets it again.
    person_id: Id of the person.
    image_sha256: SHA-256 of the image as sent, hexadecimal.
    box: The face's box in its image.
    turned_degrees: Degrees by which the image was turned clockwise to be upright.
    detection_score: The detector's confidence, 0 to 1; higher is surer.
    quality: How usable the face is; null without a detector.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    created_at: Time of creation, UTC.
    """

    id: int
    person_id: str
    image_sha256: str
    box: BoxView
    turned_degrees: Literal[0, 90, 180, 270] | int
    detection_score: float
    quality: QualityView | None
    contract_id: str
    created_at: datetime


class FacesAdded(Model):
    """The result for each image; partial success is success.

    faces: The faces enrolled, in the order of their images.
    rejected: The images that were not enrolled, in their order.
    warnings: Images that were enrolled but should be looked at.
    """

    faces: list[AddedFace]
    rejected: list[RejectedImage]
    warnings: list[
        LookalikeWarning | UnlikeWarning | TurnedWarning | SeveralFacesWarning | OtherWarning
    ]


class FeedbackView(Model):
    """A verdict as it is kept. ``false_positive``: the service named this person for the probe,
    and it was not them. ``threshold`` is the collection's, without what feedback raised it by.
    ``similarity`` is null to keys without the scope `read` where it is below that.

    id: Id of the report.
    person_id: The person whom the verdict is about.
    verdict: Whether the face is this person (`them`) or not (`not_them`).
    false_positive: Whether the service named this person for the probe although it is not them.
    similarity: Cosine of probe and person; higher is closer. Null to keys without `read` below
        `threshold`.
    threshold: The least similarity that counts; above 1 where none is near enough.
    revision: Number of changes of the collection's enrolled people so far.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    source: Where the image is from, such as a camera; null where nothing was said.
    created_at: Time of the report, UTC.
    warnings: The image, where several faces were found in it.
    """

    id: str
    person_id: str
    verdict: Literal["them", "not_them"] | str
    false_positive: bool
    similarity: float | None
    threshold: float
    revision: int
    contract_id: str
    source: str | None
    created_at: datetime
    warnings: list[SeveralFaces]


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


class GroupOfLine(TypedDict):
    """A group that the person is in, and for how long.

    id: Id of the group, which must be there.
    valid_from: It does not count before; null: always.
    valid_until: It does not count from then on; null: it does not end.
    """

    id: str
    valid_from: NotRequired[datetime | str | None]
    valid_until: NotRequired[datetime | str | None]


class GroupView(Model):
    """Persons who may pass the same doors at the same times.

    id: Its id in the collection.
    collection_id: Id of the collection.
    name: Its name for people; null: none.
    revision: The collection's policy revision at the last change; it is the ETag too.
    created_at: Time of creation, UTC.
    updated_at: Time of the last change, UTC.
    """

    id: str
    collection_id: str
    name: str | None
    revision: int
    created_at: datetime
    updated_at: datetime


class Health(Model):
    """The service's word on itself.

    status: Always `ok`: an answer is the news.
    """

    status: Literal["ok"]


class HealthData(Model):
    """The client of a door is in another state.

    collection_id: Id of the collection.
    door_id: Id of the door.
    state: `ok`; `no_picture`: its camera gives none; `stale_pictures`: they are too old when
        they are decided on; `silent`: it does not report any more.
    former_state: The state before; `unknown`: it never reported.
    detail: A word of the client's that says more.
    """

    collection_id: str
    door_id: str
    state: Literal["ok", "no_picture", "stale_pictures", "silent"] | str
    former_state: Literal["ok", "no_picture", "stale_pictures", "silent"] | str | Literal["unknown"]
    detail: str | None


class HealthEvent(Model):
    """The client of a door is well, or is so no more.

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


class HoursField(TypedDict):
    """Hours of a day on the wall clock.

    start: The first minute, as `08:00`.
    end: The minute after the last, as `18:00`; `24:00` is midnight.
    """

    start: str
    end: str


class Identification(Model):
    """Every face of the image, largest first. ``stale``: the database did not answer, so the
    decision uses the last known data of this replica, for at most ``KITH_STALE_OK_SECONDS``.

    request_id: Id of this request: that of its log line and of `X-Request-Id`.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    revision: Number of changes of the collection's enrolled people so far.
    stale: Whether the database did not answer, so that last known data decided.
    policy: The rule of the decision, and the threshold of a typical face.
    width: Of the upright image.
    height: Of the upright image.
    faces_found: All faces found, also those beyond `max_faces`.
    faces: The faces, largest first, at most `max_faces`; empty where none was found.
    timings_ms: Milliseconds spent on each step.
    """

    request_id: str
    contract_id: str
    revision: int
    stale: bool
    policy: PolicyView
    width: int
    height: int
    faces_found: int
    faces: list[IdentifiedFace]
    timings_ms: TimingsView


class IdentifiedFace(Model):
    """A face and its decision. ``person_id`` is null unless ``identified``. ``probe_id`` is
    null unless the face is unknown and was kept, which a stale answer never does. ``not_valid``
    lists, nearest first, the persons who reach the threshold of an unknown face but are not
    valid now; ``reasons`` then hold ``person_not_valid``. Only keys with the scope ``read`` or
    ``admin`` get both. ``threshold`` is the similarity from which on a person is named for this
    face: its similarities to all people of the gallery decide it. Null for a face that was not
    compared, and for callers who do not see candidates. ``similarity`` is that with the person
    identified, else null. Keys without ``read`` get it in steps of 0.05 and no ``candidates``;
    if the collection has ``show_candidates``, they get exact values and candidates without
    names.

    box: The face's box; of a bundle without a detector the whole image.
    landmarks: x and y in pixels of the person's right eye, left eye, nose tip, right and left
        corner of the mouth; null without a detector.
    detection_score: The detector's confidence, 0 to 1; higher is surer.
    quality: How usable the face is; null without a detector.
    decision: `unknown`: nobody reaches the threshold. `ambiguous`: two do, and their
        similarities are too close. `rejected`: the face cannot be compared; `reasons` say why.
    person_id: The person identified; null for every other decision.
    similarity: Cosine with the person identified, higher is closer, else null; in steps of 0.05
        to keys that do not get exact values.
    threshold: The least cosine at which a person is named for this face: its similarities to
        everybody here decide it. Null where the face was not compared, and to keys that do not
        get exact values.
    probe_id: Id of the kept probe, for feedback; null where it was not kept.
    reasons: Why the face was not compared or not named; else empty.
    not_valid: Persons who reach the threshold but are not valid now, nearest first.
    candidates: The nearest persons, one row a person, nearest first, whatever the decision.
    """

    box: BoxView
    landmarks: list[list[float]] | None
    detection_score: float
    quality: QualityView | None
    decision: Literal["identified", "unknown", "ambiguous", "rejected"] | str
    person_id: str | None
    similarity: float | None
    threshold: float | None
    probe_id: str | None
    reasons: list[
        Literal[
            "no_face",
            "multiple_faces",
            "face_too_small",
            "face_cut_off",
            "low_detection_score",
            "low_quality",
            "extreme_pose",
            "not_recognisable",
            "person_not_valid",
        ]
        | str
    ]
    not_valid: list[NotValidPerson]
    candidates: list[Candidate]


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


class KeyView(Model):
    """A key without its secret. ``collections`` are those of its collections that are still
    there; ``last_used_at`` is at most a minute late, and null where the key was never used.

    id: Id of the key, which is no secret.
    name: Its name for people; null: none.
    scopes: What the key may do.
    collections: Collections that the key is for, as far as they still exist; null: all.
    doors: Doors that the key is for, as far as they still exist; null: it has not the scope
        `door`.
    expires_at: The key is refused from then on, UTC; null: it does not expire.
    last_used_at: Time of the last use, UTC, up to a minute late; null: never used.
    rate: Requests a minute, of each replica; null: any number.
    unknown: What the CompreFace-compatible API answers for a face of nobody; null: by the
        scopes.
    created_at: Time of creation, UTC.
    """

    id: str
    name: str | None
    scopes: list[Scope]
    collections: list[str] | None
    doors: list[str] | None
    expires_at: datetime | None
    last_used_at: datetime | None
    rate: int | None
    unknown: Literal["nearest", "empty"] | str | None
    created_at: datetime


class KnownPerson(Model):
    """The enrolled person whose faces a group has.

    person_id: Id of the person.
    external_id: The person's id in the client's own system; null: none.
    name: The person's name; null: none.
    similarity: Cosine of the group's and the person's embeddings; higher is closer.
    fpir: Rate, 0 to 1, at which strangers are as similar to anybody in the collection.
    """

    person_id: str
    external_id: str | None
    name: str | None
    similarity: float
    fpir: float


class LivenessView(Model):
    """Whether the face is of somebody living.

    policy: The door's setting.
    state: The result.
    """

    policy: Literal["off"]
    state: Literal["not_checked"]


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


class LoginField(TypedDict):
    """A request that comes first, to the same host.

    method: Its method.
    url: Its address, a template.
    headers: Headers, at most 16; values are templates.
    body: Its body, a template; null: none.
    content_type: Its content type.
    take: Where its answer has a token; null: in cookies, which go along anyway.
    give: The header of the action that gets the token; null: none.
    """

    method: NotRequired[Literal["GET", "POST", "PUT", "PATCH", "DELETE"]]
    url: str
    headers: NotRequired[Mapping[str, str]]
    body: NotRequired[str | None]
    content_type: NotRequired[str]
    take: NotRequired[TakeField | None]
    give: NotRequired[str | None]


class LookalikePair(Model):
    """Two persons who are nearer to each other than strangers should be. A ``lookalike`` would
    be named as the other at the collection's target if it were not enrolled.

    persons: The two persons.
    similarity: Cosine of the two, -1 to 1; higher is closer.
    fmr: Rate, 0 to 1, at which two strangers are this alike; lower is closer.
    kind: `probable_duplicate`: as near as faces of one person are on average.
    """

    persons: list[ReportedPerson]
    similarity: float
    fmr: float
    kind: Literal["lookalike", "probable_duplicate"] | str


class LookalikeWarning(Model):
    """An image that was enrolled although the service would have named somebody else for it.

    index: Place of the image in the request, from 0.
    filename: Name of the image's file; null where it was sent without.
    image_sha256: SHA-256 of the image as sent, hexadecimal.
    reason: The kind of warning.
    person_id: The person whom the image looks like.
    similarity: Cosine of image and that person, -1 to 1; higher is closer. In steps of 0.05 to
        keys that do not get exact values.
    fpir: Rate, 0 to 1, at which strangers look as much like anybody in this gallery; null to
        keys that do not get exact values.
    detail: The reason in words, and what to do.
    """

    index: int
    filename: str | None
    image_sha256: str
    reason: Literal["looks_like_another_person"]
    person_id: str
    similarity: float
    fpir: float | None
    detail: str


class MemberView(Model):
    """A person in a group.

    group_id: Id of the group.
    person_id: Id of the person.
    valid_from: It does not count before, UTC; null: always.
    valid_until: It does not count from then on, UTC; null: it does not end.
    """

    group_id: str
    person_id: str
    valid_from: datetime | None
    valid_until: datetime | None


class ModelList(Model):
    """The bundles loaded: one.

    items: The bundles loaded: one.
    """

    items: list[ModelView]


class ModelView(Model):
    """The model bundle that this service runs. ``manifest_sha256`` is of its ``manifest.json``,
    which states the SHA-256 of every other file: two services with the same one decide by the
    same models and the same calibration.

    name: Name of the bundle.
    version: Its version.
    contract_id: Id of the embedding path: embeddings of different ids cannot be compared.
    manifest_sha256: SHA-256 of the bundle's `manifest.json`, hexadecimal.
    licence: Licence of the models.
    dimension: Numbers in an embedding.
    sample: What is embedded: the face that was found, or the whole image.
    provider: The library that computes embeddings: `cpu` is onnxruntime, and the reference.
    precision: Number format of the computation.
    self_check: Lowest cosine of its embeddings to those of the reference: 0.999 or more; null:
        it is the reference.
    milliseconds: Milliseconds of one embedding by each provider and precision, where several
        were measured.
    calibration: The data and date of the bundle's calibration.
    """

    name: str
    version: str
    contract_id: str
    manifest_sha256: str
    licence: str
    dimension: int
    sample: Literal["face", "image"] | str
    provider: Literal["cpu", "openvino", "cuda"] | str
    precision: Literal["fp32", "bf16", "int8"] | str
    self_check: float | None
    milliseconds: dict[str, float]
    calibration: dict[str, Any]


class NearPerson(Model):
    """The person whom Kith would name for a face that is another's.

    person: The person.
    similarity: Cosine of the face and that person, -1 to 1; higher is closer.
    """

    person: ReportedPerson
    similarity: float


class NewKeyView(Model):
    """A key just made, with its secret, which is shown this once.

    id: Id of the key, which is no secret.
    name: Its name for people; null: none.
    scopes: What the key may do.
    collections: Collections that the key is for, as far as they still exist; null: all.
    doors: Doors that the key is for, as far as they still exist; null: it has not the scope
        `door`.
    expires_at: The key is refused from then on, UTC; null: it does not expire.
    last_used_at: Time of the last use, UTC, up to a minute late; null: never used.
    rate: Requests a minute, of each replica; null: any number.
    unknown: What the CompreFace-compatible API answers for a face of nobody; null: by the
        scopes.
    created_at: Time of creation, UTC.
    key: The secret; shown this once.
    """

    _secret: ClassVar[frozenset[str]] = frozenset(["key"])
    id: str
    name: str | None
    scopes: list[Scope]
    collections: list[str] | None
    doors: list[str] | None
    expires_at: datetime | None
    last_used_at: datetime | None
    rate: int | None
    unknown: Literal["nearest", "empty"] | str | None
    created_at: datetime
    key: str


class NotValidPerson(Model):
    """A person whose validity has not begun or is over; only for keys with scope ``read``.

    person_id: Id of the person.
    external_id: The person's id in the client's own system; null: none.
    name: The person's name; null: none.
    valid_from: Not named before, UTC; null: always.
    valid_until: Not named from then on, UTC; null: never.
    """

    person_id: str
    external_id: str | None
    name: str | None
    valid_from: datetime | None
    valid_until: datetime | None


class ObjectView(Model):
    """To what it was done.

    kind: Such as `person`, `door` or `key`.
    id: Its id.
    """

    kind: str
    id: str


class OddFace(Model):
    """A face that is as unlike its person's other faces as a stranger's.

    person: The person who has the face.
    face_id: The face's number in its collection.
    similarity: Cosine of the face and the person's other faces, -1 to 1; higher is closer.
    near: Another person whom Kith would name for the face; null: nobody.
    """

    person: ReportedPerson
    face_id: int
    similarity: float
    near: NearPerson | None


class PersonAdded(Model):
    """The person made, and the result for each image.

    faces: The faces enrolled, in the order of their images.
    rejected: The images that were not enrolled, in their order.
    warnings: Images that were enrolled but should be looked at.
    person: The person made.
    """

    faces: list[AddedFace]
    rejected: list[RejectedImage]
    warnings: list[
        LookalikeWarning | UnlikeWarning | TurnedWarning | SeveralFacesWarning | OtherWarning
    ]
    person: PersonView


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


class PersonView(Model):
    """A person as enrolled now.

    id: Id of the person.
    collection_id: Id of the collection.
    name: The person's name; null: none.
    external_id: The person's id in the client's own system; null: none.
    metadata: The client's own data.
    valid_from: Not named before, UTC; null: always.
    valid_until: Not named from then on, UTC; null: never.
    suspended: Whether every door denies the person.
    suspended_by_sync: Whether a sync suspended the person, so that a sync may end it.
    credentials: What other systems know the person by, without the values.
    face_count: Faces enrolled.
    created_at: Time of creation, UTC.
    updated_at: Time of the last change, UTC.
    """

    id: str
    collection_id: str
    name: str | None
    external_id: str | None
    metadata: dict[str, Any]
    valid_from: datetime | None
    valid_until: datetime | None
    suspended: bool
    suspended_by_sync: bool
    credentials: list[CredentialView]
    face_count: int
    created_at: datetime
    updated_at: datetime


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


class PingView(Model):
    """The result of a test.

    event_id: Id of the event that was sent: its `webhook-id`.
    outcome: `delivered`: the endpoint took it; `gone`: it answered 410; `refused`: with another
        status than 200 to 299; `unanswered`: it may have it, and did not answer in time;
        `failed`: nothing was sent; `unfit`: a secret is missing or wrong.
    status: Status of the answer; null: none.
    ms: Milliseconds that it took.
    error: What went wrong; null: nothing.
    at: When it was sent, UTC.
    """

    event_id: str
    outcome: Literal["delivered", "gone", "refused", "unanswered", "failed", "unfit"] | str
    status: int | None
    ms: int
    error: str | None
    at: datetime


class PolicyView(Model):
    """The rule of the decision. ``threshold`` is that of a typical face in this gallery; each
    face has its own. Keys that do not get exact values get the bundle's for this number of
    persons.

    target_fpir: Rate, 0 to 1, at which strangers may be named by this decision.
    threshold: The threshold of a typical face in this gallery. Each face is decided by its own,
        `faces[].threshold`: it may be unknown above this one, or named below it. To keys that
        do not get exact values the bundle's, for any people.
    gallery_size: Persons who are valid now.
    extrapolated: Whether the rate is below what the calibration has measured.
    warning: What to know where the data do not support the rate: it is extrapolated, or fewer
        than 20 persons are enrolled; else null.
    """

    target_fpir: float
    threshold: float
    gallery_size: int
    extrapolated: bool
    warning: str | None


class QualityView(Model):
    """How usable the sample is.

    score: Overall quality, 0 (useless) to 1 (nothing wrong).
    face_size: Pixels of the shorter side of the face's box.
    sharpness: 0 (no detail at all) to 1.
    brightness: 0 (black) to 1 (white).
    yaw: Degrees; positive when the face is turned towards the image's right edge.
    pitch: Degrees; positive when the face looks up.
    roll: Degrees; positive when the head is tilted clockwise in the image.
    recognisability: 0 to 1: of as many whole faces as spoilt ones, the share of whole ones
        among those like this. Null where the face was not embedded, as by `detect`, or the
        bundle has not learned it.
    """

    score: float
    face_size: int
    sharpness: float
    brightness: float
    yaw: float
    pitch: float
    roll: float
    recognisability: float | None


class ReadyView(Model):
    """Whether it can serve. ``stale``: the database does not answer; identify and verify go on
    by what was last known, everything else answers 503.

    status: `stale` while the database does not answer and decisions go on without it.
    """

    status: Literal["ok", "stale"] | str


class RejectedImage(Model):
    """An image that was not enrolled, and why.

    index: Place of the image in the request, from 0.
    filename: Name of the image's file; null where it was sent without.
    image_sha256: SHA-256 of the image as sent, hexadecimal.
    reasons: Why it was not enrolled.
    detail: The reason in words, and what to do.
    """

    index: int
    filename: str | None
    image_sha256: str
    reasons: list[
        Literal[
            "invalid_image",
            "no_face",
            "multiple_faces",
            "face_too_small",
            "face_cut_off",
            "low_detection_score",
            "low_quality",
            "extreme_pose",
            "not_recognisable",
            "duplicate_image",
            "looks_like_another_person",
            "unlike_the_person",
            "face_limit_reached",
        ]
        | str
    ]
    detail: str


class RepeatedKeyView(Model):
    """The same, repeated under its ``Idempotency-Key``: the secret itself is stored nowhere.
    Revoke the key and make another if the first answer was lost.

    id: Id of the key, which is no secret.
    name: Its name for people; null: none.
    scopes: What the key may do.
    collections: Collections that the key is for, as far as they still exist; null: all.
    doors: Doors that the key is for, as far as they still exist; null: it has not the scope
        `door`.
    expires_at: The key is refused from then on, UTC; null: it does not expire.
    last_used_at: Time of the last use, UTC, up to a minute late; null: never used.
    rate: Requests a minute, of each replica; null: any number.
    unknown: What the CompreFace-compatible API answers for a face of nobody; null: by the
        scopes.
    created_at: Time of creation, UTC.
    key: Always null: the secret was in the first answer alone.
    """

    id: str
    name: str | None
    scopes: list[Scope]
    collections: list[str] | None
    doors: list[str] | None
    expires_at: datetime | None
    last_used_at: datetime | None
    rate: int | None
    unknown: Literal["nearest", "empty"] | str | None
    created_at: datetime
    key: None


class ReplayView(Model):
    """The events that are sent again.

    events: Events that are sent again.
    """

    events: int


class ReportedPerson(Model):
    """A person in a report.

    person_id: Id of the person.
    external_id: The person's id in the client's own system; null: none.
    name: The person's name; null: none.
    """

    person_id: str
    external_id: str | None
    name: str | None


class ReportsView(Model):
    """The reports of false positives, and the number that was expected.
    ``expected_false_positives`` is the expected number if all ``probes`` had been strangers.
    For each key and source, probes count only at the pace at which people can pass a camera, so
    that repeated requests cannot cancel reports. ``false_positives`` were confirmed, up to a
    limit for each key. ``factor`` is the lower 95 % confidence bound of the true rate over the
    stated rate, and at most 1 + ``false_positives``: it corrects the rate upwards, never
    downwards.

    probes: Probes counted.
    expected_false_positives: False positives expected if all probes had been strangers.
    false_positives: False positives that were confirmed.
    not_them: Reports `not_them`.
    them: Reports `them`.
    factor: Factor by which feedback raises the rate, at least 1.
    """

    probes: int
    expected_false_positives: float
    false_positives: int
    not_them: int
    them: int
    factor: float


class ResultView(Model):
    """The result of a test.

    action_id: Id of the action.
    outcome: `done`: the device took it; `refused`: it answered with an error; `unanswered`: it
        may have it, and did not answer in time; `failed`: nothing was sent; `unfit`: a value or
        secret is missing, so nothing was sent; `late`: its time was over.
    status: Status of the device's answer; null: none.
    ms: Milliseconds that it took.
    error: What went wrong; null: nothing.
    at: When it was sent, UTC.
    request_id: Id of this request: that of its log line.
    """

    action_id: str
    outcome: Literal["done", "refused", "unanswered", "failed", "unfit", "late", "dropped"] | str
    status: int | None
    ms: int
    error: str | None
    at: datetime
    request_id: str


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


class RuleView(Model):
    """A group may pass a door, or every door of a zone, while a schedule is open.

    id: Its id in the collection.
    collection_id: Id of the collection.
    name: Its name for people; null: none.
    revision: The collection's policy revision at the last change; it is the ETag too.
    created_at: Time of creation, UTC.
    updated_at: Time of the last change, UTC.
    group_id: The group that may pass.
    door_id: The door; null where the rule is for a zone.
    zone_id: The zone; null where the rule is for a door.
    schedule_id: The schedule that says when.
    """

    id: str
    collection_id: str
    name: str | None
    revision: int
    created_at: datetime
    updated_at: datetime
    group_id: str
    door_id: str | None
    zone_id: str | None
    schedule_id: str


class SampleView(Model):
    """A face found: its box, score and quality. Landmarks are eyes, nose tip and mouth corners;
    they may lie outside of the image where the border cuts the face.

    box: The face's box; of a bundle without a detector the whole image.
    landmarks: x and y in pixels of the person's right eye, left eye, nose tip, right and left
        corner of the mouth; null without a detector.
    detection_score: The detector's confidence, 0 to 1; higher is surer.
    quality: How usable the face is; null without a detector.
    """

    box: BoxView
    landmarks: list[list[float]] | None
    detection_score: float
    quality: QualityView | None


class ScheduleView(Model):
    """When a rule grants: hours on the wall clock of a time zone.

    id: Its id in the collection.
    collection_id: Id of the collection.
    name: Its name for people; null: none.
    revision: The collection's policy revision at the last change; it is the ETag too.
    created_at: Time of creation, UTC.
    updated_at: Time of the last change, UTC.
    time_zone: A time zone of the IANA database.
    week: Hours of the week.
    special_days: Days that replace the week.
    """

    id: str
    collection_id: str
    name: str | None
    revision: int
    created_at: datetime
    updated_at: datetime
    time_zone: str
    week: list[WeeklyField]
    special_days: list[SpecialDaysField]


Scope: TypeAlias = Literal["admin", "enroll", "identify", "read", "door"] | str


class SeveralFaces(Model):
    """Several faces were found in an image, and one of them was taken.

    index: Place of the image in the request, from 0.
    reason: The kind of warning.
    faces_found: Faces found in the image.
    box: The box of the face that was taken.
    detail: The reason in words, and what to do.
    """

    index: int
    reason: Literal["several_faces"]
    faces_found: int
    box: BoxView
    detail: str


class SeveralFacesWarning(Model):
    """An image that was enrolled although several faces were found in it, and which was taken.

    index: Place of the image in the request, from 0.
    filename: Name of the image's file; null where it was sent without.
    image_sha256: SHA-256 of the image as sent, hexadecimal.
    reason: The kind of warning.
    faces_found: Faces found in the image.
    box: The box of the face that was taken.
    detail: The reason in words, and what to do.
    """

    index: int
    filename: str | None
    image_sha256: str
    reason: Literal["several_faces"]
    faces_found: int
    box: BoxView
    detail: str


class SiteView(Model):
    """The statistics of the similarities between the gallery's people who are valid now.
    Persons who are more alike than strangers are count once. ``mean`` is over all pairs of
    persons, ``deviation`` that of a typical person's similarities to the others; null with
    fewer than two persons. ``shift`` is the difference of the mean from that of the bundle's
    calibration, in its standard deviations, and ``stretch`` the ratio of the deviations.

    persons: Persons who are valid now, each counted once.
    mean: Mean cosine of pairs of persons; null with fewer than two.
    deviation: Standard deviation of these cosines; null with fewer than two persons.
    shift: Mean less the bundle's, in the bundle's standard deviations; 0 is alike.
    stretch: Standard deviation over the bundle's; 1 is alike.
    """

    persons: int
    mean: float | None
    deviation: float | None
    shift: float
    stretch: float


class SpecialDaysField(TypedDict):
    """Days that replace the week.

    name: A name for people; null: none.
    first: The first day, as `2027-12-24`.
    last: The last day, included; null: the first alone.
    hours: Hours on each of these days; none: closed.
    """

    name: NotRequired[str | None]
    first: str
    last: NotRequired[str | None]
    hours: NotRequired[Sequence[HoursField]]


class SyncCounts(Model):
    """How many people each list is of.

    lines: People in the file.
    created: People made.
    changed: People who were there, and changed.
    unchanged: People of the file who stay as they are.
    suspended: People not in the file, suspended by this sync.
    unsuspended: People in the file again whom an earlier sync had suspended.
    missing: People with an external id who are not in the file, suspended or not.
    """

    lines: int
    created: int
    changed: int
    unchanged: int
    suspended: int
    unsuspended: int
    missing: int


class SyncLine(TypedDict):
    """A person as the other system has them; a field left out stays as it is, null empties it.

    external_id: The person's id in the other system.
    name: A name for people; null: none.
    valid_from: Not named before; null: always.
    valid_until: Not named from then on; null: never.
    groups: All groups that the person is in, by id or with a validity; null: none.
    credentials: All that other systems know the person by; null: nothing.
    """

    external_id: str
    name: NotRequired[str | None]
    valid_from: NotRequired[datetime | str | None]
    valid_until: NotRequired[datetime | str | None]
    groups: NotRequired[Sequence[GroupOfLine | str] | None]
    credentials: NotRequired[Sequence[CredentialField] | None]


class SyncView(Model):
    """The result of a sync, or of a dry run of it.

    dry_run: Whether nothing was changed.
    refusal: In a dry run: why the same sync would be refused; null: it would not.
    revision: Number of changes of the collection's enrolled people so far.
    counts: The number of people of each kind.
    created: People made.
    changed: People who changed, and in what.
    suspended: People suspended.
    unsuspended: People who are not suspended any more.
    complete: Whether the lists name everybody; each ends after 1,000 people.
    """

    dry_run: bool
    refusal: str | None
    revision: int
    counts: SyncCounts
    created: list[SyncedPerson]
    changed: list[ChangedPerson]
    suspended: list[SyncedPerson]
    unsuspended: list[SyncedPerson]
    complete: bool


class SyncedPerson(Model):
    """A person of the sync.

    external_id: The person's id in the other system.
    person_id: The person's id; null where they would be made, in a dry run.
    """

    external_id: str
    person_id: str | None


class TakeField(TypedDict):
    """The place of the token in the answer to a login.

    header: The header that has it; null: see `json`.
    json: The field that has it, as `session.token`; null: see `header`.
    """

    header: NotRequired[str | None]
    json: NotRequired[str | None]


class ThresholdEvidence(Model):
    """The evidence for a threshold, and the difference of the site from the bundle.
    ``fpir_ratio`` is the rate at which strangers would reach the bundle's own threshold here,
    over the rate that the bundle states, with its 95 % interval. ``fits_bundle`` is false, and
    there is a ``warning``, where the ratio is off by more than a factor of two and its interval
    excludes 1. So there is where the target is extrapolated, and where fewer than 20 persons
    are enrolled. Another ``warning`` names persons who are probably one.

    bundle: The bundle's own threshold.
    site: Statistics of the enrolled people.
    feedback: Reports, and the false positives that were expected.
    fpir_ratio: Rate of strangers here at the bundle's threshold, over the rate it states. Null
        with fewer than three persons, who show nothing of it; below about 20 it says little.
    fpir_ratio_interval: 95 % interval of this ratio, the lower end first; null where the ratio
        is.
    fits_bundle: Whether the ratio agrees with 1 within a factor of two or its interval.
    warning: What an operator should know: that the data do not support the rate, that few
        persons are enrolled, that strangers here are unlike the bundle's; null where nothing.
    """

    bundle: BundleEvidence
    site: SiteView
    feedback: ReportsView
    fpir_ratio: float | None
    fpir_ratio_interval: list[float] | None
    fits_bundle: bool
    warning: str | None


class ThresholdView(Model):
    """The similarity from which on a stranger with a typical face is named at a rate of at most
    ``target_fpir``. Each face that is identified has a threshold of its own, as its
    similarities to the gallery's people are higher or lower than a typical face's.
    ``gallery_size`` and ``face_count`` are of the persons who are valid now.

    similarity: The least cosine at which a person is named; higher is stricter.
    target_fpir: False-positive identification rate: how often a stranger may be named.
    gallery_size: Persons who are valid now.
    face_count: Faces of these persons.
    fpir_interval: 95 % interval of the rate at this threshold, the lower end first.
    extrapolated: Whether the rate is below what the calibration has measured.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    evidence: What the threshold follows from.
    """

    similarity: float
    target_fpir: float
    gallery_size: int
    face_count: int
    fpir_interval: list[float]
    extrapolated: bool
    contract_id: str
    evidence: ThresholdEvidence


class TimingsView(Model):
    """Milliseconds of each step.

    decode: Milliseconds to decode the image.
    detect: Milliseconds to find faces.
    embed: Milliseconds to embed the faces.
    search: Milliseconds to search and decide.
    total: Milliseconds from the body's end to the decision.
    """

    decode: float
    detect: float
    embed: float
    search: float
    total: float


class TlsField(TypedDict):
    """Certificates to trust in place of the authorities of the machine.

    ca: Certificates in PEM that may sign the device's; null: none.
    sha256: SHA-256 of the device's own certificate in DER; null: none.
    """

    ca: NotRequired[str | None]
    sha256: NotRequired[str | None]


class TurnedWarning(Model):
    """An image that was turned to be upright before it was enrolled.

    index: Place of the image in the request, from 0.
    filename: Name of the image's file; null where it was sent without.
    image_sha256: SHA-256 of the image as sent, hexadecimal.
    reason: The kind of warning.
    turned_degrees: Degrees by which the image was turned clockwise to be upright.
    detail: The reason in words, and what to do.
    """

    index: int
    filename: str | None
    image_sha256: str
    reason: Literal["image_turned"]
    turned_degrees: Literal[0, 90, 180, 270] | int
    detail: str


class UnlikeWarning(Model):
    """An image that was enrolled although it is unlike the person's other faces.

    index: Place of the image in the request, from 0.
    filename: Name of the image's file; null where it was sent without.
    image_sha256: SHA-256 of the image as sent, hexadecimal.
    reason: The kind of warning.
    similarity: Cosine of the face and the person's other faces, or the other images of the
        request, -1 to 1; higher is closer; null for keys without the scope `read`.
    detail: The reason in words, and what to do.
    """

    index: int
    filename: str | None
    image_sha256: str
    reason: Literal["unlike_the_person"]
    similarity: float | None
    detail: str


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


class Verification(Model):
    """One to one. ``similarity`` and ``fmr`` are null where there was nothing to compare.
    ``reported_not_them``: the probe is at least as close to a face reported ``not_them`` as to
    the person; it is no match, however near. ``stale`` is as in an identification. A person who
    is not valid now never matches: keys with the scope ``read`` or ``admin`` get the reason
    ``person_not_valid`` and ``not_valid``; other keys get ``no_match``. Keys without ``read``
    get ``similarity`` and ``fmr`` only of a match, in steps of 0.05 (unless the collection has
    ``show_candidates``), because each lower value would guide an attacker. ``threshold`` is
    then the bundle's, and ``reported_not_them`` shown where it keeps a match off.

    request_id: Id of this request: that of its log line and of `X-Request-Id`.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    decision: `rejected`: there was nothing to compare; `reasons` say why.
    reasons: Why there was nothing to compare, or no match; else empty.
    not_valid: The person, where not valid now; only for keys with `read` or `admin`.
    similarity: Cosine of face and person, -1 to 1; higher is closer. Null where not compared.
    threshold: The least similarity that counts; above 1 where none is near enough.
    target_fmr: False-match rate of a 1:1 verification.
    fmr: Rate, 0 to 1, at which strangers are as similar; lower is closer.
    extrapolated: Whether `fmr` is below what the calibration has measured.
    reported_not_them: Whether feedback says that a face at least as near is not this person.
    stale: Whether the database did not answer, so that last known data decided.
    face: The face that was taken; null where none was.
    warnings: The image, where several faces were found in it.
    """

    request_id: str
    contract_id: str
    decision: Literal["match", "no_match", "rejected"] | str
    reasons: list[
        Literal[
            "no_face",
            "multiple_faces",
            "face_too_small",
            "face_cut_off",
            "low_detection_score",
            "low_quality",
            "extreme_pose",
            "not_recognisable",
            "person_not_valid",
        ]
        | str
    ]
    not_valid: list[NotValidPerson]
    similarity: float | None
    threshold: float
    target_fmr: float
    fmr: float | None
    extrapolated: bool
    reported_not_them: bool
    stale: bool
    face: SampleView | None
    warnings: list[SeveralFaces]


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


class WebhookView(Model):
    """An endpoint that gets events.

    id: Its id.
    collection_id: Id of the collection; null: the whole site.
    name: Its name for people; null: none.
    url: Where events go.
    types: The types of events; null: all.
    doors: Ids of doors; null: all, and people.
    secrets: Names of the secrets that sign.
    tls: Whom to trust; null: the machine's.
    include: `name`: events have names of persons.
    enabled: Off: nothing is sent.
    disabled_reason: `gone`: the endpoint answered 410; null where it is on.
    revision: Counts its changes; its `ETag`.
    created_at: Time of creation, UTC.
    updated_at: Time of the last change, UTC.
    """

    id: str
    collection_id: str | None
    name: str | None
    url: str
    types: list[str] | None
    doors: list[str] | None
    secrets: list[str]
    tls: TlsField | None
    include: list[Literal["name"]]
    enabled: bool
    disabled_reason: Literal["administrator", "gone"] | str | None
    revision: int
    created_at: datetime
    updated_at: datetime


class WeeklyField(TypedDict):
    """Hours on some days of the week.

    start: The first minute, as `08:00`.
    end: The minute after the last, as `18:00`; `24:00` is midnight.
    days: Days of the week.
    """

    start: str
    end: str
    days: Sequence[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]]


class ZoneView(Model):
    """A part of the site.

    id: Its id in the collection.
    collection_id: Id of the collection.
    name: Its name for people; null: none.
    revision: The collection's policy revision at the last change; it is the ETag too.
    created_at: Time of creation, UTC.
    updated_at: Time of the last change, UTC.
    locked_down: Whether Kith grants at none of its doors.
    """

    id: str
    collection_id: str
    name: str | None
    revision: int
    created_at: datetime
    updated_at: datetime
    locked_down: bool


Event: TypeAlias = (
    PersonEvent
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
