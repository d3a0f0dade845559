"""One to one: whether an image is of a person, or of the same person as another image."""

from collections.abc import Sequence
from typing import Literal

from app.auth.principal import INSIDE, Principal
from app.core.clock import Clock, microseconds
from app.decision.calibration import Calibration, Threshold
from app.decision.sites import SiteCalibrations
from app.gallery.evidence import evidence_of
from app.gallery.views import limit_view, rate_view, similarity_view
from app.inference.acceptance import Acceptance
from app.inference.analyser import Analyser
from app.observability.metrics import Metrics, Top
from app.reasons import ProbeReason, Reason
from app.recognition.climbing import ClimbWatch
from app.recognition.doors import DoorSearch
from app.recognition.faces import TakenFace, take_face
from app.recognition.matches import Claimed, NotValid, is_other
from app.recognition.schemas import (
    CompareOptions,
    Comparison,
    SampleView,
    Verification,
    VerifyOptions,
)
from app.recognition.views import in_steps, not_valid_view, sample_view


class VerificationService:
    """Answers whether it is them. Thread-safe."""

    def __init__(
        self,
        analyser: Analyser,
        doors: DoorSearch,
        *,
        calibrations: SiteCalibrations,
        acceptance: Acceptance,
        metrics: Metrics,
        clock: Clock,
        climbs: ClimbWatch,
    ) -> None:
        self._analyser = analyser
        self._doors = doors
        self._calibrations = calibrations
        self._acceptance = acceptance
        self._metrics = metrics
        self._clock = clock
        self._climbs = climbs
        self._contract_id = analyser.pipeline.contract_id

    def verify(
        self,
        collection_id: str,
        person_id: str,
        image: bytes,
        options: VerifyOptions,
        *,
        request_id: str,
        caller: Principal = INSIDE,
    ) -> Verification:
        """Whether the face that is meant is this person; stale also where the caller's key was
        recalled. Who is not valid never matches; why is told to callers who may read, and
        others get the similarity of a match alone, in steps.
        """
        person = self._doors.claimed(collection_id, person_id)
        taken = take_face(self._analyser.analyse, image, options.subject, self._acceptance)
        if person.stale:  # by now it may be too old, or the database be there again
            person = self._doors.claimed(collection_id, person_id)
        stated = person.collection.target_fmr
        target = min(options.target_fmr or stated, stated)
        calibration = self._calibrations.at(evidence_of(person.collection, person.gallery))
        threshold = calibration.verification_threshold(target, templates=person.templates)
        reasons = list(taken.reasons)
        not_valid = self._not_valid(person)
        if not_valid and caller.may_read:
            reasons.append(Reason.PERSON_NOT_VALID)
        similarity, reported = None, False
        if taken.embedding is not None and not reasons:
            similarity = float(person.fused @ taken.embedding)
            reported = is_other(taken.embedding, similarity, person.others)
        if stale := person.stale or caller.recalled:
            self._metrics.observe_stale(collection_id)
        decision = _verified(similarity, threshold, reasons)
        if decision == "match" and (reported or not_valid):
            decision = "no_match"
            # A similarity above the threshold would say to a key that may not read why it is none.
            similarity = None if not_valid else similarity
        if similarity is not None and decision == "no_match":
            self._observe(caller, person, similarity, calibration)
        if similarity is not None and not _may_be_exact(caller, person):
            similarity = in_steps(similarity, threshold.similarity)
        return Verification(
            request_id=request_id,
            contract_id=self._contract_id,
            decision=decision,
            reasons=reasons,
            not_valid=[not_valid_view(each) for each in not_valid] if caller.may_read else [],
            similarity=_rounded(similarity),
            threshold=round(limit_view(threshold.similarity), 4),
            target_fmr=target,
            reported_not_them=reported,
            fmr=None
            if similarity is None
            else rate_view(calibration.fmr(similarity, templates=person.templates)),
            stale=stale,
            face=_shown(taken),
            warnings=taken.warnings(),
        )

    def compare(
        self, source: bytes, target: bytes, options: CompareOptions, *, request_id: str
    ) -> Comparison:
        """Whether the faces that are meant of two images are of one person."""
        calibration = self._calibrations.bundle
        threshold = calibration.verification_threshold(options.target_fmr)
        by_source = options.source_subject or options.subject
        by_target = options.target_subject or options.subject
        with self._analyser.batch(2) as analyse:
            one = take_face(analyse, source, by_source, self._acceptance)
            other = take_face(analyse, target, by_target, self._acceptance)
        similarity = None
        if one.embedding is not None and other.embedding is not None:
            similarity = float(one.embedding @ other.embedding)
        reasons = list(dict.fromkeys(one.reasons + other.reasons))
        return Comparison(
            request_id=request_id,
            contract_id=self._contract_id,
            decision=_verified(similarity, threshold, reasons),
            reasons=reasons,
            similarity=_rounded(similarity),
            threshold=round(limit_view(threshold.similarity), 4),
            target_fmr=options.target_fmr,
            fmr=None if similarity is None else rate_view(calibration.fmr(similarity)),
            source=_shown(one),
            target=_shown(other),
            warnings=one.warnings(0) + other.warnings(1),
        )

    def _observe(
        self, caller: Principal, person: Claimed, similarity: float, calibration: Calibration
    ) -> None:
        """A try that failed, by how far it is from the collection's own threshold."""
        collection = person.collection
        own = calibration.verification_threshold(collection.target_fmr, templates=person.templates)
        top = Top(similarity, own.similarity, self._calibrations.bundle.ambiguity_margin)
        self._climbs.observe(caller.id, collection.id, person.person.id, top)

    def _not_valid(self, person: Claimed) -> list[NotValid]:
        start, end = person.valid
        if start <= microseconds(self._clock.now()) < end:
            return []
        return [NotValid(person.person, person.valid)]


def _may_be_exact(caller: Principal, person: Claimed) -> bool:
    return caller.may_read or person.collection.show_candidates


def _shown(taken: TakenFace) -> SampleView | None:
    return sample_view(taken.face) if taken.face else None


def _rounded(similarity: float | None) -> float | None:
    return None if similarity is None else similarity_view(similarity)


def _verified(
    similarity: float | None, threshold: Threshold, reasons: Sequence[ProbeReason]
) -> Literal["match", "no_match", "rejected"]:
    if reasons or similarity is None:
        return "rejected"
    return "match" if similarity >= threshold.similarity else "no_match"
