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
from app.decision.gallery_rates import GalleryRates
from app.decision.open_set import Outcome
from app.decision.rates import ProbeRates, Threshold
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
    """The rule of one identification.

    A stranger is named at most ``target`` of the time; ``own_target`` is the collection's, which a
    caller can only make stricter. ``least`` is the least similarity that the caller accepts. Two
    similarities within ``margin`` are ambiguous. ``rates`` are those of the gallery searched.
    """

    target: float
    own_target: float
    least: float
    margin: float
    rates: GalleryRates

    @property
    def typical(self) -> Threshold:
        """The threshold of a typical probe."""
        return self.rates.typical.threshold(self.target)

    def limit(self, probe: ProbeRates) -> float:
        """The similarity from which on a person is named for a probe."""
        return max(probe.limit(self.target), self.least)


@dataclass(frozen=True, slots=True)
class RatedMatch:
    """A person near a probe, and the rate at which strangers reach that similarity (FPIR)."""

    match: Match
    fpir: float


@dataclass(frozen=True, slots=True)
class DecidedFace:
    """The decision for one face.

    ``outcome`` is None where ``reasons`` refuse the face, which then has no ``embedding`` (d,) and
    no ``rates``. A person is named from the similarity ``limit`` on. ``candidates`` are nearest
    first; ``winner`` is the person identified. ``not_valid`` are those who reach the limit of an
    unknown face outside of their validity. ``probe_id`` is the id under which an unknown face is
    kept, if it is.
    """

    seen: SeenFace
    reasons: tuple[SampleReason, ...]
    embedding: Embeddings | None
    rates: ProbeRates | None = None
    limit: float | None = None
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

    ``similarity`` is None where the face could not be compared. ``target`` is the FMR that was
    asked for, ``rates`` are those of this face, and ``typical`` those of a typical one, which say
    nothing of it. A person who is not valid now is ``rejected`` whatever the similarity. Two
    similarities within ``margin`` are ambiguous.
    """

    question: Question
    at: datetime
    claimed: ClaimedPerson
    taken: TakenFace
    outcome: VerifyOutcome
    similarity: float | None
    target: float
    rates: ProbeRates
    typical: ProbeRates
    margin: float
    is_reported: bool
    is_valid: bool
    stale: bool

    @property
    def limit(self) -> float:
        """The similarity from which on the face is a match."""
        return self.rates.verification_threshold(self.target).similarity


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

    ``taken`` is the face of the image, None where the report is about a stored probe. ``typical``
    is the threshold of a typical face.
    """

    caller: Principal
    collection: Collection
    person_id: str
    report: Feedback
    taken: TakenFace | None
    typical: float


Decision = IdentifiedImage | VerifiedFace
"""A decision about people of a gallery: what observers are given."""
