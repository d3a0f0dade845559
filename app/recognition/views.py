"""Samples, and people who are not valid now, as clients see them; and what callers see who may not
read.
"""

from math import floor
from typing import Any, Final

from app.core.clock import instant_of
from app.gallery.views import box_view, quality_view
from app.inference.pipeline import Sample
from app.recognition.matches import NotValid
from app.recognition.schemas import IdentifiedFace, NotValidPerson, SampleView
from app.replication.validity import ALWAYS, FOREVER

_STEP: Final = 0.05
"""Told with a match alone: below the threshold even steps this wide lead a made-up picture up to it
(`make bench-climb`: within 150 questions)."""


def sample_view(sample: Sample) -> SampleView:
    """A sample as clients see it."""
    return SampleView(**sample_fields(sample))


def not_valid_view(found: NotValid) -> NotValidPerson:
    """A person who is not valid now, as keys that may read see them."""
    start, end = found.valid
    return NotValidPerson(
        person_id=found.person.id,
        external_id=found.person.external_id,
        name=found.person.name,
        valid_from=None if start == ALWAYS else instant_of(start),
        valid_until=None if end == FOREVER else instant_of(end),
    )


def in_steps(similarity: float, threshold: float) -> float | None:
    """A similarity for callers who may not read: rounded down to a step, and None below the
    ``threshold``, so that nobody can feel their way up to it.
    """
    if similarity < threshold:
        return None
    return round(floor(round(similarity / _STEP, 6)) * _STEP, 2)


def without_reading(face: IdentifiedFace, *, shown: bool) -> IdentifiedFace:
    """What a caller is told who may ask and not read: the decision and the person. Candidates and
    exact similarities only where the collection has them ``shown``, and names never.
    """
    if shown:
        unnamed = {"name": None, "external_id": None}
        candidates = [each.model_copy(update=unnamed) for each in face.candidates]
        return face.model_copy(update={"candidates": candidates})
    named = face.similarity  # who is named has reached the threshold
    similarity = None if named is None else in_steps(named, named)
    return face.model_copy(update={"candidates": [], "similarity": similarity})


def sample_fields(sample: Sample) -> dict[str, Any]:
    """The fields of a ``SampleView``, for views that have more."""
    points = None
    if sample.landmarks is not None:
        points = sample.landmarks.astype(float).round(1).tolist()
    return {
        "box": box_view(sample.box),
        "landmarks": points,
        "detection_score": round(sample.detection_score, 4),
        "quality": quality_view(sample.quality),
    }
