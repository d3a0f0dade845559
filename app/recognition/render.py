"""Renders decisions as answers of the v1 API: rounded, without data that the caller may not see.

Only this module turns a decision into an answer, and withholds names, candidates and exact
similarities from a key without the scope ``read``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Any, Final

from app.auth.principal import Principal
from app.core.clock import instant_of
from app.gallery.models import Collection
from app.gallery.schemas import SeveralFaces
from app.gallery.views import (
    box_view,
    limit_view,
    quality_view,
    rate_view,
    several_faces,
    similarity_view,
)
from app.inference.embedder import Embeddings
from app.reasons import Reason
from app.recognition.matches import PersonSummary
from app.recognition.results import (
    ComparedFaces,
    DecidedFace,
    DetectedFaces,
    EmbeddedFace,
    IdentifiedImage,
    RatedMatch,
    Timings,
    VerifiedFace,
    VerifyOutcome,
)
from app.recognition.schemas.faces import Detection, EmbeddingView, SampleView
from app.recognition.schemas.identification import (
    Candidate,
    Identification,
    IdentifiedFace,
    NotValidPerson,
    PolicyView,
    TimingsView,
)
from app.recognition.schemas.verification import Comparison, Verification
from app.recognition.subject import SeenFace, TakenFace
from app.replication.validity import ALWAYS, FOREVER

_STEP: Final = 0.05
"""Shown of a match alone: below the threshold even steps this wide lead a made-up picture up to it
(`make bench-climb`: within 150 questions)."""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The data of people that a caller may see: their names and validity (``names``), and exact
    similarities of candidates and of comparisons that are no match (``scores``).
    """

    names: bool
    scores: bool

    @classmethod
    def of(cls, caller: Principal, collection: Collection) -> "Disclosure":
        """Both with the scope ``read``; scores where the collection shows candidates."""
        return cls(caller.may_read, caller.may_read or collection.show_candidates)


def identification(decision: IdentifiedImage) -> Identification:
    """The answer of ``identify``."""
    disclosure = Disclosure.of(decision.question.caller, decision.collection)
    threshold = decision.policy.threshold
    return Identification(
        request_id=decision.question.request_id,
        contract_id=decision.collection.contract_id,
        revision=decision.gallery.revision,
        policy=PolicyView(
            target_fpir=threshold.target,
            threshold=_threshold(decision.policy.limit),
            gallery_size=decision.gallery.size.persons,
            extrapolated=threshold.extrapolated,
        ),
        stale=decision.stale,
        width=decision.width,
        height=decision.height,
        faces_found=decision.faces_found,
        faces=[_identified(face, disclosure) for face in decision.faces],
        timings_ms=_timings(decision.timings),
    )


def verification(decision: VerifiedFace) -> Verification:
    """The answer of ``verify``. The validity of the person is shown with the scope ``read`` alone;
    to other callers somebody who is not valid is no match.
    """
    claimed, threshold = decision.claimed, decision.threshold
    disclosure = Disclosure.of(decision.question.caller, claimed.collection)
    outcome, similarity = _disclosed(decision, disclosure)
    shows_validity = disclosure.names and not decision.is_valid
    fmr = None
    if similarity is not None:
        fmr = rate_view(decision.calibration.fmr(similarity, templates=claimed.templates))
    return Verification(
        request_id=decision.question.request_id,
        contract_id=claimed.collection.contract_id,
        decision=outcome,
        reasons=[*decision.taken.reasons, *([Reason.PERSON_NOT_VALID] if shows_validity else [])],
        not_valid=[_not_valid(claimed.person, claimed.valid)] if shows_validity else [],
        similarity=_rounded(similarity),
        threshold=_threshold(threshold.similarity),
        target_fmr=threshold.target,
        reported_not_them=decision.is_reported and outcome != "rejected",
        fmr=fmr,
        stale=decision.stale,
        face=_seen(decision.taken.seen),
        warnings=warnings(decision.taken),
    )


def _disclosed(
    decision: VerifiedFace, disclosure: Disclosure
) -> tuple[VerifyOutcome, float | None]:
    """The outcome and the similarity that the caller may see."""
    outcome, similarity = decision.outcome, decision.similarity
    if not decision.is_valid and disclosure.names:
        return "rejected", None
    if similarity is None:
        return outcome, None
    limit = decision.threshold.similarity
    if not decision.is_valid:
        outcome = "no_match"
        if similarity >= limit:  # it would show that the person is not valid
            return outcome, None
    return outcome, similarity if disclosure.scores else in_steps(similarity, limit)


def comparison(decision: ComparedFaces, *, request_id: str) -> Comparison:
    """The answer of ``compare``."""
    source, target = decision.source, decision.target
    return Comparison(
        request_id=request_id,
        contract_id=decision.contract_id,
        decision=decision.outcome,
        reasons=list(dict.fromkeys(source.reasons + target.reasons)),
        similarity=_rounded(decision.similarity),
        threshold=_threshold(decision.threshold.similarity),
        target_fmr=decision.threshold.target,
        fmr=None if decision.fmr is None else rate_view(decision.fmr),
        source=_seen(source.seen),
        target=_seen(target.seen),
        warnings=warnings(source, 0) + warnings(target, 1),
    )


def detection(detected: DetectedFaces, *, request_id: str) -> Detection:
    """The answer of ``detect``."""
    return Detection(
        request_id=request_id,
        contract_id=detected.contract_id,
        width=detected.width,
        height=detected.height,
        faces_found=detected.found,
        faces=[sample_view(seen) for seen in detected.faces],
    )


def embedding(embedded: EmbeddedFace, *, request_id: str) -> EmbeddingView:
    """The answer of ``embeddings``."""
    return EmbeddingView(
        request_id=request_id,
        contract_id=embedded.contract_id,
        dimension=len(embedded.embedding),
        embedding=embedded.embedding.tolist(),
        face=sample_view(embedded.seen),
        warnings=warnings(embedded.taken),
    )


def warnings(taken: TakenFace, index: int = 0) -> list[SeveralFaces]:
    """The warning that one of several faces was taken of the image at place ``index``."""
    if taken.seen is None or taken.found < 2:
        return []
    return [several_faces(index, taken.seen.box, found=taken.found)]


def warnings_of(faces: Sequence[tuple[TakenFace, Embeddings]]) -> list[SeveralFaces]:
    """The warnings of one face each of several images, in the images' order."""
    return [each for index, (taken, _) in enumerate(faces) for each in warnings(taken, index)]


def in_steps(similarity: float, threshold: float) -> float | None:
    """A similarity for callers who may not read: rounded down to a step, and None below the
    ``threshold``, so that nobody can climb to it step by step.
    """
    if similarity < threshold:
        return None
    return round(floor(round(similarity / _STEP, 6)) * _STEP, 2)


def _identified(face: DecidedFace, disclosure: Disclosure) -> IdentifiedFace:
    winner, similarity = face.winner, None
    if winner is not None:
        similarity = similarity_view(winner.similarity)
        if not disclosure.scores:  # a winner has reached the threshold
            similarity = in_steps(similarity, similarity)
    not_valid = face.not_valid if disclosure.names else ()
    candidates = face.candidates if disclosure.scores else ()
    return IdentifiedFace(
        **_sample_fields(face.seen),
        decision="rejected" if face.outcome is None else face.outcome.value,
        person_id=None if winner is None else winner.person.id,
        similarity=similarity,
        probe_id=face.probe_id,
        reasons=[Reason.PERSON_NOT_VALID] if not_valid else [*face.reasons],
        not_valid=[_not_valid(each.person, each.valid) for each in not_valid],
        candidates=[_candidate(each, names=disclosure.names) for each in candidates],
    )


def _candidate(rated: RatedMatch, *, names: bool) -> Candidate:
    match = rated.match
    return Candidate(
        person_id=match.person.id,
        external_id=match.person.external_id if names else None,
        name=match.person.name if names else None,
        similarity=similarity_view(match.similarity),
        fpir=rate_view(rated.fpir),
        face_id=match.face_id,
        reported_not_them=match.reported_not_them,
    )


def _not_valid(person: PersonSummary, valid: tuple[int, int]) -> NotValidPerson:
    start, end = valid
    return NotValidPerson(
        person_id=person.id,
        external_id=person.external_id,
        name=person.name,
        valid_from=None if start == ALWAYS else instant_of(start),
        valid_until=None if end == FOREVER else instant_of(end),
    )


def sample_view(seen: SeenFace) -> SampleView:
    """A face as clients see it."""
    return SampleView(**_sample_fields(seen))


def _sample_fields(seen: SeenFace) -> dict[str, Any]:
    """The fields of a ``SampleView``, for views that have more."""
    points = None
    if seen.landmarks is not None:
        points = seen.landmarks.astype(float).round(1).tolist()
    return {
        "box": box_view(seen.box),
        "landmarks": points,
        "detection_score": round(seen.detection_score, 4),
        "quality": quality_view(seen.quality),
    }


def _seen(seen: SeenFace | None) -> SampleView | None:
    return None if seen is None else sample_view(seen)


def _rounded(similarity: float | None) -> float | None:
    return None if similarity is None else similarity_view(similarity)


def _threshold(similarity: float) -> float:
    return round(limit_view(similarity), 4)


def _timings(timings: Timings) -> TimingsView:
    return TimingsView(
        decode=round(timings.decode, 2),
        detect=round(timings.detect, 2),
        embed=round(timings.embed, 2),
        search=round(timings.search, 2),
        total=round(timings.total, 2),
    )
