"""A face in an image, found or embedded."""

from typing import Annotated

from pydantic import BaseModel, Field

from app.gallery.fields import ContractId, SubjectField
from app.gallery.schemas import BoxView, QualityView, SeveralFaces
from app.web.fields import BodyFields, Finite, Rate, RequestId, Whole

Pair = Annotated[list[Finite], Field(min_length=2, max_length=2)]
"""A list, because few generators of clients understand a tuple's schema."""
Points = Annotated[list[Pair], Field(min_length=5, max_length=5)]
Pixels = Annotated[int, Field(ge=1, description="Of the upright image.")]
FacesFound = Annotated[
    int, Field(ge=0, description="All faces found, also those beyond `max_faces`.")
]


class DetectOptions(BodyFields):
    """How to detect."""

    max_faces: Whole = Field(
        10, ge=1, le=100, description="Most faces that are answered: the largest."
    )
    min_face_size: Whole = Field(
        0,
        ge=0,
        le=100_000,
        description="Pixels of the shorter side of a face's box: smaller ones are not answered, "
        "nor counted in `faces_found`.",
    )


class EmbeddingOptions(BodyFields):
    """Which face to embed."""

    subject: SubjectField = "main"


class SampleView(BaseModel):
    """A face found: its box, score and quality. Landmarks are eyes, nose tip and mouth corners;
    they may lie outside of the image where the border cuts the face.
    """

    box: BoxView = Field(
        description="The face's box; of a bundle without a detector the whole image."
    )
    landmarks: Points | None = Field(
        description="x and y in pixels of the person's right eye, left eye, nose tip, right and "
        "left corner of the mouth; null without a detector."
    )
    detection_score: Rate = Field(description="The detector's confidence, 0 to 1; higher is surer.")
    quality: QualityView | None = Field(
        description="How usable the face is; null without a detector."
    )


class Detection(BaseModel):
    """Every face of the image, largest first, without identities."""

    request_id: RequestId
    contract_id: ContractId
    width: Pixels
    height: Pixels
    faces_found: FacesFound
    faces: list[SampleView] = Field(description="The faces, largest first.")


class EmbeddingView(BaseModel):
    """One face's embedding, of unit length."""

    request_id: RequestId
    contract_id: ContractId
    dimension: int = Field(ge=1, description="Numbers in the embedding.")
    embedding: list[Finite] = Field(
        description="The embedding, of length 1: the cosine of two is their similarity."
    )
    face: SampleView = Field(description="The face that was embedded.")
    warnings: list[SeveralFaces] = Field(
        description="The image, where several faces were found in it."
    )
