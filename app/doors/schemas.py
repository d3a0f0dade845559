"""The body of a request for a decision at a door, and the answer."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator

from app.access.fields import ModeName
from app.access.policy.decide import Answer
from app.access.policy.values import Authority
from app.decision.burst import MOST_FRAMES
from app.gallery.credential_schemas import CredentialField, CredentialKind, CredentialView
from app.reasons import DoorReason
from app.web.fields import BodyFields, Count, Finite, Id, Instant, Rate, RequestId


class DecisionOptions(BodyFields):
    """The fields that come with the frames."""

    captured_at: list[Instant] | None = Field(
        None,
        max_length=MOST_FRAMES,
        description="When each frame was taken, as RFC 3339 with an offset, one for each of "
        "`images` in their order. Null: all were taken as the request arrived.",
    )
    person_id: Id | None = Field(
        None, description="In mode `verify`: the person that the face is claimed to be of."
    )
    credential: CredentialField | None = Field(
        None, description="In mode `verify`: the credential that was presented instead."
    )
    session: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.\-]{1,64}$")] | None = Field(
        None,
        description="An id that the client makes for one visit. Frames may then come one request "
        "at a time, within 3 seconds and the door's `max_age_ms`, and the answer is `pending` "
        "until there are enough.",
    )
    dry_run: bool = Field(
        default=False,
        description="Decide, and neither remember a grant nor make an event. No lock may act on "
        "it: `valid_until` is null.",
    )

    @model_validator(mode="after")
    def _one_claim(self) -> Self:
        if self.person_id is not None and self.credential is not None:
            raise ValueError("send person_id or credential, and not both")
        return self


class RevealedCredential(CredentialView):
    """A credential of somebody who is granted, with its value."""

    value: str = Field(
        repr=False,
        description="The number, id or address. A secret: do not log it.",
        json_schema_extra={"readOnly": True, "format": "password"},
    )


class DoorPersonView(BaseModel):
    """The person whom a decision names."""

    id: str = Field(description="Id of the person.")
    external_id: str | None = Field(description="The id that another system has; null: none.")
    credentials: list[RevealedCredential] = Field(
        description="With a grant, their credentials of the types in the door's `reveal`; else, "
        "and in a dry run, empty."
    )


class DoorMatchView(BaseModel):
    """How the person was recognised: for keys with the scope `admin`."""

    kind: Literal["identify", "verify"] = Field(
        description="`identify`: against everybody (1:N); `verify`: against one person (1:1)."
    )
    similarity: Finite = Field(description="Mean over the used frames; higher is closer.")
    threshold: Finite = Field(description="The mean similarity from which on somebody is named.")
    fpir: Rate | None = Field(
        description="How often a stranger's frames would be as similar to anybody here; null in "
        "mode `verify`."
    )
    target_fpir: Rate | None = Field(
        description="The collection's stated rate; null in mode `verify`."
    )
    gallery_size: Count = Field(description="Persons who are valid now.")
    contract_id: str = Field(description="What made the templates.")
    revision: Count = Field(description="The collection's revision that was searched.")


class UsedFramesView(BaseModel):
    """The use made of the frames."""

    received: Count = Field(description="Frames that came, in this request or in its session.")
    used: Count = Field(description="Frames that the decision rests on.")
    needed: Count = Field(description="Frames that the door needs (`frames.min_used`).")
    agreeing: Count = Field(description="Used frames in which the person is nearest.")
    span_ms: Count = Field(description="Milliseconds from the first used frame to the last.")
    first_at: datetime | None = Field(description="Time of the first used frame, UTC.")
    last_at: datetime | None = Field(description="Time of the last used frame, UTC.")
    age_ms: int | None = Field(
        description="Age of the last used frame at the decision; null: none was used."
    )


class LivenessView(BaseModel):
    """Whether the face is of somebody living."""

    policy: Literal["off"] = Field(description="The door's setting.")
    state: Literal["not_checked"] = Field(description="The result.")


class RuleOfDecision(BaseModel):
    """The rule that decides: that grants, or that would at another time."""

    id: str = Field(description="Id of the rule.")
    schedule_id: str = Field(description="Id of its schedule.")


class DoorDecisionView(BaseModel):
    """The decision. Open for `decision: granted` alone, and until `valid_until` at the latest."""

    decision: Answer | Literal["pending"] = Field(
        description="`granted`, `denied`, `blocked`; `pending`: more frames of the session are "
        "needed."
    )
    reason: DoorReason | None = Field(
        description="The one reason; treat one that you do not know as a denial. Null: pending."
    )
    detail: str | None = Field(description="What to do about it, for people; null: nothing.")
    collection_id: str = Field(description="Id of the collection.")
    door_id: str = Field(description="Id of the door.")
    mode: ModeName = Field(description="The door's mode.")
    authority: Authority = Field(
        description="The system that decides: `acs`, where a grant says that the face is right, "
        "or `kith`."
    )
    decided_at: datetime = Field(description="Time of the decision, UTC.")
    valid_until: datetime | None = Field(
        description="A grant holds until then, UTC; null: no grant, or a dry run."
    )
    blocked_until: datetime | None = Field(
        description="The door is blocked until then, UTC; null: it is not."
    )
    person: DoorPersonView | None = Field(
        description="The person; null where the reason names nobody."
    )
    match: DoorMatchView | None = Field(
        description="How the person was recognised; null without the scope `admin`, and where "
        "nobody is named."
    )
    frames: UsedFramesView = Field(description="How many frames came, and which were used.")
    liveness: LivenessView = Field(description="Whether the face is looked at for life.")
    factors: list[Literal["face", "person_id", CredentialKind]] = Field(
        description="What was checked and is the person's; empty where nobody is named."
    )
    rule: RuleOfDecision | None = Field(description="The rule that decides; null: none does.")
    policy_revision: Count = Field(description="The policy revision by which it was decided.")
    need: Count = Field(description="Further frames that the session needs; 0: it is decided.")
    event_id: str | None = Field(
        description="Id of the decision's event. A grant that still holds has that of the first "
        "time. Null: no event, as for a dry run or while pending."
    )
    suppressed: bool = Field(
        description="Whether the event was made by an earlier decision, or is not made yet."
    )
    dry_run: bool = Field(description="Whether it was only tried.")
    request_id: RequestId
