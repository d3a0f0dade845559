"""One to one: whether an image is of a person, or of the same person as another image."""

from collections.abc import Sequence
from typing import Literal

from app.core.clock import Clock
from app.decision.calibration import Threshold
from app.decision.fusion import fuse
from app.decision.sites import SiteCalibrations
from app.errors import Conflict
from app.gallery.evidence import evidence_of
from app.gallery.models import Person
from app.gallery.views import rate_view
from app.inference.acceptance import Acceptance
from app.inference.analyser import Analyser, Analysis
from app.inference.pipeline import Sample
from app.recognition.schemas import (
    CompareOptions,
    Comparison,
    ProbeReason,
    SampleView,
    Verification,
    VerifyOptions,
)
from app.recognition.search import PersonSearch, is_other
from app.recognition.views import sample_view


class VerificationService:
    """Answers whether it is them. Thread-safe."""

    def __init__(
        self,
        analyser: Analyser,
        search: PersonSearch,
        *,
        calibrations: SiteCalibrations,
        acceptance: Acceptance,
        clock: Clock,
    ) -> None:
        self._analyser = analyser
        self._search = search
        self._calibrations = calibrations
        self._acceptance = acceptance
        self._clock = clock
        self._contract_id = analyser.pipeline.contract_id

    def verify(
        self,
        collection_id: str,
        person_id: str,
        image: bytes,
        options: VerifyOptions,
        *,
        request_id: str,
    ) -> Verification:
        """Whether the largest face of the image is this person."""
        collection, person, templates = self._search.enrolled(collection_id, person_id)
        if not len(templates):
            raise Conflict(f"The person {person_id!r} has no faces to compare with; add some.")
        target = min(options.target_fmr or collection.target_fmr, collection.target_fmr)
        evidence = evidence_of(collection, self._search.gallery(collection))
        calibration = self._calibrations.at(evidence)
        threshold = calibration.verification_threshold(target, templates=len(templates))
        analysis = self._analyser.analyse(image, self._largest_usable)
        reasons = self._unusable(analysis) + self._not_valid(person)
        similarity, reported = None, False
        if not reasons:
            probe = analysis.embeddings[0]
            similarity = float(fuse(templates) @ probe)
            reported = is_other(probe, similarity, self._search.others(person.key))
        decision = _verified(similarity, threshold, reasons)
        return Verification(
            request_id=request_id,
            contract_id=self._contract_id,
            decision="no_match" if reported else decision,
            reasons=reasons,
            similarity=_rounded(similarity),
            threshold=round(threshold.similarity, 4),
            target_fmr=target,
            reported_not_them=reported,
            fmr=None
            if similarity is None
            else rate_view(calibration.fmr(similarity, templates=len(templates))),
            face=_first(analysis),
        )

    def compare(
        self, source: bytes, target: bytes, options: CompareOptions, *, request_id: str
    ) -> Comparison:
        """Whether the largest faces of two images are of one person."""
        calibration = self._calibrations.bundle
        threshold = calibration.verification_threshold(options.target_fmr)
        one = self._analyser.analyse(source, self._largest_usable)
        other = self._analyser.analyse(target, self._largest_usable)
        reasons = list(dict.fromkeys(self._unusable(one) + self._unusable(other)))
        similarity = None
        if not reasons:
            similarity = float(one.embeddings[0] @ other.embeddings[0])
        return Comparison(
            request_id=request_id,
            contract_id=self._contract_id,
            decision=_verified(similarity, threshold, reasons),
            reasons=reasons,
            similarity=_rounded(similarity),
            threshold=round(threshold.similarity, 4),
            target_fmr=options.target_fmr,
            fmr=None if similarity is None else rate_view(calibration.fmr(similarity)),
            source=_first(one),
            target=_first(other),
        )

    def _largest_usable(self, samples: list[Sample]) -> list[Sample]:
        return [sample for sample in samples[:1] if not self._acceptance.to_identify(sample)]

    def _unusable(self, analysis: Analysis) -> list[ProbeReason]:
        if not analysis.samples:
            return ["no_face"]
        return [*self._acceptance.to_identify(analysis.samples[0])]

    def _not_valid(self, person: Person) -> list[ProbeReason]:
        now = self._clock.now()
        early = person.valid_from is not None and now < person.valid_from
        late = person.valid_until is not None and now >= person.valid_until
        return ["person_not_valid"] if early or late else []


def _first(analysis: Analysis) -> SampleView | None:
    return sample_view(analysis.samples[0]) if analysis.samples else None


def _rounded(similarity: float | None) -> float | None:
    return None if similarity is None else round(similarity, 4)


def _verified(
    similarity: float | None, threshold: Threshold, reasons: Sequence[ProbeReason]
) -> Literal["match", "no_match", "rejected"]:
    if reasons or similarity is None:
        return "rejected"
    return "match" if similarity >= threshold.similarity else "no_match"
