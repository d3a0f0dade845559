"""Decisions as frozen values with raw scores: services return them, renderers and observers read
them.

Nothing here is rounded or hidden. ``render`` withholds what a caller may not see, and ``views``
rounds what every caller may see.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from app.auth.principal import Principal
from app.decision.caution import caution
from app.decision.gallery_rates import GalleryRates
from app.decision.open_set import Outcome
from app.decision.rates import ProbeRates, Standing, Threshold
from app.feedback.models import Feedback
from app.gallery.disclosure import Disclosure, Strictness
from app.gallery.models import Collection
from app.inference.embedder import Embeddings
from app.reasons import NoSubject, SampleReason
from app.recognition.bursts import SeenBurst
from app.recognition.image_results import VerifyOutcome
from app.recognition.matches import ClaimedPerson, Match, NotValid
from app.recognition.subject import SeenFace, TakenFace
from app.replication.reader import GalleryState


@dataclass(frozen=True, slots=True)
class Question:
    """The caller of a request, the request's id, and the source that it names for its image."""

    caller: Principal
    request_id: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """The rule of one identification: as ``strict`` as the collection and the caller say, where the
    caller sees what ``disclosure`` says.

    Two similarities within ``margin`` are ambiguous. ``rates`` are those of the gallery searched.
    """

    disclosure: Disclosure
    strict: Strictness
    margin: float
    rates: GalleryRates

    @property
    def shown(self) -> Threshold:
        """The threshold that the answer shows: that of a typical probe, or to callers who see no
        scores the one by the bundle's people.
        """
        sees = self.disclosure.scores
        rates = self.rates.typical if sees else self.rates.impersonal
        found = self.rates.threshold(self.strict.judged, impersonal=not sees)
        similarity = max(found.similarity, self.strict.least)
        extrapolated = rates.is_extrapolated(self.strict.target)
        return replace(found, similarity=similarity, extrapolated=extrapolated)

    @property
    def caution(self) -> str | None:
        """The warning about the evidence for the target that was asked for, if any."""
        threshold = self.rates.threshold(self.strict.target, impersonal=True)
        least = self.rates.impersonal.supported
        return caution(threshold, persons=self.rates.size.persons, least=least)

    def limit(self, probe: ProbeRates) -> float:
        """The similarity from which on a person is named for a probe."""
        return max(probe.limit(self.strict.judged), self.strict.least)


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

    ``similarity`` is None where the face could not be compared. The caller sees what ``disclosure``
    says, and the decision is as ``strict`` as the collection and the caller say. ``rates`` are
    those of this face, and ``impersonal`` those by the bundle's people, which say nothing of the
    gallery's. ``standing``: the similarity as it stands out. ``doubts`` are why a face
    that is not this person's is no stranger's either. A person who is not valid now is
    ``rejected`` whatever the similarity. Two similarities within ``margin`` are ambiguous.
    """

    question: Question
    at: datetime
    claimed: ClaimedPerson
    taken: TakenFace
    similarity: float | None
    standing: Standing | None
    doubts: tuple[SampleReason, ...]
    disclosure: Disclosure
    strict: Strictness
    rates: ProbeRates
    impersonal: ProbeRates
    margin: float
    is_reported: bool
    is_valid: bool
    stale: bool

    @property
    def outcome(self) -> VerifyOutcome:
        """The decision, whatever the caller may see of it."""
        if self.similarity is None or not self.is_valid:
            return "rejected"
        return "match" if self.reaches and not self.is_reported else self.unmatched

    @property
    def unmatched(self) -> VerifyOutcome:
        """The decision for a face that is no match."""
        return "rejected" if self.doubts and not self.reaches else "no_match"

    @property
    def reasons(self) -> tuple[NoSubject | SampleReason, ...]:
        """Why the face could not be recognised."""
        return self.taken.reasons if self.similarity is None or self.reaches else self.doubts

    @property
    def reaches(self) -> bool:
        """Whether the face would be a match of somebody valid whom no report concerns."""
        if self.similarity is None or self.standing is None or self.similarity < self.limit:
            return False
        needed = self.rates.verification_threshold(self.strict.judged).similarity
        return not self.standing.below(needed)

    @property
    def fmr(self) -> float | None:
        """How often an impostor's score is as high, by the rates that the answer shows."""
        if self.standing is None:
            return None
        return self.shown.fmr(self.standing.stands[0])

    @property
    def limit(self) -> float:
        """The similarity from which on the face is a match."""
        return self._limit(self.rates)

    @property
    def shown(self) -> ProbeRates:
        """The rates that the answer shows: those of this face, or to callers who see no scores
        those by the bundle's people.
        """
        return self.rates if self.disclosure.scores else self.impersonal

    @property
    def shown_limit(self) -> float:
        """The threshold by the rates that the answer shows."""
        return self._limit(self.shown)

    def _limit(self, rates: ProbeRates) -> float:
        found = rates.verification_threshold(self.strict.judged).similarity
        return max(found, self.strict.least)


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
    ``impersonal`` is the threshold by the bundle's people.
    """

    caller: Principal
    collection: Collection
    person_id: str
    report: Feedback
    taken: TakenFace | None
    impersonal: float


@dataclass(frozen=True, slots=True)
class DecidedBurst:
    """The decision for the frames of one subject at a door, against everybody (``is_open``) or
    against one person who was claimed. ``is_rejected``: nobody stands out, and the face is no
    stranger's either. ``is_new``: the first of a visit that is reported.
    """

    question: Question
    at: datetime
    seen: SeenBurst
    is_open: bool
    is_rejected: bool
    is_new: bool

    @property
    def collection(self) -> Collection:
        """The collection that was searched."""
        return self.seen.collection


Decision = IdentifiedImage | VerifiedFace | DecidedBurst
"""A decision about people of a gallery: what observers are given."""
