"""Decisions as frozen values with raw scores: services return them, renderers and observers read
them.

Nothing here is rounded or hidden. What a caller may see is decided by ``render``;
``views`` rounds what every caller may see.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.auth.principal import Principal
from app.decision.calibration import Calibration, Threshold
from app.decision.open_set import Outcome
from app.feedback.models import Feedback
from app.gallery.models import Collection
from app.inference.embedder import Embeddings
from app.reasons import SampleReason
from app.recognition.matches import ClaimedPerson, Match, NotValid
from app.recognition.subject import SeenFace, TakenFace
from app.replication.reader import GalleryState

VerifyOutcome = Literal["match", "no_match", "rejected"]
Metric = Literal["cosine", "euclidean", "manhattan"]


@dataclass(frozen=True, slots=True)
class Question:
    """The caller of a request, the request's id, and the source that it names for its image."""

    caller: Principal
    request_id: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """The threshold of one identification.

    ``threshold`` is the one for the target rate. A person is named from the similarity ``limit``
    on, which is higher where the caller asked for more. ``stated`` is the similarity for the
    collection's own target. Two similarities within ``margin`` are ambiguous.
    """

    threshold: Threshold
    limit: float
    stated: float
    margin: float
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class RatedMatch:
    """A person near a probe, and the rate at which strangers reach that similarity (FPIR)."""

    match: Match
    fpir: float


@dataclass(frozen=True, slots=True)
class DecidedFace:
    """The decision for one face.

    ``outcome`` is None where ``reasons`` refuse the face, which then has no ``embedding`` (d,).
    ``candidates`` are nearest first; ``winner`` is the person identified. ``not_valid`` are those
    who reach the limit of an unknown face outside of their validity. ``probe_id`` is the id under
    which an unknown face is kept, if it is.
    """

    seen: SeenFace
    reasons: tuple[SampleReason, ...]
    embedding: Embeddings | None
    outcome: Outcome | None = None
    winner: Match | None = None
    candidates: tuple[RatedMatch, ...] = ()
    not_valid: tuple[NotValid, ...] = ()
    probe_id: str | None = None


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds that each step of an identification took."""

    decode: float
    detect: float
    embed: float
    search: float
    total: float


@dataclass(frozen=True, slots=True)
class IdentifiedImage:
    """The decision for every face of an image of ``width`` x ``height`` pixels, largest first.

    ``stale``: the collection, its people or the caller's key are as they were last known, since
    the database did not answer.
    """

    question: Question
    at: datetime
    collection: Collection
    gallery: GalleryState
    policy: Policy
    width: int
    height: int
    faces_found: int
    faces: tuple[DecidedFace, ...]
    stale: bool
    timings: Timings


@dataclass(frozen=True, slots=True)
class VerifiedFace:
    """The decision whether the face ``taken`` is of the person ``claimed``.

    ``similarity`` is None where the face could not be compared. A person who is not valid now is
    ``rejected`` whatever the similarity. Two similarities within ``margin`` are ambiguous.
    """

    question: Question
    at: datetime
    claimed: ClaimedPerson
    taken: TakenFace
    outcome: VerifyOutcome
    similarity: float | None
    threshold: Threshold
    margin: float
    calibration: Calibration
    is_reported: bool
    is_valid: bool
    stale: bool


@dataclass(frozen=True, slots=True)
class ComparedFaces:
    """The decision whether two faces are of one person, by the bundle's calibration."""

    contract_id: str
    source: TakenFace
    target: TakenFace
    outcome: VerifyOutcome
    similarity: float | None
    threshold: Threshold
    fmr: float | None


@dataclass(frozen=True, slots=True)
class DetectedFaces:
    """The largest faces of an image; ``found`` counts also those beyond."""

    contract_id: str
    width: int
    height: int
    found: int
    faces: tuple[SeenFace, ...]


@dataclass(frozen=True, slots=True)
class EmbeddedFace:
    """The face ``taken`` of an image, which was ``seen``, and its ``embedding`` (d,), of unit
    length.
    """

    contract_id: str
    taken: TakenFace
    seen: SeenFace
    embedding: Embeddings


@dataclass(frozen=True, slots=True)
class MeasuredDistances:
    """The ``matrix`` (n, n) of n ``labels``; ``taken`` are the faces of images, not of persons."""

    labels: tuple[str, ...]
    metric: Metric
    matrix: NDArray[np.float64]
    taken: tuple[TakenFace, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Faces of one person, by their ``rows`` among all, and the enrolled person ``known``, if any.

    ``cohesion`` is None for a single face; only stored probes have times.
    """

    rows: tuple[int, ...]
    cohesion: float | None
    first_seen: datetime | None
    last_seen: datetime | None
    known: RatedMatch | None


@dataclass(frozen=True, slots=True)
class GroupedFaces:
    """The faces of ``labels`` in ``groups``, largest first. At most ``max_fmr`` of strangers are as
    near as two groups that were joined; ``taken`` are the faces of images, not of stored probes.
    """

    labels: tuple[str, ...]
    max_fmr: float
    groups: tuple[Group, ...]
    taken: tuple[TakenFace, ...]


@dataclass(frozen=True, slots=True)
class GivenFeedback:
    """The ``report`` of a ``caller`` as it is kept, about a person of the ``collection``.

    ``taken`` is the face of the image, None where the report is about a stored probe.
    """

    caller: Principal
    collection: Collection
    person_id: str
    report: Feedback
    taken: TakenFace | None


Decision = IdentifiedImage | VerifiedFace
"""A decision about people of a gallery: what observers are given."""
