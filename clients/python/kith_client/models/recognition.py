"""Recognition. Written by ``make client`` from the service's OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from kith_client.model import Model
from kith_client.models.common import BoxView, QualityView


class BundleEvidence(Model):
    """The threshold that the bundle's calibration alone would give, and the data behind it.

    similarity: The least cosine that strangers reach at the target, were all of them and the
        enrolled like the bundle's people; 1.001 where none is high enough.
    fpir_interval: 95 % interval of the rate there.
    extrapolated: Whether the rate is below what the calibration has measured.
    calibration: The data and date of the bundle's calibration.
    """

    similarity: float
    fpir_interval: list[float]
    extrapolated: bool
    calibration: dict[str, Any]


class Candidate(Model):
    """A person who looks like the probe; ``fpir`` is the rate at which strangers look as alike.
    ``extrapolated``: so low a rate that the calibration's data do not reach it.
    ``reported_not_them``: the probe is nearer to a face that feedback said was not the person
    than to the person. They are not named for it, however near. ``face_id``, the nearest
    template, is null in a stale answer.

    person_id: Id of the person.
    external_id: The person's id in the client's own system; null: none.
    name: The person's name; null: none.
    similarity: Cosine of probe and person, -1 to 1; higher is closer.
    fpir: Rate, 0 to 1, at which strangers are as similar to anybody in this gallery.
    extrapolated: Whether the rate is below what the calibration has measured.
    face_id: Number of the person's nearest face; null in a stale answer.
    reported_not_them: Whether feedback keeps this person from being named for this probe.
    """

    person_id: str
    external_id: str | None
    name: str | None
    similarity: float
    fpir: float
    extrapolated: bool
    face_id: int | None
    reported_not_them: bool


class ClusterReport(Model):
    """All ``labels`` in the order sent (ids, oldest first, for stored probes), and the clusters
    of one or more of them, largest first. Two strangers are as near as members of a cluster
    with a probability of at most ``max_fmr``.

    labels: All faces in the order sent; ids, oldest first, for stored probes.
    max_fmr: Rate, 0 to 1, at which two strangers are as near as members of a group.
    clusters: The groups, largest first; each face is in one.
    warnings: Images in which several faces were found.
    """

    labels: list[str]
    max_fmr: float
    clusters: list[ClusterView]
    warnings: list[SeveralFaces]


class ClusterView(Model):
    """Faces of one person, by label and by place among all ``labels``. ``cohesion`` is their
    mean similarity to each other, null for a single face. ``person`` is null where the group is
    nobody enrolled. Only stored probes have times at which they were seen.

    labels: Labels of the faces of this group.
    indices: Their places in the report's `labels`, from 0.
    cohesion: Mean cosine of the faces to each other; higher is closer, null for a single face.
    first_seen: Time of the earliest stored probe, UTC; null for images.
    last_seen: Time of the latest stored probe, UTC; null for images.
    person: The enrolled person of this group; null where it is nobody.
    """

    labels: list[str]
    indices: list[int]
    cohesion: float | None
    first_seen: datetime | None
    last_seen: datetime | None
    person: KnownPerson | None


class Comparison(Model):
    """Two images, one face of each; in ``warnings`` the source is image 0, the target image 1.

    request_id: Id of this request: that of its log line and of `X-Request-Id`.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    decision: `rejected`: there was nothing to compare; `reasons` say why.
    reasons: Why there was nothing to compare; else empty.
    similarity: Cosine of the faces, -1 to 1; higher is closer. Null where not compared.
    threshold: The least similarity that counts; above 1 where none is near enough.
    target_fmr: False-match rate of a 1:1 verification.
    fmr: Rate, 0 to 1, at which two strangers are as similar; lower is closer.
    extrapolated: Whether `fmr` is below what the calibration has measured.
    source: The face taken of the source; null where none was.
    target: The face taken of the target; null where none was.
    warnings: The images in which several faces were found: 0 the source, 1 the target.
    """

    request_id: str
    contract_id: str
    decision: Literal["match", "no_match", "rejected"] | str
    reasons: list[
        Literal[
            "no_face",
            "multiple_faces",
            "face_too_small",
            "face_cut_off",
            "low_detection_score",
            "low_quality",
            "extreme_pose",
            "not_recognisable",
            "person_not_valid",
        ]
        | str
    ]
    similarity: float | None
    threshold: float
    target_fmr: float
    fmr: float | None
    extrapolated: bool
    source: SampleView | None
    target: SampleView | None
    warnings: list[SeveralFaces]


class Detection(Model):
    """Every face of the image, largest first, without identities.

    request_id: Id of this request: that of its log line and of `X-Request-Id`.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    width: Of the upright image.
    height: Of the upright image.
    faces_found: All faces found, also those beyond `max_faces`.
    faces: The faces, largest first.
    """

    request_id: str
    contract_id: str
    width: int
    height: int
    faces_found: int
    faces: list[SampleView]


class DistanceMatrix(Model):
    """``matrix[i][j]`` is the distance of ``labels[i]`` and ``labels[j]``; 0 is the same.

    labels: One label a row: the person's id, or the image's file name or place.
    metric: The measure of distance.
    matrix: Distances by row and column of `labels`; 0 is the same, larger is less alike.
    warnings: Images in which several faces were found.
    """

    labels: list[str]
    metric: Literal["cosine", "euclidean", "manhattan"] | str
    matrix: list[list[float]]
    warnings: list[SeveralFaces]


class EmbeddingView(Model):
    """One face's embedding, of unit length.

    request_id: Id of this request: that of its log line and of `X-Request-Id`.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    dimension: Numbers in the embedding.
    embedding: The embedding, of length 1: the cosine of two is their similarity.
    face: The face that was embedded.
    warnings: The image, where several faces were found in it.
    """

    request_id: str
    contract_id: str
    dimension: int
    embedding: list[float]
    face: SampleView
    warnings: list[SeveralFaces]


class FeedbackView(Model):
    """A verdict as it is kept. ``false_positive``: the service named this person for the probe,
    and it was not them. ``threshold`` is the collection's, without what feedback raised it by.
    ``similarity`` is null to keys without the scope `read` where it is below that.

    id: Id of the report.
    person_id: The person whom the verdict is about.
    verdict: Whether the face is this person (`them`) or not (`not_them`).
    false_positive: Whether the service named this person for the probe although it is not them.
    similarity: Cosine of probe and person; higher is closer. Null to keys without `read` below
        `threshold`.
    threshold: The least similarity that counts; above 1 where none is near enough.
    revision: Number of changes of the collection's enrolled people so far.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    source: Where the image is from, such as a camera; null where nothing was said.
    created_at: Time of the report, UTC.
    warnings: The image, where several faces were found in it.
    """

    id: str
    person_id: str
    verdict: Literal["them", "not_them"] | str
    false_positive: bool
    similarity: float | None
    threshold: float
    revision: int
    contract_id: str
    source: str | None
    created_at: datetime
    warnings: list[SeveralFaces]


class Identification(Model):
    """Every face of the image, largest first. ``stale``: the database did not answer, so the
    decision uses the last known data of this replica, for at most ``KITH_STALE_OK_SECONDS``.

    request_id: Id of this request: that of its log line and of `X-Request-Id`.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    revision: Number of changes of the collection's enrolled people so far.
    stale: Whether the database did not answer, so that last known data decided.
    policy: The rule of the decision, and the threshold of a typical face.
    width: Of the upright image.
    height: Of the upright image.
    faces_found: All faces found, also those beyond `max_faces`.
    faces: The faces, largest first, at most `max_faces`; empty where none was found.
    timings_ms: Milliseconds spent on each step.
    """

    request_id: str
    contract_id: str
    revision: int
    stale: bool
    policy: PolicyView
    width: int
    height: int
    faces_found: int
    faces: list[IdentifiedFace]
    timings_ms: TimingsView


class IdentifiedFace(Model):
    """A face and its decision. ``person_id`` is null unless ``identified``. ``probe_id`` is
    null unless the face is unknown and was kept, which a stale answer never does. ``not_valid``
    lists, nearest first, the persons who reach the threshold of an unknown face but are not
    valid now; ``reasons`` then hold ``person_not_valid``. Only keys with the scope ``read`` or
    ``admin`` get both. ``threshold`` is the similarity from which on a person is named for this
    face: its similarities to all people of the gallery decide it. Null for a face that was not
    compared, and for callers who do not see candidates. ``similarity`` is that with the person
    identified, else null. Keys without ``read`` get it in steps of 0.05 and no ``candidates``;
    if the collection has ``show_candidates``, they get exact values and candidates without
    names.

    box: The face's box; of a bundle without a detector the whole image.
    landmarks: x and y in pixels of the person's right eye, left eye, nose tip, right and left
        corner of the mouth; null without a detector.
    detection_score: The detector's confidence, 0 to 1; higher is surer.
    quality: How usable the face is; null without a detector.
    decision: `unknown`: nobody reaches the threshold. `ambiguous`: two do, and their
        similarities are too close. `rejected`: the face cannot be compared; `reasons` say why.
    person_id: The person identified; null for every other decision.
    similarity: Cosine with the person identified, higher is closer, else null; in steps of 0.05
        to keys that do not get exact values.
    threshold: The least cosine at which a person is named for this face: its similarities to
        everybody here decide it. Null where the face was not compared, and to keys that do not
        get exact values.
    probe_id: Id of the kept probe, for feedback; null where it was not kept.
    reasons: Why the face was not compared or not named; else empty.
    not_valid: Persons who reach the threshold but are not valid now, nearest first.
    candidates: The nearest persons, one row a person, nearest first, whatever the decision.
    """

    box: BoxView
    landmarks: list[list[float]] | None
    detection_score: float
    quality: QualityView | None
    decision: Literal["identified", "unknown", "ambiguous", "rejected"] | str
    person_id: str | None
    similarity: float | None
    threshold: float | None
    probe_id: str | None
    reasons: list[
        Literal[
            "no_face",
            "multiple_faces",
            "face_too_small",
            "face_cut_off",
            "low_detection_score",
            "low_quality",
            "extreme_pose",
            "not_recognisable",
            "person_not_valid",
        ]
        | str
    ]
    not_valid: list[NotValidPerson]
    candidates: list[Candidate]


class KnownPerson(Model):
    """The enrolled person whose faces a group has.

    person_id: Id of the person.
    external_id: The person's id in the client's own system; null: none.
    name: The person's name; null: none.
    similarity: Cosine of the group's and the person's embeddings; higher is closer.
    fpir: Rate, 0 to 1, at which strangers are as similar to anybody in the collection.
    """

    person_id: str
    external_id: str | None
    name: str | None
    similarity: float
    fpir: float


class ModelList(Model):
    """The bundles loaded: one.

    items: The bundles loaded: one.
    """

    items: list[ModelView]


class ModelView(Model):
    """The model bundle that this service runs. ``manifest_sha256`` is of its ``manifest.json``,
    which states the SHA-256 of every other file: two services with the same one decide by the
    same models and the same calibration.

    name: Name of the bundle.
    version: Its version.
    contract_id: Id of the embedding path: embeddings of different ids cannot be compared.
    manifest_sha256: SHA-256 of the bundle's `manifest.json`, hexadecimal.
    licence: Licence of the models.
    dimension: Numbers in an embedding.
    sample: What is embedded: the face that was found, or the whole image.
    provider: The library that computes embeddings: `cpu` is onnxruntime, and the reference.
    precision: Number format of the computation.
    self_check: Lowest cosine of its embeddings to those of the reference: 0.999 or more; null:
        it is the reference.
    milliseconds: Milliseconds of one embedding by each provider and precision, where several
        were measured.
    calibration: The data and date of the bundle's calibration.
    """

    name: str
    version: str
    contract_id: str
    manifest_sha256: str
    licence: str
    dimension: int
    sample: Literal["face", "image"] | str
    provider: Literal["cpu", "openvino", "cuda"] | str
    precision: Literal["fp32", "bf16", "int8"] | str
    self_check: float | None
    milliseconds: dict[str, float]
    calibration: dict[str, Any]


class NotValidPerson(Model):
    """A person whose validity has not begun or is over; only for keys with scope ``read``.

    person_id: Id of the person.
    external_id: The person's id in the client's own system; null: none.
    name: The person's name; null: none.
    valid_from: Not named before, UTC; null: always.
    valid_until: Not named from then on, UTC; null: never.
    """

    person_id: str
    external_id: str | None
    name: str | None
    valid_from: datetime | None
    valid_until: datetime | None


class PolicyView(Model):
    """The rule of the decision. ``threshold`` is that of a typical face in this gallery; each
    face has its own. Keys that do not get exact values get the bundle's for this number of
    persons.

    target_fpir: Rate, 0 to 1, at which strangers may be named by this decision.
    threshold: The threshold of a typical face in this gallery. Each face is decided by its own,
        `faces[].threshold`: it may be unknown above this one, or named below it. To keys that
        do not get exact values the bundle's, for any people.
    gallery_size: Persons who are valid now.
    extrapolated: Whether the rate is below what the calibration has measured.
    warning: What to know where the data do not support the rate: it is extrapolated, or fewer
        than 20 persons are enrolled; else null.
    """

    target_fpir: float
    threshold: float
    gallery_size: int
    extrapolated: bool
    warning: str | None


class ReportsView(Model):
    """The reports of false positives, and the number that was expected.
    ``expected_false_positives`` is the expected number if all ``probes`` had been strangers.
    For each key and source, probes count only at the pace at which people can pass a camera, so
    that repeated requests cannot cancel reports. ``false_positives`` were confirmed, up to a
    limit for each key. ``factor`` is the lower 95 % confidence bound of the true rate over the
    stated rate, and at most 1 + ``false_positives``: it corrects the rate upwards, never
    downwards.

    probes: Probes counted.
    expected_false_positives: False positives expected if all probes had been strangers.
    false_positives: False positives that were confirmed.
    not_them: Reports `not_them`.
    them: Reports `them`.
    factor: Factor by which feedback raises the rate, at least 1.
    """

    probes: int
    expected_false_positives: float
    false_positives: int
    not_them: int
    them: int
    factor: float


class SampleView(Model):
    """A face found: its box, score and quality. Landmarks are eyes, nose tip and mouth corners;
    they may lie outside of the image where the border cuts the face.

    box: The face's box; of a bundle without a detector the whole image.
    landmarks: x and y in pixels of the person's right eye, left eye, nose tip, right and left
        corner of the mouth; null without a detector.
    detection_score: The detector's confidence, 0 to 1; higher is surer.
    quality: How usable the face is; null without a detector.
    """

    box: BoxView
    landmarks: list[list[float]] | None
    detection_score: float
    quality: QualityView | None


class SeveralFaces(Model):
    """Several faces were found in an image, and one of them was taken.

    index: Place of the image in the request, from 0.
    reason: The kind of warning.
    faces_found: Faces found in the image.
    box: The box of the face that was taken.
    detail: The reason in words, and what to do.
    """

    index: int
    reason: Literal["several_faces"]
    faces_found: int
    box: BoxView
    detail: str


class SiteView(Model):
    """The statistics of the similarities between the gallery's people who are valid now.
    Persons who are more alike than strangers are count once. ``mean`` is over all pairs of
    persons, ``deviation`` that of a typical person's similarities to the others; null with
    fewer than two persons. ``shift`` is the difference of the mean from that of the bundle's
    calibration, in its standard deviations, and ``stretch`` the ratio of the deviations.

    persons: Persons who are valid now, each counted once.
    mean: Mean cosine of pairs of persons; null with fewer than two.
    deviation: Standard deviation of these cosines; null with fewer than two persons.
    shift: Mean less the bundle's, in the bundle's standard deviations; 0 is alike.
    stretch: Standard deviation over the bundle's; 1 is alike.
    """

    persons: int
    mean: float | None
    deviation: float | None
    shift: float
    stretch: float


class ThresholdEvidence(Model):
    """The evidence for a threshold, and the difference of the site from the bundle.
    ``fpir_ratio`` is the rate at which strangers would reach the bundle's own threshold here,
    over the rate that the bundle states, with its 95 % interval. ``fits_bundle`` is false, and
    there is a ``warning``, where the ratio is off by more than a factor of two and its interval
    excludes 1. So there is where the target is extrapolated, and where fewer than 20 persons
    are enrolled. Another ``warning`` names persons who are probably one.

    bundle: The bundle's own threshold.
    site: Statistics of the enrolled people.
    feedback: Reports, and the false positives that were expected.
    fpir_ratio: Rate of strangers here at the bundle's threshold, over the rate it states. Null
        with fewer than three persons, who show nothing of it; below about 20 it says little.
    fpir_ratio_interval: 95 % interval of this ratio, the lower end first; null where the ratio
        is.
    fits_bundle: Whether the ratio agrees with 1 within a factor of two or its interval.
    warning: What an operator should know: that the data do not support the rate, that few
        persons are enrolled, that strangers here are unlike the bundle's; null where nothing.
    """

    bundle: BundleEvidence
    site: SiteView
    feedback: ReportsView
    fpir_ratio: float | None
    fpir_ratio_interval: list[float] | None
    fits_bundle: bool
    warning: str | None


class ThresholdView(Model):
    """The similarity from which on a stranger with a typical face is named at a rate of at most
    ``target_fpir``. Each face that is identified has a threshold of its own, as its
    similarities to the gallery's people are higher or lower than a typical face's.
    ``gallery_size`` and ``face_count`` are of the persons who are valid now.

    similarity: The least cosine at which a person is named; higher is stricter.
    target_fpir: False-positive identification rate: how often a stranger may be named.
    gallery_size: Persons who are valid now.
    face_count: Faces of these persons.
    fpir_interval: 95 % interval of the rate at this threshold, the lower end first.
    extrapolated: Whether the rate is below what the calibration has measured.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    evidence: What the threshold follows from.
    """

    similarity: float
    target_fpir: float
    gallery_size: int
    face_count: int
    fpir_interval: list[float]
    extrapolated: bool
    contract_id: str
    evidence: ThresholdEvidence


class TimingsView(Model):
    """Milliseconds of each step.

    decode: Milliseconds to decode the image.
    detect: Milliseconds to find faces.
    embed: Milliseconds to embed the faces.
    search: Milliseconds to search and decide.
    total: Milliseconds from the body's end to the decision.
    """

    decode: float
    detect: float
    embed: float
    search: float
    total: float


class Verification(Model):
    """One to one. ``similarity`` and ``fmr`` are null where there was nothing to compare.
    ``reported_not_them``: the probe is at least as close to a face reported ``not_them`` as to
    the person; it is no match, however near. ``stale`` is as in an identification. A person who
    is not valid now never matches: keys with the scope ``read`` or ``admin`` get the reason
    ``person_not_valid`` and ``not_valid``; other keys get ``no_match``. Keys without ``read``
    get ``similarity`` and ``fmr`` only of a match, in steps of 0.05 (unless the collection has
    ``show_candidates``), because each lower value would guide an attacker. ``threshold`` is
    then the bundle's, and ``reported_not_them`` shown where it keeps a match off.

    request_id: Id of this request: that of its log line and of `X-Request-Id`.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    decision: `rejected`: there was nothing to compare; `reasons` say why.
    reasons: Why there was nothing to compare, or no match; else empty.
    not_valid: The person, where not valid now; only for keys with `read` or `admin`.
    similarity: Cosine of face and person, -1 to 1; higher is closer. Null where not compared.
    threshold: The least similarity that counts; above 1 where none is near enough.
    target_fmr: False-match rate of a 1:1 verification.
    fmr: Rate, 0 to 1, at which strangers are as similar; lower is closer.
    extrapolated: Whether `fmr` is below what the calibration has measured.
    reported_not_them: Whether feedback says that a face at least as near is not this person.
    stale: Whether the database did not answer, so that last known data decided.
    face: The face that was taken; null where none was.
    warnings: The image, where several faces were found in it.
    """

    request_id: str
    contract_id: str
    decision: Literal["match", "no_match", "rejected"] | str
    reasons: list[
        Literal[
            "no_face",
            "multiple_faces",
            "face_too_small",
            "face_cut_off",
            "low_detection_score",
            "low_quality",
            "extreme_pose",
            "not_recognisable",
            "person_not_valid",
        ]
        | str
    ]
    not_valid: list[NotValidPerson]
    similarity: float | None
    threshold: float
    target_fmr: float
    fmr: float | None
    extrapolated: bool
    reported_not_them: bool
    stale: bool
    face: SampleView | None
    warnings: list[SeveralFaces]
