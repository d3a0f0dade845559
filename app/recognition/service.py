"""Identification, verification, comparison, detection: each image through the analyser, each score
through the pure decision room.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.core.clock import Clock
from app.decision.calibration import Calibration, GallerySize, Threshold
from app.decision.fusion import fuse
from app.decision.open_set import Outcome, decide
from app.errors import Conflict, NoFace
from app.gallery.models import Person
from app.gallery.views import box_view, quality_view
from app.inference.acceptance import Acceptance
from app.inference.analyser import Analyser, Analysis
from app.inference.pipeline import Sample
from app.observability.metrics import Metrics
from app.recognition.schemas import (
    Candidate,
    CompareOptions,
    Comparison,
    Detection,
    DetectOptions,
    EmbeddingView,
    Identification,
    IdentifiedFace,
    IdentifyOptions,
    PolicyView,
    ProbeReason,
    SampleView,
    ThresholdView,
    TimingsView,
    Verification,
    VerifyOptions,
)
from app.recognition.search import Match, Matches, PersonSearch


@dataclass(frozen=True, slots=True)
class _Policy:
    """The threshold of one identification and what its similarities mean."""

    threshold: Threshold
    similarity: float
    size: GallerySize


class RecognitionService:
    """Answers who it is. Thread-safe."""

    def __init__(
        self,
        analyser: Analyser,
        search: PersonSearch,
        *,
        calibration: Calibration,
        acceptance: Acceptance,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._analyser = analyser
        self._search = search
        self._calibration = calibration
        self._acceptance = acceptance
        self._clock = clock
        self._metrics = metrics
        self._contract_id = analyser.pipeline.contract_id

    def identify(
        self, collection_id: str, image: bytes, options: IdentifyOptions, *, request_id: str
    ) -> Identification:
        """Every face of the image: who it is, or unknown, or ambiguous, or unusable and why."""
        started = time.perf_counter()
        collection = self._search.collection(collection_id)
        analysis = self._analyser.analyse(image, lambda found: self._usable(found, options))
        searching = time.perf_counter()
        # The runner-up is needed to tell ambiguity, also where one candidate was asked for.
        count = max(2, options.max_candidates)
        matches = self._search.nearest(collection, analysis.embeddings, count)
        policy = self._policy(matches, options)
        faces = self._identified(analysis, matches, policy, options)
        for face in faces:
            self._metrics.observe_decision(collection_id, face.decision)
        ended = time.perf_counter()
        timings = TimingsView(
            decode=round(analysis.timings.decode, 2),
            detect=round(analysis.timings.detect, 2),
            embed=round(analysis.timings.embed, 2),
            search=round((ended - searching) * 1e3, 2),
            total=round((ended - started) * 1e3, 2),
        )
        self._metrics.observe_steps(timings.model_dump())
        return Identification(
            request_id=request_id,
            contract_id=self._contract_id,
            revision=matches.revision,
            policy=PolicyView(
                target_fpir=policy.threshold.target,
                threshold=round(policy.similarity, 4),
                gallery_size=policy.size.persons,
                extrapolated=policy.threshold.extrapolated,
            ),
            faces=faces,
            timings_ms=timings,
        )

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
        threshold = self._calibration.verification_threshold(target, templates=len(templates))
        analysis = self._analyser.analyse(image, self._largest_usable)
        reasons = self._unusable(analysis) + self._not_valid(person)
        similarity = None
        if not reasons:
            similarity = float(fuse(templates) @ analysis.embeddings[0])
        return Verification(
            request_id=request_id,
            contract_id=self._contract_id,
            decision=_verified(similarity, threshold, reasons),
            reasons=reasons,
            similarity=_rounded(similarity),
            threshold=round(threshold.similarity, 4),
            target_fmr=target,
            fmr=None
            if similarity is None
            else self._calibration.fmr(similarity, templates=len(templates)),
            face=_first(analysis),
        )

    def compare(
        self, source: bytes, target: bytes, options: CompareOptions, *, request_id: str
    ) -> Comparison:
        """Whether the largest faces of two images are of one person."""
        threshold = self._calibration.verification_threshold(options.target_fmr)
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
            fmr=None if similarity is None else self._calibration.fmr(similarity),
            source=_first(one),
            target=_first(other),
        )

    def detect(self, image: bytes, options: DetectOptions, *, request_id: str) -> Detection:
        """Every face, largest first, without identities."""
        analysis = self._analyser.analyse(image, _none)
        return Detection(
            request_id=request_id,
            contract_id=self._contract_id,
            faces=[sample_view(sample) for sample in analysis.samples[: options.max_faces]],
        )

    def embedding(self, image: bytes, *, request_id: str) -> EmbeddingView:
        """The largest face's embedding; ``NoFace`` where there is none."""
        analysis = self._analyser.analyse(image, lambda found: found[:1])
        if not analysis.chosen:
            raise NoFace("No face was found in the image.")
        vector = analysis.embeddings[0]
        return EmbeddingView(
            request_id=request_id,
            contract_id=self._contract_id,
            dimension=len(vector),
            embedding=vector.tolist(),
            face=sample_view(analysis.chosen[0]),
        )

    def threshold(self, collection_id: str) -> ThresholdView:
        """The threshold of a collection as it is now, and what it rests on."""
        collection = self._search.collection(collection_id)
        size = self._search.size(collection)
        threshold = self._calibration.threshold(collection.target_fpir, size)
        return ThresholdView(
            similarity=threshold.similarity,
            target_fpir=threshold.target,
            gallery_size=size.persons,
            face_count=size.templates,
            fpir_interval=list(threshold.interval),
            extrapolated=threshold.extrapolated,
            contract_id=self._contract_id,
            evidence=dict(self._calibration.evidence),
        )

    def _usable(self, samples: list[Sample], options: IdentifyOptions) -> list[Sample]:
        shown = samples[: options.max_faces]
        return [sample for sample in shown if not self._acceptance.to_identify(sample)]

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

    def _policy(self, matches: Matches, options: IdentifyOptions) -> _Policy:
        stated = matches.collection.target_fpir
        target = min(options.target_fpir or stated, stated)
        threshold = self._calibration.threshold(target, matches.size)
        least = -1.0 if options.min_similarity is None else options.min_similarity
        return _Policy(threshold, max(threshold.similarity, least), matches.size)

    def _identified(
        self, analysis: Analysis, matches: Matches, policy: _Policy, options: IdentifyOptions
    ) -> list[IdentifiedFace]:
        found = iter(matches.by_probe)
        faces = []
        for sample in analysis.samples[: options.max_faces]:
            reasons = self._acceptance.to_identify(sample)
            if reasons:
                faces.append(
                    IdentifiedFace(
                        **_fields(sample),
                        decision="rejected",
                        person_id=None,
                        reasons=[*reasons],
                        candidates=[],
                    )
                )
            else:
                faces.append(self._decided(sample, next(found), policy, options))
        return faces

    def _decided(
        self, sample: Sample, matches: list[Match], policy: _Policy, options: IdentifyOptions
    ) -> IdentifiedFace:
        decision = decide(
            [match.similarity for match in matches],
            policy.similarity,
            margin=self._calibration.ambiguity_margin,
        )
        winner = None if decision.winner is None else matches[decision.winner].person.id
        # Ambiguity names two: both are shown, however few candidates were asked for.
        shown = max(options.max_candidates, 2 if decision.outcome is Outcome.AMBIGUOUS else 1)
        return IdentifiedFace(
            **_fields(sample),
            decision=decision.outcome.value,
            person_id=winner,
            reasons=[],
            candidates=[self._candidate(match, policy.size) for match in matches[:shown]],
        )

    def _candidate(self, match: Match, size: GallerySize) -> Candidate:
        return Candidate(
            person_id=match.person.id,
            external_id=match.person.external_id,
            name=match.person.name,
            similarity=round(match.similarity, 4),
            fpir=self._calibration.fpir(match.similarity, size),
            face_id=match.face_id,
        )


def _none(samples: list[Sample]) -> list[Sample]:
    del samples
    return []


def sample_view(sample: Sample) -> SampleView:
    """A sample as clients see it."""
    return SampleView(**_fields(sample))


def _fields(sample: Sample) -> dict[str, Any]:
    points = None
    if sample.landmarks is not None:
        points = sample.landmarks.astype(float).round(1).tolist()
    return {
        "box": box_view(sample.box),
        "landmarks": points,
        "detection_score": round(sample.detection_score, 4),
        "quality": quality_view(sample.quality),
    }


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
