"""Identification: each face of an image against everybody in a collection (1:N)."""

import time
from dataclasses import replace
from typing import Final

import numpy as np

from app.auth.principal import INSIDE, Principal
from app.core.clock import Clock
from app.core.observers import Observers
from app.decision.open_set import Outcome
from app.decision.sites import SiteCalibrations
from app.feedback.probes import new_probe_id
from app.gallery.evidence import evidence_of
from app.gallery.models import Collection
from app.inference.analyser import Analyser, Analysis, Examined
from app.inference.embedder import Embeddings
from app.inference.quality_policy import QualityPolicy
from app.inference.subject import largest_faces
from app.recognition.last_known import OutageSearch
from app.recognition.matches import Matches, Near, judge
from app.recognition.results import (
    DecidedFace,
    Decision,
    IdentifiedImage,
    Policy,
    Question,
    RatedMatch,
    Timings,
)
from app.recognition.schemas.identification import IdentifyOptions
from app.recognition.subject import SeenFace, image_of

_RUNNER_UP: Final = 2
"""Candidates that are always searched, because ambiguity depends on the second."""


class IdentificationService:
    """Decides who is in an image. Thread-safe."""

    def __init__(
        self,
        analyser: Analyser,
        search: OutageSearch,
        calibrations: SiteCalibrations,
        quality_policy: QualityPolicy,
        clock: Clock,
        observers: Observers[Decision],
    ) -> None:
        self._analyser = analyser
        self._search = search
        self._calibrations = calibrations
        self._quality_policy = quality_policy
        self._clock = clock
        self._observers = observers

    def identify(
        self,
        collection_id: str,
        image: bytes,
        options: IdentifyOptions,
        *,
        request_id: str,
        caller: Principal = INSIDE,
    ) -> IdentifiedImage:
        """Decide for every face of the image. The observers are given the decision afterwards."""
        started = time.perf_counter()
        opened = self._search.open(collection_id)
        select = largest_faces(options.max_faces, min_face_size=options.min_face_size)
        with self._search.confirming(opened), image_of("image"):
            analysis = self._analyser.analyse(image, select, self._quality_policy.to_identify)
        searching = time.perf_counter()
        count = max(_RUNNER_UP, options.max_candidates)
        matches = self._search.nearest(opened, self._probes(analysis), count)
        policy = self._policy(matches, options)
        faces = _decided(analysis, matches, policy, options)
        decision = IdentifiedImage(
            question=Question(caller, request_id, options.source),
            at=self._clock.now(),
            collection=matches.collection,
            gallery=matches.gallery,
            policy=policy,
            width=analysis.width,
            height=analysis.height,
            faces_found=analysis.found,
            faces=faces if matches.stale else _with_probe_ids(faces, matches.collection),
            stale=matches.stale or caller.recalled,
            timings=_timings(analysis, started=started, searching=searching),
        )
        self._observers.tell(decision)
        return decision

    def _probes(self, analysis: Analysis) -> Embeddings:
        """The embeddings (n, d) of the faces that have one."""
        rows = [face.embedding for face in analysis.faces if face.embedding is not None]
        return np.array(rows, np.float32).reshape(-1, self._analyser.pipeline.dimension)

    def _policy(self, matches: Matches, options: IdentifyOptions) -> Policy:
        stated = matches.collection.target_fpir
        target = min(options.target_fpir or stated, stated)
        evidence = evidence_of(matches.collection, matches.gallery)
        size = matches.gallery.size
        threshold = self._calibrations.threshold(evidence, target, size)
        own = threshold
        if target < stated:
            own = self._calibrations.threshold(evidence, stated, size)
        least = -1.0 if options.min_similarity is None else options.min_similarity
        return Policy(
            threshold,
            limit=max(threshold.similarity, least),
            stated=own.similarity,
            margin=self._calibrations.bundle.ambiguity_margin,
            calibration=self._calibrations.at(evidence),
        )


def _decided(
    analysis: Analysis, matches: Matches, policy: Policy, options: IdentifyOptions
) -> tuple[DecidedFace, ...]:
    """The decision for each face, in the order of the analysis."""
    rows = [row for row, face in enumerate(analysis.faces) if face.embedding is not None]
    near = dict(zip(rows, matches.by_probe, strict=True))
    return tuple(
        _decide(face, near[row], matches, policy, options)
        if row in near
        else DecidedFace(SeenFace.of(face.sample), face.reasons, None)
        for row, face in enumerate(analysis.faces)
    )


def _decide(
    face: Examined, near: Near, matches: Matches, policy: Policy, options: IdentifyOptions
) -> DecidedFace:
    """The threshold is for the persons who are valid now. Those who are not stay unnamed, but are
    listed where they would have been named for an unknown face.
    """
    judged = judge(near.matches, policy.limit, margin=policy.margin)
    shown = near.matches[: max(options.max_candidates, judged.shown)]
    rates = policy.calibration.fpirs([each.similarity for each in shown], matches.gallery.size)
    not_valid = [each for each in near.not_valid if each.similarity >= policy.limit]
    return DecidedFace(
        SeenFace.of(face.sample),
        (),
        face.embedding,
        outcome=judged.outcome,
        winner=judged.winner,
        candidates=tuple(map(RatedMatch, shown, rates)),
        not_valid=tuple(not_valid) if judged.outcome is Outcome.UNKNOWN else (),
    )


def _with_probe_ids(
    faces: tuple[DecidedFace, ...], collection: Collection
) -> tuple[DecidedFace, ...]:
    """Give an id to each unknown face that the collection keeps, of too many to the last ones.

    An observer stores the probes under these ids after the answer.
    """
    unknown = [row for row, face in enumerate(faces) if face.outcome is Outcome.UNKNOWN]
    kept = set(unknown[-collection.keep_probes :]) if collection.keep_probes else set()
    return tuple(
        replace(face, probe_id=new_probe_id()) if row in kept else face
        for row, face in enumerate(faces)
    )


def _timings(analysis: Analysis, *, started: float, searching: float) -> Timings:
    ended = time.perf_counter()
    steps = analysis.timings
    return Timings(
        decode=steps.decode,
        detect=steps.detect,
        embed=steps.embed,
        search=(ended - searching) * 1e3,
        total=(ended - started) * 1e3,
    )
