"""The schemas of the gallery: request bodies and answers. Answers have no defaults."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from app.gallery.credential_schemas import MOST_CREDENTIALS, CredentialFields, CredentialView
from app.gallery.fields import (
    CollectionId,
    ContractId,
    ExternalId,
    FileName,
    ImageIndex,
    ImageSha256,
    Metadata,
    OwnData,
    PersonId,
    PersonName,
    Similarity,
    SubjectField,
    TurnedDegrees,
    ValidFrom,
    ValidUntil,
)
from app.reasons import Reason, RejectionReason
from app.web.fields import BodyFields, Count, CreatedAt, Id, Instant, Label, Rate, UpdatedAt


class PersonFields(BodyFields):
    """The fields of a person but their ids."""

    name: Label | None = Field(
        None, description="A name for people, of any number of persons; null: none."
    )
    metadata: Metadata = Field(
        {}, description="The client's own data, at most 16 KiB of JSON; null: empty."
    )
    valid_from: Instant | None = Field(None, description="Not named before; null: always.")
    valid_until: Instant | None = Field(None, description="Not named from then on; null: never.")
    suspended: bool = Field(
        default=False, description="Whether every door denies the person; the faces are kept."
    )
    credentials: CredentialFields = Field(
        [],
        max_length=MOST_CREDENTIALS,
        description="All that other systems know the person by, in place of what there is. "
        "System, type and value together name one person of the collection. Of several of one "
        "system the first counts where one is needed. Null: none.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise ValueError("valid_from must be before valid_until")
        return self


class PersonPatch(PersonFields):
    """Changes to a person; a field left out stays unchanged, null empties it."""

    external_id: Label | None = Field(
        None, description="The client's own id, of one person of the collection only; null: none."
    )


class PersonByExternalId(PersonFields):
    """A person to make or to change; a field left out stays unchanged, null empties it."""

    id: Id | None = Field(
        None, description="Id of the person who is made; of one who is there it must be theirs."
    )


class NewPerson(PersonPatch):
    """A person to enrol."""

    id: Id | None = Field(None, description="Id to give to the person; null: one is made.")


class NewFaces(BodyFields):
    """How to take faces from images."""

    subject: SubjectField = "only"


class NewPersonWithFaces(NewPerson, NewFaces):
    """A person to enrol, and how to take faces from the images."""


class MergeFields(BodyFields):
    """The person who is the same, and what may be lost of them."""

    other_id: Id = Field(
        description="Id of the person who is the same: the faces move, and that person is removed."
    )
    faces: Literal["all", "best"] = Field(
        "all",
        description="Where both have more faces together than the collection allows: `all`: "
        "nothing is done (409); `best`: those of the best quality are kept, of both.",
    )
    identifiers: Literal["refuse", "move", "drop"] = Field(
        "refuse",
        description="What becomes of the external id and the credentials of the other person. "
        "`refuse`: where there are any, nothing is done (409); `move`: this person gets them, and "
        "may have no external id yet; `drop`: they go with the other person.",
    )


class PersonView(BaseModel):
    """A person as enrolled now."""

    id: PersonId
    collection_id: CollectionId
    name: PersonName
    external_id: ExternalId
    metadata: OwnData
    valid_from: ValidFrom
    valid_until: ValidUntil
    suspended: bool = Field(description="Whether every door denies the person.")
    suspended_by_sync: bool = Field(
        description="Whether a sync suspended the person, so that a sync may end it."
    )
    credentials: list[CredentialView] = Field(
        description="What other systems know the person by, without the values."
    )
    face_count: Count = Field(description="Faces enrolled.")
    created_at: CreatedAt
    updated_at: UpdatedAt


class BoxView(BaseModel):
    """The face's box in pixels of the upright image; only its visible part where the border cuts
    it.
    """

    x: Count = Field(description="Pixels from the image's left edge to the box.")
    y: Count = Field(description="Pixels from the image's top edge to the box.")
    width: int = Field(ge=1, description="Pixels.")
    height: int = Field(ge=1, description="Pixels.")


class QualityView(BaseModel):
    """How usable the sample is."""

    score: Rate = Field(description="Overall quality, 0 (useless) to 1 (nothing wrong).")
    face_size: Count = Field(description="Pixels of the shorter side of the face's box.")
    sharpness: Rate = Field(description="0 (no detail at all) to 1.")
    brightness: Rate = Field(description="0 (black) to 1 (white).")
    yaw: float = Field(
        ge=-90,
        le=90,
        description="Degrees; positive when the face is turned towards the image's right edge.",
    )
    pitch: float = Field(ge=-180, le=180, description="Degrees; positive when the face looks up.")
    roll: float = Field(
        ge=-180,
        le=180,
        description="Degrees; positive when the head is tilted clockwise in the image.",
    )
    recognisability: Rate | None = Field(
        description="0 to 1: of as many whole faces as spoilt ones, the share of whole ones among "
        "those like this. Null where the face was not embedded, as by `detect`, or the bundle has "
        "not learned it."
    )


class FaceView(BaseModel):
    """One template's origin; never the embedding."""

    id: int = Field(
        ge=1, description="The face's number in its collection; no later face gets it again."
    )
    person_id: PersonId
    image_sha256: ImageSha256
    box: BoxView = Field(description="The face's box in its image.")
    turned_degrees: TurnedDegrees
    detection_score: Rate = Field(description="The detector's confidence, 0 to 1; higher is surer.")
    quality: QualityView | None = Field(
        description="How usable the face is; null without a detector."
    )
    contract_id: ContractId
    created_at: CreatedAt


class AddedFace(FaceView):
    """A template just made."""

    index: ImageIndex


class _OfAnImage(BaseModel):
    """A result for one image of the request."""

    index: ImageIndex
    filename: FileName
    image_sha256: ImageSha256


class RejectedImage(_OfAnImage):
    """An image that was not enrolled, and why."""

    reasons: list[RejectionReason] = Field(description="Why it was not enrolled.")
    detail: str = Field(description="The reason in words, and what to do.")


class LookalikeWarning(_OfAnImage):
    """An image that was enrolled although the service would have named somebody else for it."""

    reason: Literal[Reason.LOOKS_LIKE_ANOTHER_PERSON] = Field(description="The kind of warning.")
    person_id: Id = Field(description="The person whom the image looks like.")
    similarity: Similarity = Field(
        description="Cosine of image and that person, -1 to 1; higher is closer. In steps of 0.05 "
        "to keys that do not get exact values."
    )
    fpir: Rate | None = Field(
        description="Rate, 0 to 1, at which strangers look as much like anybody in this gallery; "
        "null to keys that do not get exact values."
    )
    detail: str = Field(description="The reason in words, and what to do.")


class UnlikeWarning(_OfAnImage):
    """An image that was enrolled although it is unlike the person's other faces."""

    reason: Literal[Reason.UNLIKE_THE_PERSON] = Field(description="The kind of warning.")
    similarity: Similarity | None = Field(
        description="Cosine of the face and the person's other faces, or the other images of the "
        "request, -1 to 1; higher is closer; null for keys without the scope `read`."
    )
    detail: str = Field(description="The reason in words, and what to do.")


class SeveralFaces(BaseModel):
    """Several faces were found in an image, and one of them was taken."""

    index: ImageIndex
    reason: Literal[Reason.SEVERAL_FACES] = Field(description="The kind of warning.")
    faces_found: int = Field(ge=2, description="Faces found in the image.")
    box: BoxView = Field(description="The box of the face that was taken.")
    detail: str = Field(description="The reason in words, and what to do.")


class TurnedWarning(_OfAnImage):
    """An image that was turned to be upright before it was enrolled."""

    reason: Literal[Reason.IMAGE_TURNED] = Field(description="The kind of warning.")
    turned_degrees: TurnedDegrees
    detail: str = Field(description="The reason in words, and what to do.")


class SeveralFacesWarning(SeveralFaces, _OfAnImage):
    """An image that was enrolled although several faces were found in it, and which was taken."""


EnrolmentWarning = Annotated[
    LookalikeWarning | UnlikeWarning | TurnedWarning | SeveralFacesWarning,
    Field(discriminator="reason"),
]
"""A warning about an image that was enrolled; ``reason`` is its kind."""


class FacesAdded(BaseModel):
    """The result for each image; partial success is success."""

    faces: list[AddedFace] = Field(description="The faces enrolled, in the order of their images.")
    rejected: list[RejectedImage] = Field(
        description="The images that were not enrolled, in their order."
    )
    warnings: list[EnrolmentWarning] = Field(
        description="Images that were enrolled but should be looked at."
    )


class PersonAdded(FacesAdded):
    """The person made, and the result for each image."""

    person: PersonView = Field(description="The person made.")


class PersonMerged(BaseModel):
    """The result of a merge."""

    person: PersonView = Field(description="The person who stays.")
    faces_moved: Count = Field(description="Faces of the other person that this person has now.")
    faces_left_out: Count = Field(
        description="Faces of both that are gone: of an image that both had, or over the limit."
    )
