"""The request and response bodies of doors."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from app.access.fields import Direction, Milliseconds, ModeName, Ref
from app.access.models import FRAMES
from app.access.schemas import Named, OwnId, PolicyView
from app.decision.burst import MOST_FRAMES
from app.gallery.credential_schemas import CredentialKind
from app.trail.health_data import HealthName
from app.web.fields import WHOLE, BodyFields, Id, Whole

SecondFace = Literal["ignore", "refuse"]
Liveness = Literal["off"]
Reveal = Annotated[
    list[CredentialKind],
    AfterValidator(lambda types: sorted(set(types))),
    Field(max_length=16),
]
FewestUsed = Annotated[
    int,
    Field(
        ge=1,
        le=MOST_FRAMES,
        description="Frames that must show a usable face; with fewer the door stays shut.",
    ),
    WHOLE,
]
Agree = Annotated[
    float,
    Field(ge=0.5, le=1, description="Share of the used frames in which the person is nearest."),
]
MaxAge = Annotated[
    int,
    Field(ge=100, le=60_000, description="Milliseconds after which a frame is stale."),
    WHOLE,
]
MinSpan = Annotated[
    int,
    Field(
        ge=0,
        le=60_000,
        description="Milliseconds from the first used frame to the last, at least; less than "
        "`max_age_ms`. It needs `captured_at`.",
    ),
    WHOLE,
]
MinFaceSize = Annotated[
    int,
    Field(
        ge=1,
        le=4096,
        description="Shorter side in pixels of the smallest face that counts. A large one costs "
        "less time.",
    ),
    WHOLE,
]
Spoofs = Annotated[
    int,
    Field(ge=1, le=100, description="Suspected spoofs within `window_s` that block the door."),
    WHOLE,
]
Window = Annotated[
    int, Field(ge=1, le=3600, description="Seconds within which spoofs are counted."), WHOLE
]
Block = Annotated[int, Field(ge=1, le=3600, description="Seconds of a first block."), WHOLE]
MaxBlock = Annotated[
    int,
    Field(
        ge=1,
        le=86_400,
        description="Seconds that a block, twice as long each time, has at most; no less than "
        "`block_s`.",
    ),
    WHOLE,
]


class FramesField(BodyFields):
    """The frames that a decision needs; a patch changes what it names."""

    min_used: FewestUsed = FRAMES.min_used
    agree: Agree = FRAMES.agree
    max_age_ms: MaxAge = FRAMES.max_age_ms
    min_span_ms: MinSpan = FRAMES.min_span_ms
    min_face_size: MinFaceSize = FRAMES.min_face_size


class FramesView(BaseModel):
    """The frames that a decision needs."""

    min_used: FewestUsed
    agree: Agree
    max_age_ms: MaxAge
    min_span_ms: MinSpan
    min_face_size: MinFaceSize


class BlockField(BodyFields):
    """When suspected spoofs block a door; a patch changes what it names."""

    spoofs: Spoofs = 5
    window_s: Window = 120
    block_s: Block = 30
    max_block_s: MaxBlock = 300


class BlockView(BaseModel):
    """When suspected spoofs block a door."""

    spoofs: Spoofs
    window_s: Window
    block_s: Block
    max_block_s: MaxBlock


class DoorPatch(Named):
    """Changes to a door."""

    zone_id: Id | None = Field(None, description="The zone that the door is in; null: none.")
    mode: ModeName = Field(
        "advise",
        description="`advise`: the access control system decides; `verify`: the same, with a "
        "card number or id of the person; `decide`: Kith's rules decide.",
    )
    direction: Direction = Field("in", description="The way that its camera looks at.")
    enabled: bool = Field(default=True, description="Off: nothing is granted here.")
    locked_down: bool = Field(default=False, description="Whether Kith stops granting here.")
    ref: Ref = Field({}, description="Names that other systems have for the door, at most 32.")
    grant_ttl_ms: Whole = Field(
        5000, ge=500, le=60_000, description="Milliseconds for which a grant holds."
    )
    cooldown_ms: Milliseconds = Field(
        4000,
        description="Milliseconds after a grant in which the person gets no new one here.",
    )
    exclusive_ms: Milliseconds = Field(
        0,
        description="Milliseconds after a grant at another door in which the person gets none "
        "here; 0: no time.",
    )
    frames: FramesField = Field(
        default_factory=FramesField, description="How many frames, and how new."
    )
    second_face: SecondFace = Field(
        "ignore",
        description="With a second face at least 0.7 times as wide as the first: `ignore` it, or "
        "`refuse` (`multiple_faces`).",
    )
    liveness: Liveness = Field(
        "off", description="`off`: nothing looks whether the face is of somebody living."
    )
    unknown_after_ms: Whole = Field(
        3000,
        ge=0,
        le=60_000,
        description="Milliseconds for which unknown faces are seen before their event is made; "
        "one event a visit. The answer is `denied` at once.",
    )
    block_after: BlockField = Field(
        default_factory=BlockField, description="When suspected spoofs block the door."
    )
    reveal: Reveal = Field(
        default_factory=list,
        description="Types of credentials whose values the answer of a grant has: it says to every "
        "key of this door what opens others.",
    )


class HealthView(BaseModel):
    """How the client of a door is, by its own reports."""

    state: HealthName | Literal["unknown"] = Field(
        description="`ok`; `no_picture`; `stale_pictures`; `silent`: it reports no more; "
        "`unknown`: it never did."
    )
    detail: str | None = Field(description="A word of the client's that says more.")
    since: datetime | None = Field(description="When this state began.")
    reported_at: datetime | None = Field(description="When its client last reported.")


class NewDoor(DoorPatch, OwnId):
    """A door to make: one camera, one direction."""


class DoorView(PolicyView):
    """A door: one camera and one direction."""

    zone_id: str | None = Field(description="The zone that the door is in; null: none.")
    mode: ModeName = Field(description="The system that decides, and what Kith adds.")
    direction: Direction = Field(description="The way that its camera looks at.")
    enabled: bool = Field(description="Off: nothing is granted here.")
    locked_down: bool = Field(description="Whether Kith stops granting here.")
    ref: dict[str, str] = Field(description="Names that other systems have for the door.")
    grant_ttl_ms: Milliseconds = Field(description="Milliseconds for which a grant holds.")
    cooldown_ms: Milliseconds = Field(
        description="Milliseconds after a grant in which the person gets no new one here."
    )
    exclusive_ms: Milliseconds = Field(
        description="Milliseconds after a grant at another door in which the person gets none here."
    )
    frames: FramesView = Field(description="How many frames, and how new.")
    second_face: SecondFace = Field(description="What becomes of a second face nearly as large.")
    liveness: Liveness = Field(description="Whether the face is looked at for life.")
    unknown_after_ms: Milliseconds = Field(
        description="Milliseconds for which unknown faces are seen before their event is made."
    )
    block_after: BlockView = Field(description="When suspected spoofs block the door.")
    reveal: list[CredentialKind] = Field(
        description="Types of credentials whose values the answer of a grant has."
    )
    health: HealthView = Field(description="How its client is; no part of the `revision`.")
