"""The gallery at the edge: what clients send and what they get. Output has no defaults."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, JsonValue, model_validator

from app.gallery.fields import (
    FacesPerPerson,
    Metadata,
    TargetFmr,
    TargetFpir,
)
from app.web.fields import BodyFields, Id, Instant, Label, Whole

RejectionReason = Literal[
    "invalid_image",
    "no_face",
    "multiple_faces",
    "face_too_small",
    "low_detection_score",
    "low_quality",
    "extreme_pose",
    "duplicate_image",
    "looks_like_another_person",
    "face_limit_reached",
]


LookalikePolicy = Literal["off", "warn", "refuse"]


class CollectionPatch(BodyFields):
    """What to change of a collection; a field left out stays as it is."""

    name: Label | None = None
    target_fpir: TargetFpir = 0.001
    target_fmr: TargetFmr = 1e-4
    max_faces_per_person: FacesPerPerson = 20
    lookalikes: LookalikePolicy = Field(
        "warn", description="What becomes of an image that looks like another person enrolled."
    )
    keep_probes: Whole = Field(
        0,
        ge=0,
        le=1000,
        description="Of how many of the last unknown faces the embeddings are kept; never images.",
    )
    keep_crops: bool = Field(
        default=False,
        description="Whether of each face enrolled from now on the aligned crop is kept (112 x 112 "
        "pixels, never answered), so that another model can embed it. Off deletes those kept.",
    )
    show_candidates: bool = Field(
        default=False,
        description="Whether keys without the scope `read` are told candidates and exact "
        "similarities; never names. Off: the decision, the person, and steps of 0.05.",
    )
    metadata: Metadata = Field({})


class NewCollection(CollectionPatch):
    """A collection to make."""

    id: Id | None = None


class CollectionView(BaseModel):
    """A collection as it is now."""

    id: str
    name: str | None
    target_fpir: float
    target_fmr: float
    max_faces_per_person: int
    lookalikes: LookalikePolicy
    keep_probes: int
    keep_crops: bool
    show_candidates: bool
    metadata: dict[str, JsonValue]
    contract_id: str
    revision: int
    person_count: int
    face_count: int
    created_at: datetime
    updated_at: datetime


class PersonPatch(BodyFields):
    """What to change of a person; a field left out stays as it is, null empties it."""

    name: Label | None = None
    external_id: Label | None = None
    metadata: Metadata = Field({})
    valid_from: Instant | None = Field(None, description="Not named before; null: always.")
    valid_until: Instant | None = Field(None, description="Not named from then on; null: never.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise ValueError("valid_from must be before valid_until")
        return self


class NewPerson(PersonPatch):
    """A person to enrol."""

    id: Id | None = None


class PersonView(BaseModel):
    """A person as enrolled now."""

    id: str
    collection_id: str
    name: str | None
    external_id: str | None
    metadata: dict[str, JsonValue]
    valid_from: datetime | None
    valid_until: datetime | None
    face_count: int
    created_at: datetime
    updated_at: datetime


class BoxView(BaseModel):
    """Where the face is, in pixels of the upright image."""

    x: int
    y: int
    width: int
    height: int


class QualityView(BaseModel):
    """How usable the sample is; ``score``, sharpness and brightness are 0 to 1, angles degrees."""

    score: float
    face_size: int
    sharpness: float
    brightness: float
    yaw: float
    pitch: float
    roll: float


class FaceView(BaseModel):
    """One template's origin; never the embedding."""

    id: int
    person_id: str
    box: BoxView
    detection_score: float
    quality: QualityView | None
    contract_id: str
    created_at: datetime


class RejectedImage(BaseModel):
    """An image that was not enrolled, and why."""

    index: int
    filename: str | None
    reasons: list[RejectionReason]
    detail: str


class EnrolmentWarning(BaseModel):
    """An image that was enrolled although the service would have named somebody else for it.

    ``fpir`` is how often a stranger looks as much like anybody in this gallery.
    """

    index: int
    filename: str | None
    reason: Literal["looks_like_another_person"]
    person_id: str
    similarity: float
    fpir: float
    detail: str


class FacesAdded(BaseModel):
    """What became of each image: partial success is success."""

    faces: list[FaceView]
    rejected: list[RejectedImage]
    warnings: list[EnrolmentWarning]


class PersonAdded(FacesAdded):
    """The person made, and what became of each image."""

    person: PersonView


class LookalikePerson(BaseModel):
    """One of two who look alike."""

    person_id: str
    external_id: str | None
    name: str | None


class LookalikePair(BaseModel):
    """Two persons who are nearer to each other than strangers should be.

    ``fmr`` is how often two strangers are this alike. A ``probable_duplicate`` is as near as the
    faces of one person are to each other on average; a ``lookalike`` is not, and yet so near that
    one would be named as the other at the collection's target, were they not enrolled.
    """

    persons: Annotated[list[LookalikePerson], Field(min_length=2, max_length=2)]
    similarity: float
    fmr: float
    kind: Literal["lookalike", "probable_duplicate"]
