"""Identification and verification of a burst: several frames of one subject, as at a door.

The people near any of the frames are found as for one image, and decided on by the rule of
``decision.burst``. Nothing here answers from what was last known: a door asks the database.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from app.core.clock import Clock, microseconds
from app.decision.burst import BurstOutcome, BurstScore, decide_burst, standing, verify_burst
from app.decision.calibration import Calibration
from app.decision.numbers import Floats
from app.errors import Conflict, ContractMismatch, NotFound, NotReady
from app.gallery.models import Collection
from app.gallery.rates import rates_in
from app.index.base import Vectors
from app.recognition.claimed_rates import claimed_rates
from app.recognition.matches import (
    FEWEST,
    Enrolled,
    Matches,
    Outdated,
    PersonSummary,
    Source,
    is_other,
    seek,
)
from app.recognition.search import PersonSearch
from app.replication.reader import GalleryState

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Nearest:
    """The person with the best score over a burst, who may be missed by far: that score, the
    threshold it was held against, and the ``noise``, as in ``observability.decision_metrics.Top``.
    """

    person: PersonSummary
    similarity: float
    threshold: float
    noise: float


@dataclass(frozen=True, slots=True)
class SeenBurst:
    """The decision for a burst: the ``person`` recognised, valid now or not, with their ``score``;
    both None where nobody was. ``similarity`` is the mean cosine of the frames to them; that of
    ``score``, which decides, may be lower. ``agreeing`` frames speak for the person; it is 0 where
    nobody reaches the threshold.

    The rest is for observers alone: ``nearest`` among those who may be named now, the embeddings
    ``probes`` (k, d), and the ``factor`` by which feedback raised the rates of strangers.
    """

    collection: Collection
    gallery: GalleryState
    outcome: BurstOutcome
    person: PersonSummary | None = None
    score: BurstScore | None = None
    agreeing: int = 0
    similarity: float | None = None
    nearest: Nearest | None = None
    probes: Vectors | None = field(default=None, repr=False)
    factor: float = 1.0


class BurstService:
    """Decides who is in the frames of a burst. Thread-safe."""

    def __init__(self, search: PersonSearch, calibration: Calibration, clock: Clock) -> None:
        self._search = search
        self._calibration = calibration
        self._clock = clock

    def identify(self, collection_id: str, probes: Vectors, *, agree: float) -> SeenBurst:
        """The person among everybody whom ``probes`` (k, d), embeddings of one subject in distinct
        frames, are of; ``agree`` as in ``decide_burst``.
        """

        def decided(source: Source) -> SeenBurst:
            people: dict[int, Enrolled] = {}

            def confirm(keys: list[int], revision: int) -> tuple[Collection, dict[int, Enrolled]]:
                collection, found = source.confirm(keys, revision)
                people.update(found)
                return collection, dict(found)

            matches = seek(replace(source, confirm=confirm), probes, FEWEST)
            return self._decided(matches, people, probes, agree)

        return self._current(collection_id, decided)

    def verify(
        self, collection_id: str, person_id: str, probes: Vectors, *, agree: float
    ) -> SeenBurst | None:
        """Whether ``probes`` are of this person and nobody else is looked for; ``unknown`` where
        they are not, None where there is no such person to compare with.
        """
        try:
            claimed = self._search.claimed(collection_id, person_id)
        except (NotFound, Conflict) as error:
            if isinstance(error, ContractMismatch):
                raise
            return None
        similarities = probes @ claimed.fused
        is_valid = claimed.valid[0] <= microseconds(self._clock.now()) < claimed.valid[1]
        rates, _ = claimed_rates(
            self._calibration, claimed, probes, similarities.tolist() if is_valid else None
        )
        owner = claimed.collection
        stands = standing(similarities.astype(np.float64)[:, None], rates, [claimed.fused])[:, 0]
        found = verify_burst(stands, rates, owner.target_fmr, agree=agree)
        reported = any(
            is_other(probe, float(similarity), claimed.others)
            for probe, similarity in zip(probes, similarities, strict=True)
        )
        if reported or not found.score.reaches:
            near = self._nearest(claimed.person, found.score) if is_valid and not reported else None
            return SeenBurst(owner, claimed.gallery, BurstOutcome.UNKNOWN, nearest=near)
        outcome = BurstOutcome.IDENTIFIED if found.is_match else BurstOutcome.FRAMES_DISAGREE
        person = claimed.person if found.is_match else None
        seen = SeenBurst(owner, claimed.gallery, outcome, person, found.score, found.score.agreeing)
        return replace(seen, similarity=float(similarities.mean()))

    def _nearest(self, person: PersonSummary, score: BurstScore) -> Nearest:
        noise = self._calibration.ambiguity_margin
        return Nearest(person, score.similarity, score.threshold, noise)

    def _current(self, collection_id: str, decided: Callable[[Source], _T]) -> _T:
        """The result for the collection as it is now. Where an earlier search found it, no
        statement is sent for it: the search reads it again.
        """
        cached = self._search.cached(collection_id)
        if cached is not None:
            try:
                return decided(self._search.cached_source(cached))
            except (Outdated, NotFound, ContractMismatch, NotReady):
                pass  # it has changed, or else the same fault comes again
        return decided(self._search.source(self._search.collection(collection_id)))

    def _decided(
        self, matches: Matches, people: dict[int, Enrolled], probes: Vectors, agree: float
    ) -> SeenBurst:
        """Those who may be named now; if it is none of them, those outside of their validity."""
        owner, near = matches.collection, matches.by_probe
        gallery = rates_in(self._calibration, owner, matches.gallery)
        found = gallery.of(probes)
        target, margin = owner.target_fpir, self._calibration.ambiguity_margin
        nobody = SeenBurst(
            owner, matches.gallery, BurstOutcome.UNKNOWN, probes=probes, factor=gallery.factor
        )
        valid = {each.person.key for row in near for each in row.matches}
        others = {each.person.key for row in near for each in row.not_valid}
        judging = [own.judging(row.counted, target) for own, row in zip(found, near, strict=True)]
        outside = (
            own.unmasked(row.counted, target).outside for own, row in zip(found, near, strict=True)
        )
        for keys, rates in ((valid, judging), (others, outside)):
            if not keys:
                continue
            named, similarities = _similarities([people[key] for key in sorted(keys)], probes)
            judged = list(rates)
            stands = standing(similarities, judged, [each.fused for each in named])
            decision = decide_burst(stands, judged, target, margin=margin, agree=agree)
            best, score = decision.best, decision.score
            if score is None or best is None:
                continue
            if keys is valid:
                nobody = replace(nobody, nearest=self._nearest(named[best].person, score))
            if decision.outcome is BurstOutcome.UNKNOWN:
                continue
            winner = None if decision.winner is None else named[best].person
            return replace(
                nobody,
                outcome=decision.outcome,
                person=winner,
                score=score,
                agreeing=score.agreeing,
                similarity=float(similarities[:, best].mean()),
            )
        return nobody


def _similarities(people: Sequence[Enrolled], probes: Vectors) -> tuple[list[Enrolled], Floats]:
    """The people whom no report excludes in any frame, and the similarities (k, p) of every frame
    to each.
    """
    columns = [(each, probes @ each.fused) for each in people]
    kept = [
        (each, column)
        for each, column in columns
        if each.others is None
        or not any(
            is_other(probe, float(similarity), each.others)
            for probe, similarity in zip(probes, column, strict=True)
        )
    ]
    empty = np.empty((len(probes), 0))
    rows = np.array([column for _, column in kept], np.float64).T if kept else empty
    return [each for each, _ in kept], rows
