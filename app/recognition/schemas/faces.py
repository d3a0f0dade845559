"""A face in an image, found or embedded."""

from typing import Annotated

from pydantic import BaseModel, Field

from app.gallery.fields import SubjectField
from app.gallery.schemas import BoxView, QualityView, SeveralFaces
from app.web.fields import BodyFields, Finite, Rate, Whole

Pair = Annotated[list[Finite], Field(min_length=2, max_length=2)]
"""A list, because few generators of clients understand a tuple's schema."""
Points = Annotated[list[Pair], Field(min_length=5, max_length=5)]
Pixels = Annotated[int, Field(ge=1, description="Of the upright image.")]
FacesFound = Annotated[
    int, Field(ge=0, description="All faces found, also those beyond `max_faces`.")
]


class DetectOptions(BodyFields):
    """How to detect."""

    max_faces: Whole = Field(10, ge=1, le=100)
    min_face_size: Whole = Field(
        0,
        ge=0,
        description="Pixels of the shorter side of a face's box: smaller ones are not answered, "
        "nor counted in `faces_found`.",
    )


class EmbeddingOptions(BodyFields):
    """Which face to embed."""

    subject: SubjectField = "largest"


class SampleView(BaseModel):
    """A face found: its box, score and quality. Landmarks are eyes, nose tip and mouth corners;
    they may lie outside of the image where the border cuts the face.
    """

    box: BoxView
    landmarks: Points | None
    detection_score: Rate
    quality: QualityView | None


class Detection(BaseModel):
    """Every face of the image, largest first, without identities."""

    request_id: str
    contract_id: str
    width: Pixels
    height: Pixels
    faces_found: FacesFound
    faces: list[SampleView]


class EmbeddingView(BaseModel):
    """One face's embedding, of unit length."""

    request_id: str
    contract_id: str
    dimension: int = Field(ge=1)
    embedding: list[Finite]
    face: SampleView
    warnings: list[SeveralFaces]
