"""The threshold of a collection and its evidence."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from app.gallery.fields import LimitOfSimilarity, Similarity, TargetFpir
from app.recognition.schemas.faces import Pair
from app.web.fields import Count, Finite, Positive, Rate

Interval = Annotated[list[Rate], Field(min_length=2, max_length=2)]
"""Two rates, the lower first."""


class BundleEvidence(BaseModel):
    """The threshold that the model bundle's calibration alone would give, and on what it rests."""

    similarity: LimitOfSimilarity
    fpir_interval: Interval
    extrapolated: bool
    calibration: dict[str, Any]


class SiteView(BaseModel):
    """What the gallery's people say of each other: those who are valid now.

    ``mean`` and ``deviation`` are of the similarities of every two persons, null with fewer than
    two; ``coherence`` is the mean similarity of two faces of one person, null where nobody has two.
    ``shift`` is how much nearer strangers are to each other here than in the bundle's calibration,
    in its deviations, ``stretch`` the factor of the deviation. What the threshold uses of them is
    ``used_shift`` and ``used_stretch``: drawn towards 0 and 1 while people are few. ``shift_error``
    and ``stretch_error`` (of the logarithm) are what stays open, and is averaged over.
    ``least_similarity`` is the lowest threshold that all this may lead to; ``at_least`` says that
    it would lead to a lower one.
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
    """What feedback says, and what it is held against.

    Of ``probes`` identified, at most ``expected_false_positives`` were to be named if all had been
    strangers; of each key and source as many probes count as people can pass a camera, so that
    nobody cancels reports by asking. ``false_positives`` were confirmed, of each key up to a
    limit. ``factor`` is how many times as often as stated strangers are named, at least, with 95 %
    confidence, and at most 1 + ``false_positives``: the rate is raised by it, never lowered.
    """

    probes: Count
    expected_false_positives: Positive
    false_positives: Count
    not_them: Count
    them: Count
    factor: float = Field(ge=1, allow_inf_nan=False)


class ThresholdEvidence(BaseModel):
    """On what a threshold rests, and how far the site is from the bundle.

    ``fpir_ratio`` is how often strangers would reach the bundle's own threshold here, over how
    often the bundle says; with its 95 % interval. ``fits_bundle`` is false, and ``warning`` tells,
    where it is off by more than a factor of two and the interval does not hold 1.
    """

    bundle: BundleEvidence
    site: SiteView
    feedback: ReportsView
    fpir_ratio: Positive
    fpir_ratio_interval: Pair
    fits_bundle: bool
    warning: str | None


class ThresholdView(BaseModel):
    """The similarity above which a stranger is named at most ``target_fpir`` of the time.

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
