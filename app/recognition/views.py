"""Samples as clients see them."""

from typing import Any

from app.gallery.views import box_view, quality_view
from app.inference.pipeline import Sample
from app.recognition.schemas import SampleView


def sample_view(sample: Sample) -> SampleView:
    """A sample as clients see it."""
    return SampleView(**sample_fields(sample))


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
