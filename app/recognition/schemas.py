"""Recognition at the edge. Output has no defaults; similarities are cosines, higher is closer."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_validator

from app.gallery.fields import (
    LimitOfSimilarity,
    RuleField,
    Similarity,
    SubjectField,
    TargetFmr,
    TargetFpir,
)
from app.gallery.schemas import BoxView, QualityView, SeveralFaces
from app.reasons import ProbeReason
from app.web.fields import BodyFields, Count, Finite, Id, Positive, Rate, Whole

Pair = Annotated[list[Finite], Field(min_length=2, max_length=2)]
"""A list, because few generators of clients understand a tuple's schema."""
Interval = Annotated[list[Rate], Field(min_length=2, max_length=2)]
"""Two rates, the lower first."""
Points = Annotated[list[Pair], Field(min_length=5, max_length=5)]
Pixels = Annotated[int, Field(ge=1, description="Of the upright image.")]
FacesFound = Annotated[
    int, Field(ge=0, description="All faces found, also those beyond `max_faces`.")
]
Metric = Literal["cosine", "euclidean", "manhattan"]


class DetectOptions(BodyFields):
    """How to detect."""

    max_faces: Whole = Field(10, ge=1, le=100)
    min_face_size: Whole = Field(
        0,
        ge=0,
        description="Pixels of the shorter side of a face's box: smaller ones are not answered, "
        "nor counted in `faces_found`.",
    )


class IdentifyOptions(DetectOptions):
    """How to identify; ``target_fpir`` and ``min_similarity`` can only make it stricter."""

    max_candidates: Whole = Field(5, ge=1, le=100)
    target_fpir: TargetFpir | None = None
    min_similarity: float | None = Field(None, ge=-1, le=1)
    source: Id | None = Field(
        None, description="Where the image is from, such as a camera: a label of the metrics."
    )


Verdict = Literal["them", "not_them"]


class CompareOptions(BodyFields):
    """How strict a comparison is, and which face it takes: by ``subject`` of both images, unless
    ``source_subject`` or ``target_subject`` says otherwise of one.
    """

    target_fmr: TargetFmr = 1e-4
    subject: RuleField = "largest"
    source_subject: SubjectField | None = None
    target_subject: SubjectField | None = None


class VerifyOptions(BodyFields):
    """A ``target_fmr`` can only make the collection's stricter."""

    target_fmr: TargetFmr | None = None
    subject: SubjectField = "largest"


class EmbeddingOptions(BodyFields):
    """Which face to embed."""

    subject: SubjectField = "largest"


class DistanceOptions(BodyFields):
    """What to compare, where not images."""

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


class FeedbackOptions(BodyFields):
    """Who it was or was not; ``probe_id`` where not an image was sent."""

    person_id: Id
    verdict: Verdict
    probe_id: Id | None = Field(None, description="A stored probe, instead of an image.")
    source: Id | None = Field(None, description="Where the image is from, such as a camera.")
    subject: SubjectField = "largest"


class ClusterOptions(BodyFields):
    """What to group, where not images."""

    stored_probes: bool = Field(default=False, description="The collection's stored probes.")
    subject: RuleField = "largest"


class SampleView(BaseModel):
    """A face found: where, how sure, how good. Landmarks: eyes, nose tip, mouth corners; of a face
    that the border cuts they may lie outside of the image.
    """

    box: BoxView
    landmarks: Points | None
    detection_score: Rate
    quality: QualityView | None


class Candidate(BaseModel):
    """A person who looks like the probe; ``fpir`` is how often a stranger would look as alike.

    ``reported_not_them``: the probe is nearer to a face that feedback said was not the person than
    to the person. They are not named for it, however near. ``face_id``, the nearest template, is
    null in a stale answer.
    """

    person_id: Id
    external_id: str | None
    name: str | None
    similarity: Similarity
    fpir: Rate
    face_id: Annotated[int, Field(ge=1, description="The face's number in its collection.")] | None
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
    person_id: Id | None
    similarity: Similarity | None
    probe_id: Id | None
    reasons: list[ProbeReason]
    not_valid: list[NotValidPerson]
    candidates: list[Candidate]


class PolicyView(BaseModel):
    """By which threshold it was decided."""

    target_fpir: TargetFpir
    threshold: LimitOfSimilarity
    gallery_size: Count
    extrapolated: bool


class TimingsView(BaseModel):
    """Milliseconds of each step."""

    decode: Positive
    detect: Positive
    embed: Positive
    search: Positive
    total: Positive


class Identification(BaseModel):
    """Every face of the image, largest first.

    ``stale``: the database did not answer, so it was decided by what this replica last knew, which
    ``KITH_STALE_OK_SECONDS`` allows for so long.
    """

    request_id: str
    contract_id: str
    revision: Count
    stale: bool
    policy: PolicyView
    width: Pixels
    height: Pixels
    faces_found: FacesFound
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
    similarity: Similarity | None
    threshold: LimitOfSimilarity
    target_fmr: TargetFmr
    fmr: Rate | None
    reported_not_them: bool
    stale: bool
    face: SampleView | None
    warnings: list[SeveralFaces]


class Comparison(BaseModel):
    """Two images, one face of each; in ``warnings`` the source is image 0, the target image 1."""

    request_id: str
    contract_id: str
    decision: Literal["match", "no_match", "rejected"]
    reasons: list[ProbeReason]
    similarity: Similarity | None
    threshold: LimitOfSimilarity
    target_fmr: TargetFmr
    fmr: Rate | None
    source: SampleView | None
    target: SampleView | None
    warnings: list[SeveralFaces]


class Detection(BaseModel):
    """Every face of the image, largest first, without identities."""

    request_id: str
    contract_id: str
    width: Pixels
    height: Pixels
    faces_found: FacesFound
    faces: list[SampleView]


class EmbeddingView(BaseModel):
    """One face's embedding, of unit length."""

    request_id: str
    contract_id: str
    dimension: int = Field(ge=1)
    embedding: list[Finite]
    face: SampleView
    warnings: list[SeveralFaces]


class DistanceMatrix(BaseModel):
    """``matrix[i][j]`` is the distance of ``labels[i]`` and ``labels[j]``; 0 is the same."""

    labels: list[str]
    metric: Metric
    matrix: list[list[Positive]]
    warnings: list[SeveralFaces]


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


class ModelView(BaseModel):
    """The model bundle that this service runs.

    ``manifest_sha256`` is of its ``manifest.json``, which states the SHA-256 of every other file:
    two services with the same one decide by the same models and the same calibration.
    """

    name: str
    version: str
    contract_id: str
    manifest_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    licence: str
    dimension: int = Field(ge=1)
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


class KnownPerson(BaseModel):
    """Somebody enrolled who a group of faces is."""

    person_id: Id
    external_id: str | None
    name: str | None
    similarity: Similarity
    fpir: Rate


class ClusterView(BaseModel):
    """Faces of one person: which, by label and by place among all ``labels``.

    ``cohesion`` is their mean similarity to each other, null of a single face; ``person`` who they
    are together, null where that is nobody enrolled. When they were seen is told of stored probes.
    """

    labels: list[str]
    indices: list[Count]
    cohesion: Similarity | None
    first_seen: datetime | None
    last_seen: datetime | None
    person: KnownPerson | None


class ClusterReport(BaseModel):
    """All ``labels`` in the order sent (of stored probes their ids, oldest first), and the clusters
    of one or more of them, largest first. Two strangers are as near as members with a chance of at
    most ``max_fmr``.
    """

    labels: list[str]
    max_fmr: Rate
    clusters: list[ClusterView]
    warnings: list[SeveralFaces]
