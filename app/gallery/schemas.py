"""The schemas of the gallery: request bodies and answers. Answers have no defaults."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, JsonValue, model_validator

from app.gallery.fields import (
    FacesPerPerson,
    Metadata,
    Similarity,
    SubjectField,
    TargetFmr,
    TargetFpir,
)
from app.reasons import Reason, RejectionReason
from app.web.fields import BodyFields, Count, Id, Instant, Label, Rate, Sha256, Whole

LookalikePolicy = Literal["off", "warn", "refuse"]


class CollectionPatch(BodyFields):
    """Changes to a collection; a field left out stays unchanged."""

    name: Label | None = None
    target_fpir: TargetFpir = 0.001
    target_fmr: TargetFmr = 1e-4
    max_faces_per_person: FacesPerPerson = 20
    lookalikes: LookalikePolicy = Field(
        "warn", description="Treatment of an image that looks like another enrolled person."
    )
    keep_probes: Whole = Field(
        0,
        ge=0,
        le=1000,
        description="Number of the latest unknown faces whose embeddings are kept; never images.",
    )
    keep_crops: bool = Field(
        default=False,
        description="Whether the aligned crop of each newly enrolled face is kept (112 x 112 "
        "pixels, never answered), so that another model can embed it. Off deletes those kept.",
    )
    show_candidates: bool = Field(
        default=False,
        description="Whether keys without the scope `read` get candidates and exact "
        "similarities; never names. Off: the decision, the person, and steps of 0.05.",
    )
    metadata: Metadata = Field({})


class NewCollection(CollectionPatch):
    """A collection to make."""

    id: Id | None = None


class CollectionView(BaseModel):
    """A collection as it is now."""

    id: Id
    name: str | None
    target_fpir: TargetFpir
    target_fmr: TargetFmr
    max_faces_per_person: FacesPerPerson
    lookalikes: LookalikePolicy
    keep_probes: int = Field(ge=0, le=1000)
    keep_crops: bool
    show_candidates: bool
    metadata: dict[str, JsonValue]
    contract_id: str
    revision: Count
    person_count: Count
    face_count: Count
    created_at: datetime
    updated_at: datetime


class PersonPatch(BodyFields):
    """Changes to a person; a field left out stays unchanged, null empties it."""

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


class NewFaces(BodyFields):
    """How to take faces from images."""

    subject: SubjectField = "only"


class NewPersonWithFaces(NewPerson, NewFaces):
    """A person to enrol, and how to take faces from the images."""


class PersonView(BaseModel):
    """A person as enrolled now."""

    id: Id
    collection_id: Id
    name: str | None
    external_id: str | None
    metadata: dict[str, JsonValue]
    valid_from: datetime | None
    valid_until: datetime | None
    face_count: Count
    created_at: datetime
    updated_at: datetime


class BoxView(BaseModel):
    """The face's box in pixels of the upright image; only its visible part where the border cuts
    it.
    """

    x: Count
    y: Count
    width: int = Field(ge=1)
    height: int = Field(ge=1)


class QualityView(BaseModel):
    """How usable the sample is; ``face_size`` is the shorter side of its box in pixels, angles are
    degrees.
    """

    score: Rate
    face_size: Count
    sharpness: Rate
    brightness: Rate
    yaw: float = Field(ge=-90, le=90)
    pitch: float = Field(ge=-180, le=180)
    roll: float = Field(ge=-180, le=180)


class FaceView(BaseModel):
    """One template's origin; never the embedding."""

    id: int = Field(
        ge=1, description="The face's number in its collection; no later face gets it again."
    )
    person_id: Id
    image_sha256: Sha256
    box: BoxView
    detection_score: Rate
    quality: QualityView | None
    contract_id: str
    created_at: datetime


class AddedFace(FaceView):
    """A template just made; ``index`` is the place of its image in the request, from 0."""

    index: Count


class _OfAnImage(BaseModel):
    """A result for the image at place ``index`` of the request, from 0."""

    index: Count
    filename: str | None
    image_sha256: Sha256


class RejectedImage(_OfAnImage):
    """An image that was not enrolled, and why."""

    reasons: list[RejectionReason]
    detail: str


class LookalikeWarning(_OfAnImage):
    """An image that was enrolled although the service would have named somebody else for it.

    ``fpir`` is the rate at which strangers look as much like anybody in this gallery.
    """

    reason: Literal[Reason.LOOKS_LIKE_ANOTHER_PERSON]
    person_id: Id
    similarity: Similarity
    fpir: Rate
    detail: str


class SeveralFaces(BaseModel):
    """Several faces were found in an image: ``faces_found`` of them, and the one in ``box`` was
    taken. ``index`` is the image's place in the request, from 0.
    """

    index: Count
    reason: Literal[Reason.SEVERAL_FACES]
    faces_found: int = Field(ge=2)
    box: BoxView
    detail: str


class SeveralFacesWarning(SeveralFaces, _OfAnImage):
    """An image that was enrolled although several faces were found in it, and which was taken."""


EnrolmentWarning = Annotated[LookalikeWarning | SeveralFacesWarning, Field(discriminator="reason")]
"""A warning about an image that was enrolled; ``reason`` is its kind."""


class FacesAdded(BaseModel):
    """The result for each image; partial success is success."""

    faces: list[AddedFace]
    rejected: list[RejectedImage]
    warnings: list[EnrolmentWarning]


class PersonAdded(FacesAdded):
    """The person made, and the result for each image."""

    person: PersonView


class LookalikePerson(BaseModel):
    """One of two who look alike."""

    person_id: Id
    external_id: str | None
    name: str | None


class LookalikePair(BaseModel):
    """Two persons who are nearer to each other than strangers should be.

    ``fmr`` is the rate at which two strangers are this alike. A ``probable_duplicate`` is as near
    as faces of one person are to each other on average. A ``lookalike`` is less near, but one
    would be named as the other at the collection's target if the one were not enrolled.
    """

    persons: Annotated[list[LookalikePerson], Field(min_length=2, max_length=2)]
    similarity: Similarity
    fmr: Rate
    kind: Literal["lookalike", "probable_duplicate"]
