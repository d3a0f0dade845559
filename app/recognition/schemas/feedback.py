"""A verdict on an answer."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from app.gallery.fields import ContractId, LimitOfSimilarity, Revision, Similarity, SubjectField
from app.gallery.schemas import SeveralFaces
from app.web.fields import BodyFields, Id

Verdict = Literal["them", "not_them"]


class FeedbackOptions(BodyFields):
    """The person whom the face is of, or is not; ``probe_id`` only without an image."""

    person_id: Id = Field(description="The person whom the verdict is about.")
    verdict: Verdict = Field(
        description="Whether the face is this person (`them`) or not (`not_them`)."
    )
    probe_id: Id | None = Field(None, description="A stored probe, instead of an image.")
    source: Id | None = Field(None, description="Where the image is from, such as a camera.")
    subject: SubjectField = "largest"


class FeedbackView(BaseModel):
    """A verdict as it is kept. ``false_positive``: the service named this person for the probe, and
    it was not them. ``threshold`` is the collection's, without what feedback raised it by.
    ``similarity`` is null to keys without the scope `read` where it is below that.
    """

    id: Id = Field(description="Id of the report.")
    person_id: Id = Field(description="The person whom the verdict is about.")
    verdict: Verdict = Field(
        description="Whether the face is this person (`them`) or not (`not_them`)."
    )
    false_positive: bool = Field(
        description="Whether the service named this person for the probe although it is not them."
    )
    similarity: Similarity | None = Field(
        description="Cosine of probe and person; higher is closer. Null to keys without `read` "
        "below `threshold`."
    )
    threshold: LimitOfSimilarity
    revision: Revision
    contract_id: ContractId
    source: Id | None = Field(
        description="Where the image is from, such as a camera; null where nothing was said."
    )
    created_at: datetime = Field(description="Time of the report, UTC.")
    warnings: list[SeveralFaces] = Field(
        description="The image, where several faces were found in it."
    )
