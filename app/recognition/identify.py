"""Identification: each face of an image against everybody in a collection (1:N)."""

import time
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from app.auth.principal import INSIDE, Principal
from app.core.clock import Clock
from app.core.observers import Observers
from app.decision.calibration import Calibration
from app.decision.open_set import Outcome
from app.decision.rates import ProbeRates
from app.feedback.probes import new_probe_id
from app.gallery.disclosure import Disclosure, Strictness
from app.gallery.models import Collection
from app.gallery.rates import KeptRates
from app.inference.analyser import Analyser, Analysis, Examined
from app.inference.embedder import Embeddings
from app.inference.quality_policy import QualityPolicy
from app.inference.subject import largest_faces
from app.recognition.last_known import Opened, OutageSearch
from app.recognition.matches import FEWEST, Matches, Near, NotValid, judge, standing_of
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


class IdentificationService:
    """Decides who is in an image. Thread-safe."""

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
        self._margin = calibration.ambiguity_margin
        self._rates = KeptRates(calibration)
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
        while True:
            analysis = self._analysis(opened, image, options)
            searching = time.perf_counter()
            probes = self._probes(analysis)
            count = max(FEWEST, options.max_candidates)
            matches = self._search.nearest(opened, probes, count)
            if matches.collection.min_face_size == opened.collection.min_face_size:
                break
            opened = Opened(matches.collection, matches.stale)
        policy = self._policy(matches, options, caller)
        searched = zip(matches.by_probe, policy.rates.of(probes), strict=True)
        faces = self._decided(analysis, searched, policy, options)
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

    def _analysis(self, opened: Opened, image: bytes, options: IdentifyOptions) -> Analysis:
        """The faces of the image that are large enough for the collection."""
        select = largest_faces(options.max_faces, min_face_size=options.min_face_size)
        quality = self._quality_policy.at_least(opened.collection.min_face_size)
        least = max(options.min_face_size, quality.min_face_size)
        with self._search.confirming(opened), image_of("image"):
            return self._analyser.analyse(image, select, quality.to_identify, least=least)

    def _probes(self, analysis: Analysis) -> Embeddings:
        """The embeddings (n, d) of the faces that have one."""
        rows = [face.embedding for face in analysis.faces if face.embedding is not None]
        return np.array(rows, np.float32).reshape(-1, self._analyser.pipeline.dimension)

    def _policy(self, matches: Matches, options: IdentifyOptions, caller: Principal) -> Policy:
        collection = matches.collection
        disclosure = Disclosure.of(caller, collection)
        rates = self._rates.of(collection, matches.gallery)
        strict = Strictness.of(
            disclosure,
            rates.impersonal.limit,
            stated=collection.target_fpir,
            asked=options.target_fpir,
            least=options.min_similarity,
        )
        return Policy(disclosure, strict, self._margin, rates)

    def _decided(
        self,
        analysis: Analysis,
        searched: Iterable[tuple[Near, ProbeRates]],
        policy: Policy,
        options: IdentifyOptions,
    ) -> tuple[DecidedFace, ...]:
        """The decision for each face, in the order of the analysis; ``searched`` are the persons
        near each face that has an embedding, and its rates.
        """
        found = iter(searched)
        return tuple(
            DecidedFace(SeenFace.of(face.sample), face.reasons, None)
            if face.embedding is None
            else self._unless_in_doubt(_decide(face, *next(found), policy, options))
            for face in analysis.faces
        )

    def _unless_in_doubt(self, decided: DecidedFace) -> DecidedFace:
        """A face in which nobody can be recognised is no stranger: where nobody stands out, it is
        rejected.
        """
        doubts = self._quality_policy.doubts(decided.seen.quality)
        if decided.outcome is not Outcome.UNKNOWN or decided.not_valid or not doubts:
            return decided
        return DecidedFace(decided.seen, tuple(doubts), None)


def _decide(
    face: Examined, near: Near, rates: ProbeRates, policy: Policy, options: IdentifyOptions
) -> DecidedFace:
    """The threshold is for the persons who are valid now. Those who are not stay unnamed, but are
    listed where they would have been named for an unknown face.

    The collection's own target decides who reaches the threshold, so that what a caller asks for in
    addition names nobody: two who are ambiguous stay so until neither reaches it.
    """
    nearest = near.counted
    strict = policy.strict
    own = stated = rates.judging(nearest, strict.judged)
    if strict.judged != strict.stated:
        stated = rates.judging(nearest, strict.stated)
    limit, standing = policy.limit(own), standing_of(near.matches, own)
    judged = judge(
        near.matches,
        stated.limit(strict.stated),
        margin=policy.margin,
        least=limit,
        passed_over=standing.below(own.limit(strict.judged)),
    )
    is_unknown = judged.outcome is Outcome.UNKNOWN
    not_valid = _not_valid(near, rates, policy) if is_unknown else ()
    shown = near.matches[: max(options.max_candidates, judged.shown)]
    rated = rates.fpirs_of(
        [each.similarity for each in shown], own, counts=[each.counts for each in shown]
    )
    return DecidedFace(
        SeenFace.of(face.sample),
        (),
        face.embedding,
        rates=own,
        limit=limit,
        outcome=judged.outcome,
        winner=judged.winner,
        candidates=tuple(map(RatedMatch, shown, standing.fpirs(rated))),
        not_valid=not_valid,
    )


def _not_valid(near: Near, rates: ProbeRates, policy: Policy) -> tuple[NotValid, ...]:
    """Those who would have been named if they were valid now."""
    if not near.not_valid:
        return ()
    target = policy.strict.judged
    own = rates.unmasked(near.counted, target).outside
    passed_over = standing_of(near.not_valid, own).below(own.limit(target))
    limit = policy.limit(own)
    return tuple(
        each
        for row, each in enumerate(near.not_valid)
        if each.similarity >= limit and row not in passed_over
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
