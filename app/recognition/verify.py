"""Verification (1:1): decides whether a face is of a person, or of the same person as another."""

from itertools import chain

from app.auth.principal import INSIDE, Principal
from app.core.clock import Clock, microseconds
from app.core.observers import Observers
from app.decision.calibration import Calibration
from app.decision.rates import ProbeRates
from app.errors import AppError
from app.gallery.disclosure import Disclosure, Strictness
from app.gallery.models import Collection
from app.gallery.rates import rates_in
from app.inference.analyser import Analyser
from app.inference.quality_policy import QualityPolicy
from app.inference.subject import Select, the_subject
from app.reasons import SampleReason
from app.recognition.claimed_rates import claimed_rates
from app.recognition.image_results import ComparedFaces
from app.recognition.last_known import OutageSearch
from app.recognition.matches import ClaimedPerson, is_other
from app.recognition.results import Decision, Question, VerifiedFace
from app.recognition.schemas.verification import CompareOptions, VerifyOptions
from app.recognition.subject import TakenFace, take_face, take_selected


class VerificationService:
    """Verifies claimed persons and compares faces. Thread-safe."""

    def __init__(
        self,
        analyser: Analyser,
        search: OutageSearch,
        calibration: Calibration,
        quality_policy: QualityPolicy,
        clock: Clock,
        observers: Observers[Decision],
    ) -> None:
        self._analyser = analyser
        self._search = search
        self._calibration = calibration
        self._quality_policy = quality_policy
        self._clock = clock
        self._observers = observers

    def verify(
        self,
        collection_id: str,
        person_id: str,
        image: bytes,
        options: VerifyOptions,
        *,
        request_id: str,
        caller: Principal = INSIDE,
    ) -> VerifiedFace:
        """Decide whether the face that is meant is this person, who must be valid now. The
        observers are given the decision afterwards.
        """
        select, question = the_subject(options.subject), Question(caller, request_id)
        (decision,) = self.verify_each(
            collection_id, person_id, image, select, question, target_fmr=options.target_fmr
        )
        return decision

    def verify_each(
        self,
        collection_id: str,
        person_id: str,
        image: bytes,
        select: Select,
        question: Question,
        *,
        target_fmr: float | None = None,
    ) -> list[VerifiedFace]:
        """Decide for each face that ``select`` means, by one analysis of the image. The observers
        are given each decision as soon as it is made: of 100 at once they could miss some.
        """
        collection = self._search.open(collection_id).collection
        while True:
            quality = self._quality_policy.at_least(collection.min_face_size)
            try:
                faces = take_selected(self._analyser.analyse, image, select, quality.to_identify)
            except AppError:
                self._search.claimed(collection_id, person_id)  # first: there is no such person
                raise
            # Only now: the image may have waited for seconds, and the person may be gone since.
            claimed = self._search.claimed(collection_id, person_id)
            if claimed.collection.min_face_size == collection.min_face_size:
                break
            collection = claimed.collection
        decisions = []
        for taken in faces:
            decision = self._verified(claimed, taken, question, target_fmr)
            self._observers.tell(decision)
            decisions.append(decision)
        return decisions

    def _verified(
        self, claimed: ClaimedPerson, taken: TakenFace, question: Question, target: float | None
    ) -> VerifiedFace:
        at = self._clock.now()
        is_valid = claimed.valid[0] <= microseconds(at) < claimed.valid[1]
        similarity, standing, is_reported = None, None, False
        if taken.embedding is None:
            gallery = rates_in(self._calibration, claimed.collection, claimed.gallery)
            rates = gallery.typical
        else:
            similarity = float(claimed.fused @ taken.embedding)
            is_reported = is_other(taken.embedding, similarity, claimed.others)
            counted = [similarity] if is_valid else None
            (rates,), gallery = claimed_rates(
                self._calibration, claimed, taken.embedding[None], counted
            )
            standing = rates.standing([similarity], [claimed.fused])
        impersonal = gallery.impersonal
        disclosure = Disclosure.of(question.caller, claimed.collection)
        return VerifiedFace(
            question=question,
            at=at,
            claimed=claimed,
            taken=taken,
            similarity=similarity,
            standing=standing,
            doubts=self._doubts(taken),
            disclosure=disclosure,
            strict=_strict(disclosure, impersonal, claimed.collection, target),
            rates=rates,
            impersonal=impersonal,
            margin=self._calibration.ambiguity_margin,
            is_reported=is_reported,
            is_valid=is_valid,
            stale=claimed.stale or question.caller.recalled,
        )

    def compare(self, source: bytes, target: bytes, options: CompareOptions) -> ComparedFaces:
        """Decide whether the faces that are meant of two images are of one person."""
        by_target = the_subject(options.target_subject or options.subject)
        (compared,) = self.compare_each(source, target, by_target, options)
        return compared

    def compare_each(
        self, source: bytes, target: bytes, select: Select, options: CompareOptions
    ) -> list[ComparedFaces]:
        """Decide for the face that is meant of the source, and each face of the target that
        ``select`` means, whatever ``options`` say of the target's.
        """
        refuse = self._quality_policy.to_identify
        by_source = options.source_subject or options.subject
        with self._analyser.batch(2) as analyse:
            one = take_face(analyse, source, by_source, refuse, field="source")
            others = take_selected(analyse, target, select, refuse, field="target")
        return [self._compared(one, other, options.target_fmr) for other in others]

    def _compared(self, one: TakenFace, other: TakenFace, target_fmr: float) -> ComparedFaces:
        rates, similarity, stands = self._calibration.typical_rates, None, None
        if one.embedding is not None and other.embedding is not None:
            similarity = float(one.embedding @ other.embedding)
            stands = rates.between(one.embedding, other.embedding, similarity)
        fmr = None if stands is None else rates.fmr(stands)
        threshold = rates.verification_threshold(target_fmr)
        is_match = stands is not None and stands >= threshold.similarity
        doubts = () if is_match else (self._doubts(one), self._doubts(other))
        is_rejected = stands is None or any(doubts)
        return ComparedFaces(
            contract_id=self._analyser.pipeline.contract_id,
            source=one,
            target=other,
            outcome="match" if is_match else "rejected" if is_rejected else "no_match",
            reasons=tuple(dict.fromkeys(chain(one.reasons, other.reasons, *doubts))),
            similarity=None if is_rejected else similarity,
            threshold=threshold,
            fmr=None if is_rejected else fmr,
            extrapolated=fmr is not None and rates.is_fmr_extrapolated(fmr),
        )

    def _doubts(self, taken: TakenFace) -> tuple[SampleReason, ...]:
        """The reasons why a face that is not somebody's is no stranger's either."""
        seen = taken.seen
        return () if seen is None else tuple(self._quality_policy.doubts(seen.quality))


def _strict(
    disclosure: Disclosure, impersonal: ProbeRates, owner: Collection, asked: float | None
) -> Strictness:
    return Strictness.of(
        disclosure,
        lambda target: impersonal.verification_threshold(target).similarity,
        stated=owner.target_fmr,
        asked=asked,
    )
