"""Renders decisions as answers of the v1 API: rounded, without data that the caller may not see.

Only this module withholds names, candidates and exact similarities from a key without the scope
``read``. Answers of which nothing is withheld are in ``views``.
"""

from app.core.clock import instant_of
from app.decision.rates import ProbeRates
from app.gallery.disclosure import Disclosure, in_steps, to_step
from app.gallery.views import rate_view, similarity_view
from app.reasons import Reason
from app.recognition.image_results import VerifyOutcome
from app.recognition.matches import PersonSummary
from app.recognition.results import (
    DecidedFace,
    GivenFeedback,
    IdentifiedImage,
    RatedMatch,
    Timings,
    VerifiedFace,
)
from app.recognition.schemas.feedback import FeedbackView
from app.recognition.schemas.identification import (
    Candidate,
    Identification,
    IdentifiedFace,
    NotValidPerson,
    PolicyView,
    TimingsView,
)
from app.recognition.schemas.verification import Verification
from app.recognition.views import rounded, sample_fields, seen_view, threshold_view, warnings
from app.replication.validity import ALWAYS, FOREVER


def identification(decision: IdentifiedImage) -> Identification:
    """The answer of ``identify``."""
    policy = decision.policy
    shown = policy.shown
    return Identification(
        request_id=decision.question.request_id,
        contract_id=decision.collection.contract_id,
        revision=decision.gallery.revision,
        policy=PolicyView(
            target_fpir=policy.strict.target,
            threshold=threshold_view(shown.similarity),
            gallery_size=decision.gallery.size.persons,
            extrapolated=shown.extrapolated,
            warning=policy.caution,
        ),
        stale=decision.stale,
        width=decision.width,
        height=decision.height,
        faces_found=decision.faces_found,
        faces=[_identified(face, policy.disclosure) for face in decision.faces],
        timings_ms=_timings(decision.timings),
    )


def verification(decision: VerifiedFace) -> Verification:
    """The answer of ``verify``. The validity of the person is shown with the scope ``read`` alone;
    to other callers somebody who is not valid is no match.

    Callers who see no scores learn of a report only where it kept the face from being a match: one
    who reports faces of known similarity to this one could else solve for its similarity.
    """
    claimed, disclosure = decision.claimed, decision.disclosure
    outcome, similarity = _disclosed(decision, disclosure)
    rates = decision.shown
    fmr = None if similarity is None else decision.fmr
    shows_report = disclosure.scores or decision.reaches
    shows_validity = disclosure.names and not decision.is_valid
    return Verification(
        request_id=decision.question.request_id,
        contract_id=claimed.collection.contract_id,
        decision=outcome,
        reasons=[*decision.reasons, *([Reason.PERSON_NOT_VALID] if shows_validity else [])],
        not_valid=[_not_valid(claimed.person, claimed.valid)] if shows_validity else [],
        similarity=rounded(similarity),
        threshold=threshold_view(decision.shown_limit),
        target_fmr=decision.strict.target,
        reported_not_them=decision.is_reported and shows_report and outcome != "rejected",
        fmr=None if fmr is None else rate_view(fmr),
        extrapolated=fmr is not None and rates.is_fmr_extrapolated(fmr),
        stale=decision.stale,
        face=seen_view(decision.taken.seen),
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
    if not decision.is_valid:
        if decision.reaches:  # it would show that the person is not valid
            return "no_match", None
        outcome = decision.unmatched
    if outcome == "rejected":
        return outcome, None
    if disclosure.scores:
        return outcome, similarity
    return outcome, in_steps(similarity, decision.limit) if decision.reaches else None


def feedback(given: GivenFeedback) -> FeedbackView:
    """The answer of ``feedback``."""
    report = given.report
    similarity: float | None = similarity_view(report.similarity)
    threshold = report.threshold
    if not Disclosure.of(given.caller, given.collection).scores:
        similarity, threshold = in_steps(report.similarity, threshold), given.impersonal
    return FeedbackView(
        id=report.id,
        person_id=given.person_id,
        verdict=report.verdict,
        false_positive=report.counted,
        similarity=similarity,
        threshold=threshold_view(threshold),
        revision=report.revision,
        contract_id=report.contract_id,
        source=report.source,
        created_at=report.created_at,
        warnings=[] if given.taken is None else warnings(given.taken),
    )


def _identified(face: DecidedFace, disclosure: Disclosure) -> IdentifiedFace:
    winner, similarity = face.winner, None
    if winner is not None:
        similarity = similarity_view(winner.similarity)
        if not disclosure.scores:  # a winner has reached the threshold
            similarity = to_step(similarity)
    limit = face.limit if disclosure.scores else None
    not_valid = face.not_valid if disclosure.names else ()
    candidates = face.candidates if disclosure.scores else ()
    return IdentifiedFace(
        **sample_fields(face.seen),
        decision="rejected" if face.outcome is None else face.outcome.value,
        person_id=None if winner is None else winner.person.id,
        similarity=similarity,
        threshold=threshold_view(limit) if limit is not None else None,
        probe_id=face.probe_id,
        reasons=[Reason.PERSON_NOT_VALID] if not_valid else [*face.reasons],
        not_valid=[_not_valid(each.person, each.valid) for each in not_valid],
        candidates=[_candidate(each, face.rates, names=disclosure.names) for each in candidates],
    )


def _candidate(rated: RatedMatch, rates: ProbeRates | None, *, names: bool) -> Candidate:
    match = rated.match
    return Candidate(
        person_id=match.person.id,
        external_id=match.person.external_id if names else None,
        name=match.person.name if names else None,
        similarity=similarity_view(match.similarity),
        fpir=rate_view(rated.fpir),
        extrapolated=rates is not None and rates.is_extrapolated(rated.fpir),
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


def _timings(timings: Timings) -> TimingsView:
    return TimingsView(
        decode=round(timings.decode, 2),
        detect=round(timings.detect, 2),
        embed=round(timings.embed, 2),
        search=round(timings.search, 2),
        total=round(timings.total, 2),
    )
