"""The threshold of a collection and its evidence."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from app.gallery.fields import LimitOfSimilarity, Similarity, TargetFpir
from app.recognition.schemas.faces import Pair
from app.web.fields import Count, Finite, Positive, Rate

Interval = Annotated[list[Rate], Field(min_length=2, max_length=2)]
"""Two rates, the lower first."""


class BundleEvidence(BaseModel):
    """The threshold that the bundle's calibration alone would give, and the data behind it."""

    similarity: LimitOfSimilarity
    fpir_interval: Interval
    extrapolated: bool
    calibration: dict[str, Any]


class SiteView(BaseModel):
    """The statistics of the similarities between the gallery's people who are valid now.

    ``mean`` and ``deviation`` are over all pairs of persons, null with fewer than two persons;
    ``coherence`` is the mean similarity of two faces of one person, null where nobody has two.
    ``shift`` is the difference of the mean from that of the bundle's calibration, in its standard
    deviations, and ``stretch`` the ratio of the deviations. The threshold uses ``used_shift`` and
    ``used_stretch``, which are drawn towards 0 and 1 while there are few people. ``shift_error``
    and ``stretch_error`` (of its logarithm) are the standard errors that remain; the threshold
    integrates over them. ``least_similarity`` is the lowest threshold that the site may lead to;
    ``at_least`` says that its statistics would give a lower one.
    """

    persons: Count
    mean: Similarity | None
    deviation: Positive | None
    persons_with_several_faces: Count
    coherence: Similarity | None
    shift: Finite
    stretch: Positive
    used_shift: Finite
    used_stretch: Positive
    shift_error: Positive
    stretch_error: Positive
    least_similarity: LimitOfSimilarity
    at_least: bool


class ReportsView(BaseModel):
    """The reports of false positives, and the number that was expected.

    ``expected_false_positives`` is the expected number if all ``probes`` had been strangers. For
    each key and source, probes count only at the pace at which people can pass a camera, so that
    repeated requests cannot cancel reports. ``false_positives`` were confirmed, up to a limit for
    each key. ``factor`` is the lower 95 % confidence bound of the true rate over the stated rate,
    and at most 1 + ``false_positives``: it corrects the rate upwards, never downwards.
    """

    probes: Count
    expected_false_positives: Positive
    false_positives: Count
    not_them: Count
    them: Count
    factor: float = Field(ge=1, allow_inf_nan=False)


class ThresholdEvidence(BaseModel):
    """The evidence for a threshold, and the difference of the site from the bundle.

    ``fpir_ratio`` is the rate at which strangers would reach the bundle's own threshold here, over
    the rate that the bundle states, with its 95 % interval. ``fits_bundle`` is false, and there is
    a ``warning``, where the ratio is off by more than a factor of two and its interval excludes 1.
    """

    bundle: BundleEvidence
    site: SiteView
    feedback: ReportsView
    fpir_ratio: Positive
    fpir_ratio_interval: Pair
    fits_bundle: bool
    warning: str | None


class ThresholdView(BaseModel):
    """The similarity above which strangers are named at a rate of at most ``target_fpir``.

    ``gallery_size`` and ``face_count`` are of the persons who are valid now.
    """

    similarity: LimitOfSimilarity
    target_fpir: TargetFpir
    gallery_size: Count
    face_count: Count
    fpir_interval: Interval
    extrapolated: bool
    contract_id: str
    evidence: ThresholdEvidence
