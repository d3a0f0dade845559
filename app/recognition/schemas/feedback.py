"""A verdict on an answer."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from app.gallery.fields import LimitOfSimilarity, Similarity, SubjectField
from app.gallery.schemas import SeveralFaces
from app.web.fields import BodyFields, Count, Id

Verdict = Literal["them", "not_them"]


class FeedbackOptions(BodyFields):
    """The person whom the face is of, or is not; ``probe_id`` only without an image."""

    person_id: Id
    verdict: Verdict
    probe_id: Id | None = Field(None, description="A stored probe, instead of an image.")
    source: Id | None = Field(None, description="Where the image is from, such as a camera.")
    subject: SubjectField = "largest"


class FeedbackView(BaseModel):
    """A verdict as it is kept. ``false_positive``: the service named this person for the probe, and
    it was not them. ``threshold`` is the collection's, without what feedback raised it by.
    ``similarity`` is null to keys without the scope `read` where it is below that.
    """

    id: Id
    person_id: Id
    verdict: Verdict
    false_positive: bool
    similarity: Similarity | None
    threshold: LimitOfSimilarity
    revision: Count
    contract_id: str
    source: Id | None
    created_at: datetime
    warnings: list[SeveralFaces]
