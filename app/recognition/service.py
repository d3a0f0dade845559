"""Identification and detection: each image through the analyser, each score through the pure
decision room.
"""

import time
from dataclasses import dataclass, replace

from app.auth.principal import INSIDE, Principal
from app.decision.calibration import Calibration, Threshold
from app.decision.sites import SiteCalibrations
from app.gallery.evidence import evidence_of, reports_of
from app.gallery.views import limit_view, rate_view, similarity_view
from app.inference.acceptance import Acceptance
from app.inference.analyser import Analyser, Analysis
from app.inference.embedder import Embeddings
from app.inference.pipeline import Sample, Scene
from app.observability.metrics import Metrics, Top
from app.reasons import Reason
from app.recognition.climbing import ClimbWatch
from app.recognition.doors import DoorSearch
from app.recognition.exposures import Exposures
from app.recognition.faces import take_face
from app.recognition.matches import Match, Matches, judge
from app.recognition.probes import ProbeStore
from app.recognition.schemas import (
    Candidate,
    Detection,
    DetectOptions,
    EmbeddingOptions,
    EmbeddingView,
    Identification,
    IdentifiedFace,
    IdentifyOptions,
    PolicyView,
    TimingsView,
)
from app.recognition.thresholds import SiteWatch
from app.recognition.views import not_valid_view, sample_fields, sample_view, without_reading
from app.replication.reader import GalleryState


@dataclass(frozen=True, slots=True)
class _Policy:
    """The threshold of one identification and what its similarities mean; ``stated`` is the
    collection's own threshold, ``similarity`` what was asked for where that is stricter.
    """

    threshold: Threshold
    stated: float
    similarity: float
    gallery: GalleryState
    calibration: Calibration


class RecognitionService:
    """Answers who it is. Thread-safe."""

    def __init__(
        self,
        analyser: Analyser,
        doors: DoorSearch,
        *,
        calibrations: SiteCalibrations,
        acceptance: Acceptance,
        metrics: Metrics,
        watch: SiteWatch,
        exposures: Exposures,
        probes: ProbeStore,
        climbs: ClimbWatch,
    ) -> None:
        self._analyser = analyser
        self._doors = doors
        self._calibrations = calibrations
        self._acceptance = acceptance
        self._metrics = metrics
        self._watch = watch
        self._exposures = exposures
        self._probes = probes
        self._climbs = climbs
        self._contract_id = analyser.pipeline.contract_id

    def identify(
        self,
        collection_id: str,
        image: bytes,
        options: IdentifyOptions,
        *,
        request_id: str,
        caller: Principal = INSIDE,
    ) -> Identification:
        """Every face of the image: who it is, or unknown, or ambiguous, or unusable and why; stale
        also where the caller's key was recalled. A caller who may not read is told less.
        """
        started = time.perf_counter()
        door = self._doors.open(collection_id)
        analysis = self._analyser.analyse(image, lambda scene: self._usable(scene, options))
        searching = time.perf_counter()
        # The runner-up is needed to tell ambiguity, also where one candidate was asked for.
        count = max(2, options.max_candidates)
        matches = self._doors.nearest(door, analysis.embeddings, count)
        self._watch.observe(matches.collection, matches.gallery)
        policy = self._policy(matches, options)
        faces = self._identified(analysis, matches, policy, options)
        if caller.may_read:
            self._tell_not_valid(matches, faces, analysis, policy)
        self._keep_unknown(matches, faces, analysis, source=options.source)
        for face in faces:
            self._observe(collection_id, options.source, face, policy, caller)
        if not caller.may_read:
            shown = matches.collection.show_candidates
            faces = [without_reading(face, shown=shown) for face in faces]
        self._count(matches, policy, caller, options.source)
        if stale := matches.stale or caller.recalled:
            self._metrics.observe_stale(collection_id)
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
            revision=matches.gallery.revision,
            policy=PolicyView(
                target_fpir=policy.threshold.target,
                threshold=round(limit_view(policy.similarity), 4),
                gallery_size=matches.gallery.size.persons,
                extrapolated=policy.threshold.extrapolated,
            ),
            stale=stale,
            width=analysis.scene.width,
            height=analysis.scene.height,
            faces_found=len(_sought(analysis.scene, options)),
            faces=faces,
            timings_ms=timings,
        )

    def detect(self, image: bytes, options: DetectOptions, *, request_id: str) -> Detection:
        """Every face, largest first, without identities."""
        scene = self._analyser.analyse(image, _none).scene
        found = _sought(scene, options)
        return Detection(
            request_id=request_id,
            contract_id=self._contract_id,
            width=scene.width,
            height=scene.height,
            faces_found=len(found),
            faces=[sample_view(sample) for sample in found[: options.max_faces]],
        )

    def embedding(
        self, image: bytes, options: EmbeddingOptions, *, request_id: str
    ) -> EmbeddingView:
        """The embedding of the face that is meant; ``NoFace`` where there is none."""
        taken = take_face(self._analyser.analyse, image, options.subject)
        face, vector = taken.needed("image", "the image")
        return EmbeddingView(
            request_id=request_id,
            contract_id=self._contract_id,
            dimension=len(vector),
            embedding=vector.tolist(),
            face=sample_view(face),
            warnings=taken.warnings(),
        )

    def _keep_unknown(
        self,
        matches: Matches,
        faces: list[IdentifiedFace],
        analysis: Analysis,
        *,
        source: str | None,
    ) -> None:
        unknown, probes = _unknown(faces, analysis)
        if matches.collection.keep_probes and unknown and not matches.stale:
            ids = self._probes.keep(matches.collection, probes, source=source)
            for face, probe_id in zip(unknown, ids, strict=True):
                face.probe_id = probe_id

    def _tell_not_valid(
        self,
        matches: Matches,
        faces: list[IdentifiedFace],
        analysis: Analysis,
        policy: _Policy,
    ) -> None:
        """Say of unknown faces who would have been named if they were valid now. They stay unknown:
        the threshold is for as many persons as are valid, and keeps its rate among those alone.
        """
        unknown, probes = _unknown(faces, analysis)
        if not unknown:
            return
        found = self._doors.not_valid(matches, probes, policy.similarity)
        for face, people in zip(unknown, found, strict=True):
            if people:
                face.reasons = [Reason.PERSON_NOT_VALID]
                face.not_valid = [not_valid_view(each) for each in people]

    def _count(
        self, matches: Matches, policy: _Policy, caller: Principal, source: str | None
    ) -> None:
        """At the rate that was stated before feedback raised it, which is what feedback tests."""
        if probes := len(matches.by_probe):
            owner, stated = matches.collection, policy.threshold.target
            if policy.similarity > min(policy.threshold.similarity, 1.0):
                stated = policy.calibration.fpir(policy.similarity, policy.gallery.size)
            expected = probes * stated / reports_of(owner).factor
            self._exposures.add(
                owner.key,
                caller,
                source,
                probes=probes,
                expected=expected,
                written=not matches.stale,
            )

    def _observe(
        self,
        collection_id: str,
        source: str | None,
        face: IdentifiedFace,
        policy: _Policy,
        caller: Principal,
    ) -> None:
        top = None
        if face.candidates:
            nearest, noise = face.candidates[0], self._calibrations.bundle.ambiguity_margin
            top = Top(nearest.similarity, policy.similarity, noise)
            if face.decision == "unknown":
                near = replace(top, threshold=policy.stated)
                self._climbs.observe(caller.id, collection_id, nearest.person_id, near)
        self._metrics.observe_decision(collection_id, source, face.decision, top=top)

    def _usable(self, scene: Scene, options: IdentifyOptions) -> list[Sample]:
        shown = _sought(scene, options)[: options.max_faces]
        return [sample for sample in shown if not self._acceptance.to_identify(sample)]

    def _policy(self, matches: Matches, options: IdentifyOptions) -> _Policy:
        stated = matches.collection.target_fpir
        target = min(options.target_fpir or stated, stated)
        gallery = matches.gallery
        evidence = evidence_of(matches.collection, gallery)
        threshold = self._calibrations.threshold(evidence, target, gallery.size)
        own = threshold
        if target < stated:
            own = self._calibrations.threshold(evidence, stated, gallery.size)
        least = -1.0 if options.min_similarity is None else options.min_similarity
        return _Policy(
            threshold,
            own.similarity,
            max(threshold.similarity, least),
            gallery,
            self._calibrations.at(evidence),
        )

    def _identified(
        self, analysis: Analysis, matches: Matches, policy: _Policy, options: IdentifyOptions
    ) -> list[IdentifiedFace]:
        found = iter(matches.by_probe)
        faces = []
        for sample in _sought(analysis.scene, options)[: options.max_faces]:
            reasons = self._acceptance.to_identify(sample)
            if reasons:
                faces.append(
                    IdentifiedFace(
                        **sample_fields(sample),
                        decision="rejected",
                        person_id=None,
                        similarity=None,
                        probe_id=None,
                        reasons=[*reasons],
                        not_valid=[],
                        candidates=[],
                    )
                )
            else:
                faces.append(self._decided(sample, next(found), policy, options))
        return faces

    def _decided(
        self, sample: Sample, matches: list[Match], policy: _Policy, options: IdentifyOptions
    ) -> IdentifiedFace:
        found = judge(matches, policy.similarity, margin=self._calibrations.bundle.ambiguity_margin)
        shown = max(options.max_candidates, found.shown)
        return IdentifiedFace(
            **sample_fields(sample),
            decision=found.outcome.value,
            person_id=found.winner.person.id if found.winner else None,
            similarity=similarity_view(found.winner.similarity) if found.winner else None,
            probe_id=None,
            reasons=[],
            not_valid=[],
            candidates=self._candidates(matches[:shown], policy),
        )

    def _candidates(self, matches: list[Match], policy: _Policy) -> list[Candidate]:
        similarities = [match.similarity for match in matches]
        rates = policy.calibration.fpirs(similarities, policy.gallery.size)
        return [
            Candidate(
                person_id=match.person.id,
                external_id=match.person.external_id,
                name=match.person.name,
                similarity=similarity_view(match.similarity),
                fpir=rate_view(rate),
                face_id=match.face_id,
                reported_not_them=match.reported_not_them,
            )
            for match, rate in zip(matches, rates, strict=True)
        ]


def _unknown(
    faces: list[IdentifiedFace], analysis: Analysis
) -> tuple[list[IdentifiedFace], Embeddings]:
    """The faces that nobody was named for, and their embeddings (n, d)."""
    judged = [face for face in faces if face.decision != "rejected"]
    rows = [row for row, face in enumerate(judged) if face.decision == "unknown"]
    return [judged[row] for row in rows], analysis.embeddings[rows]


def _sought(scene: Scene, options: DetectOptions) -> list[Sample]:
    """The faces that are large enough for the request; an image that is a sample itself always."""
    least = options.min_face_size
    return [
        sample
        for sample in scene.samples
        if sample.quality is None or sample.quality.face_size >= least
    ]


def _none(scene: Scene) -> list[Sample]:
    del scene
    return []
