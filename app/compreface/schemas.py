"""The bodies of the CompreFace-compatible API. A field that is None is not sent."""

from pydantic import BaseModel, Field


class Box(BaseModel):
    """A face's box in pixels of the upright image, and how sure the detector is of it, 0 to 1."""

    probability: float
    x_max: int
    y_max: int
    x_min: int
    y_min: int


class SeenFace(BaseModel):
    """A face of an image. ``landmarks`` are five points, ``embedding`` is of length 1, and
    ``execution_time`` is in milliseconds by part.
    """

    box: Box
    landmarks: list[list[int]] | None = None
    embedding: list[float] | None = None
    execution_time: dict[str, float] | None = None


class SimilarSubject(BaseModel):
    """A subject, and the similarity to it: 0 to 1, named by Kith from 0.5 on."""

    subject: str
    similarity: float


class RecognizedFace(SeenFace):
    """A face with the subjects that it may be, nearest first."""

    subjects: list[SimilarSubject]


class VerifiedFace(SeenFace):
    """A face and its similarity to the face that was asked for, whose subject is named."""

    subject: str | None = None
    similarity: float


class ComparedFaces(BaseModel):
    """The face of the one image, and each of the other with its similarity to that."""

    source_image_face: SeenFace
    face_matches: list[VerifiedFace]


class _Result(BaseModel):
    """The parts that made an answer, where the client asks for them."""

    plugins_versions: dict[str, str] | None = None


class Recognition(_Result):
    """The answer of ``recognize``."""

    result: list[RecognizedFace]


class Detection(_Result):
    """The answer of ``detect``."""

    result: list[SeenFace]


class Verification(_Result):
    """The answer of the verification against a face."""

    result: list[VerifiedFace]


class Comparison(BaseModel):
    """The answer of the verification of two images."""

    result: list["ComparedResult"]


class ComparedResult(ComparedFaces, _Result):
    """The only element of ``Comparison``."""


class NamedFace(BaseModel):
    """A face that is enrolled."""

    image_id: str
    subject: str


class FacePage(BaseModel):
    """A page of the faces of a collection, oldest first; pages are counted from 0."""

    faces: list[NamedFace]
    page_number: int
    page_size: int
    total_pages: int
    total_elements: int


class NamedSubject(BaseModel):
    """A subject."""

    subject: str


class Subjects(BaseModel):
    """The subjects of a collection, oldest first."""

    subjects: list[str]


class Deleted(BaseModel):
    """How many were deleted."""

    deleted: int


class Updated(BaseModel):
    """Whether the name changed."""

    updated: bool


class SubjectBody(BaseModel, extra="ignore"):
    """The body that makes or renames a subject; whatever else it holds is ignored."""

    subject: str = Field(strict=True)
