"""The distance matrix."""

from pydantic import BaseModel, Field, field_validator

from app.gallery.fields import RuleField
from app.gallery.schemas import SeveralFaces
from app.recognition.results import Metric
from app.web.fields import BodyFields, Id, Positive


class DistanceOptions(BodyFields):
    """The input to compare; images are sent as files."""

    person_ids: list[Id] | None = Field(
        None, min_length=2, max_length=64, json_schema_extra={"uniqueItems": True}
    )
    metric: Metric = "cosine"
    subject: RuleField = "largest"

    @field_validator("person_ids")
    @classmethod
    def _distinct(cls, person_ids: list[str] | None) -> list[str] | None:
        if person_ids and len(set(person_ids)) < len(person_ids):
            raise ValueError("must differ from each other")
        return person_ids


class DistanceMatrix(BaseModel):
    """``matrix[i][j]`` is the distance of ``labels[i]`` and ``labels[j]``; 0 is the same."""

    labels: list[str]
    metric: Metric
    matrix: list[list[Positive]]
    warnings: list[SeveralFaces]
