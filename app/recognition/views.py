"""Samples, and people who are not valid now, as clients see them."""

from typing import Any

from app.core.clock import instant_of
from app.gallery.views import box_view, quality_view
from app.index.census import ALWAYS, FOREVER
from app.inference.pipeline import Sample
from app.recognition.matches import NotValid
from app.recognition.schemas import NotValidPerson, SampleView


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
