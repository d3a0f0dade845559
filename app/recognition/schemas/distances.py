"""The distance matrix."""

from pydantic import BaseModel, Field, field_validator

from app.gallery.fields import RuleField
from app.gallery.schemas import SeveralFaces
from app.recognition.image_results import Metric
from app.web.fields import BodyFields, Id, Positive


class DistanceOptions(BodyFields):
    """The input to compare; images are sent as files."""

    person_ids: list[Id] | None = Field(
        None,
        min_length=2,
        max_length=64,
        json_schema_extra={"uniqueItems": True},
        description="2 to 64 persons of the collection, instead of images.",
    )
    metric: Metric = Field(
        "cosine", description="The measure of distance between embeddings of length 1."
    )
    subject: RuleField = "main"

    @field_validator("person_ids")
    @classmethod
    def _distinct(cls, person_ids: list[str] | None) -> list[str] | None:
        if person_ids and len(set(person_ids)) < len(person_ids):
            raise ValueError("must differ from each other")
        return person_ids


class DistanceMatrix(BaseModel):
    """``matrix[i][j]`` is the distance of ``labels[i]`` and ``labels[j]``; 0 is the same."""

    labels: list[str] = Field(
        description="One label a row: the person's id, or the image's file name or place."
    )
    metric: Metric = Field(description="The measure of distance.")
    matrix: list[list[Positive]] = Field(
        description="Distances by row and column of `labels`; 0 is the same, larger is less alike."
    )
    warnings: list[SeveralFaces] = Field(description="Images in which several faces were found.")
