"""Recognition at the edge. Output has no defaults; similarities are cosines, higher is closer."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_validator

from app.gallery.fields import TargetFmr, TargetFpir
from app.gallery.schemas import BoxView, QualityView
from app.web.fields import BodyFields, Id, Whole

ProbeReason = Literal[
    "no_face",
    "face_too_small",
    "low_detection_score",
    "low_quality",
    "extreme_pose",
    "person_not_valid",
]
Pair = Annotated[list[float], Field(min_length=2, max_length=2)]
"""A list, because few generators of clients understand a tuple's schema."""
Metric = Literal["cosine", "euclidean", "manhattan"]


class IdentifyOptions(BodyFields):
    """How to identify; ``target_fpir`` and ``min_similarity`` can only make it stricter."""

    max_candidates: Whole = Field(5, ge=1, le=100)
    max_faces: Whole = Field(10, ge=1, le=100)
    target_fpir: TargetFpir | None = None
    min_similarity: float | None = Field(None, ge=-1, le=1)
    source: Id | None = Field(
        None, description="Where the image is from, such as a camera: a label of the metrics."
    )


Verdict = Literal["them", "not_them"]


class DetectOptions(BodyFields):
    """How to detect."""

    max_faces: Whole = Field(10, ge=1, le=100)


class CompareOptions(BodyFields):
    """How strict a comparison is."""

    target_fmr: TargetFmr = 1e-4


class VerifyOptions(BodyFields):
    """A ``target_fmr`` can only make the collection's stricter."""

    target_fmr: TargetFmr | None = None


class DistanceOptions(BodyFields):
    """What to compare, where not images."""

    person_ids: list[Id] | None = Field(
        None, min_length=2, max_length=64, json_schema_extra={"uniqueItems": True}
    )
    metric: Metric = "cosine"

    @field_validator("person_ids")
    @classmethod
    def _distinct(cls, person_ids: list[str] | None) -> list[str] | None:
        if person_ids and len(set(person_ids)) < len(person_ids):
            raise ValueError("must differ from each other")
        return person_ids


class FeedbackOptions(BodyFields):
    """Who it was or was not; ``probe_id`` where not an image was sent."""

    person_id: Id
    verdict: Verdict
    probe_id: Id | None = Field(None, description="A stored probe, instead of an image.")
    source: Id | None = Field(None, description="Where the image is from, such as a camera.")


class ClusterOptions(BodyFields):
    """What to group, where not images."""

    stored_probes: bool = Field(default=False, description="The collection's stored probes.")


class SampleView(BaseModel):
    """A face found: where, how sure, how good. Landmarks: eyes, nose tip, mouth corners."""

    box: BoxView
    landmarks: list[Pair] | None
    detection_score: float
    quality: QualityView | None


class Candidate(BaseModel):
    """A person who looks like the probe; ``fpir`` is how often a stranger would look as alike.

    ``reported_not_them``: the probe is nearer to a face that feedback said was not the person than
    to the person. They are not named for it, however near. ``face_id``, the nearest template, is
    null in a stale answer.
    """

    person_id: str
    external_id: str | None
    name: str | None
    similarity: float
    fpir: float
    face_id: int | None
    reported_not_them: bool


class NotValidPerson(BaseModel):
    """A person whose validity has not begun or is over, told to keys with the scope ``read``."""

    person_id: str
    external_id: str | None
    name: str | None
    valid_from: datetime | None
    valid_until: datetime | None


class IdentifiedFace(SampleView):
    """A face and who it is; ``person_id`` is null unless ``identified``, ``probe_id`` unless the
    face is unknown and was kept: where the collection asks for it, but from no stale answer.

    ``not_valid`` lists, nearest first, who reaches the threshold of an unknown face but is not
    valid now; ``reasons`` then hold ``person_not_valid``. Both are told only to keys with the scope
    ``read`` or ``admin``.

    ``similarity`` is that with the person identified, null of others. Keys without ``read`` get it
    in steps of 0.05 and no ``candidates``; where the collection has ``show_candidates``, exactly
    and candidates without names.
    """

    decision: Literal["identified", "unknown", "ambiguous", "rejected"]
    person_id: str | None
    similarity: float | None
    probe_id: str | None
    reasons: list[ProbeReason]
    not_valid: list[NotValidPerson]
    candidates: list[Candidate]


class PolicyView(BaseModel):
    """By which threshold it was decided."""

    target_fpir: float
    threshold: float
    gallery_size: int
    extrapolated: bool


class TimingsView(BaseModel):
    """Milliseconds of each step."""

    decode: float
    detect: float
    embed: float
    search: float
    total: float


class Identification(BaseModel):
    """Every face of the image, largest first.

    ``stale``: the database did not answer, so it was decided by what this replica last knew, which
    ``KITH_STALE_OK_SECONDS`` allows for so long.
    """

    request_id: str
    contract_id: str
    revision: int
    stale: bool
    policy: PolicyView
    faces: list[IdentifiedFace]
    timings_ms: TimingsView


class Verification(BaseModel):
    """One to one. ``similarity`` and ``fmr`` are null where there was nothing to compare.

    ``reported_not_them``: the probe is nearer to a face that feedback said was not the person than
    to the person; it is no match, however near. ``stale`` as of an identification. A person who is
    not valid now never matches: keys with the scope ``read`` or ``admin`` are told so, by the
    reason ``person_not_valid`` and in ``not_valid``; other keys get ``no_match``.

    Keys without ``read`` get ``similarity`` and ``fmr`` of a match alone, in steps of 0.05 (unless
    the collection has ``show_candidates``): each answer below it would lead them nearer.
    """

    request_id: str
    contract_id: str
    decision: Literal["match", "no_match", "rejected"]
    reasons: list[ProbeReason]
    not_valid: list[NotValidPerson]
    similarity: float | None
    threshold: float
    target_fmr: float
    fmr: float | None
    reported_not_them: bool
    stale: bool
    face: SampleView | None


class Comparison(BaseModel):
    """Two images, the largest face of each."""

    request_id: str
    contract_id: str
    decision: Literal["match", "no_match", "rejected"]
    reasons: list[ProbeReason]
    similarity: float | None
    threshold: float
    target_fmr: float
    fmr: float | None
    source: SampleView | None
    target: SampleView | None


class Detection(BaseModel):
    """Every face of the image, largest first, without identities."""

    request_id: str
    contract_id: str
    faces: list[SampleView]


class EmbeddingView(BaseModel):
    """The largest face's embedding, of unit length."""

    request_id: str
    contract_id: str
    dimension: int
    embedding: list[float]
    face: SampleView


class DistanceMatrix(BaseModel):
    """``matrix[i][j]`` is the distance of ``labels[i]`` and ``labels[j]``; 0 is the same."""

    labels: list[str]
    metric: Metric
    matrix: list[list[float]]


class BundleEvidence(BaseModel):
    """The threshold that the model bundle's calibration alone would give, and on what it rests."""

    similarity: float
    fpir_interval: Pair
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

    persons: int
    mean: float | None
    deviation: float | None
    persons_with_several_faces: int
    coherence: float | None
    shift: float
    stretch: float
    used_shift: float
    used_stretch: float
    shift_error: float
    stretch_error: float
    least_similarity: float
    at_least: bool


class ReportsView(BaseModel):
    """What feedback says, and what it is held against.

    Of ``probes`` identified, at most ``expected_false_positives`` were to be named if all had been
    strangers; of each key and source as many probes count as people can pass a camera, so that
    nobody cancels reports by asking. ``false_positives`` were confirmed, of each key up to a
    limit. ``factor`` is how many times as often as stated strangers are named, at least, with 95 %
    confidence, and at most 1 + ``false_positives``: the rate is raised by it, never lowered.
    """

    probes: int
    expected_false_positives: float
    false_positives: int
    not_them: int
    them: int
    factor: float


class ThresholdEvidence(BaseModel):
    """On what a threshold rests, and how far the site is from the bundle.

    ``fpir_ratio`` is how often strangers would reach the bundle's own threshold here, over how
    often the bundle says; with its 95 % interval. ``fits_bundle`` is false, and ``warning`` tells,
    where it is off by more than a factor of two and the interval does not hold 1.
    """

    bundle: BundleEvidence
    site: SiteView
    feedback: ReportsView
    fpir_ratio: float
    fpir_ratio_interval: Pair
    fits_bundle: bool
    warning: str | None


class ThresholdView(BaseModel):
    """The similarity above which a stranger is named at most ``target_fpir`` of the time.

    ``gallery_size`` and ``face_count`` are of the persons who are valid now.
    """

    similarity: float
    target_fpir: float
    gallery_size: int
    face_count: int
    fpir_interval: Pair
    extrapolated: bool
    contract_id: str
    evidence: ThresholdEvidence


class ModelView(BaseModel):
    """The model bundle that this service runs."""

    name: str
    version: str
    contract_id: str
    licence: str
    dimension: int
    sample: Literal["face", "image"]
    provider: str
    precision: str
    calibration: dict[str, Any]


class ModelList(BaseModel):
    """The bundles loaded: one."""

    items: list[ModelView]


class FeedbackView(BaseModel):
    """A verdict as it is kept. ``false_positive``: the service named this person for the probe, and
    it was not them. ``threshold`` is the collection's, without what feedback raised it by.
    ``similarity`` is null to keys without the scope `read` where it is below that.
    """

    id: str
    person_id: str
    verdict: Verdict
    false_positive: bool
    similarity: float | None
    threshold: float
    revision: int
    contract_id: str
    source: str | None
    created_at: datetime


class KnownPerson(BaseModel):
    """Somebody enrolled who a group of faces is."""

    person_id: str
    external_id: str | None
    name: str | None
    similarity: float
    fpir: float


class ClusterView(BaseModel):
    """Faces of one person: which, by label and by place among all ``labels``.

    ``cohesion`` is their mean similarity to each other, null of a single face; ``person`` who they
    are together, null where that is nobody enrolled. When they were seen is told of stored probes.
    """

    labels: list[str]
    indices: list[int]
    cohesion: float | None
    first_seen: datetime | None
    last_seen: datetime | None
    person: KnownPerson | None


class ClusterReport(BaseModel):
    """All ``labels`` in the order sent (of stored probes their ids, oldest first), and the clusters
    of one or more of them, largest first. Two strangers are as near as members with a chance of at
    most ``max_fmr``.
    """

    labels: list[str]
    max_fmr: float
    clusters: list[ClusterView]
