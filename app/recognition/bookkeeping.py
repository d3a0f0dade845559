"""The observers of decisions: metrics, the watches over site and keys, counts, kept probes.

Each is a function of the decision alone; ``core.observers`` runs them after it.
"""

from collections.abc import Mapping, Set
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np

from app.core.lane import Observe
from app.core.observers import Observers
from app.decision.burst import BurstOutcome
from app.decision.open_set import Outcome
from app.decision.rates import ProbeRates
from app.errors import NotFound
from app.feedback.counts import Exposures
from app.feedback.probes import ProbeStore, StoredProbes, new_probe_id
from app.gallery.disclosure import Strictness
from app.gallery.models import Collection
from app.index.base import Vectors
from app.observability.decision_metrics import DecisionMetrics, Top
from app.recognition.climbing import ClimbWatch
from app.recognition.results import (
    DecidedBurst,
    DecidedFace,
    Decision,
    IdentifiedImage,
    Policy,
    VerifiedFace,
)
from app.recognition.thresholds import SiteWatch


@dataclass(frozen=True, slots=True)
class Books:
    """The metrics, watches and stores that observers write to."""

    metrics: DecisionMetrics
    watch: SiteWatch
    climbs: ClimbWatch
    exposures: Exposures
    probes: ProbeStore

    def observers(self) -> Mapping[str, Observe[Decision]]:
        """Each observer by its name."""
        return {
            "metrics": partial(observe_metrics, self.metrics),
            "site": partial(observe_site, self.watch),
            "climbs": partial(observe_climb, self.climbs),
            "counts": partial(observe_counts, self.exposures),
            "probes": partial(observe_probes, self.probes),
        }

    def forget(self, collection: Collection) -> None:
        """Drop what is kept in memory of a collection that was deleted."""
        self.metrics.forget(collection.id)
        self.watch.forget(collection.id)
        self.climbs.forget(collection.id)

    def retain(self, collection_ids: Set[str]) -> None:
        """Drop what is kept in memory of every other collection: another process deleted it."""
        self.metrics.retain(collection_ids)
        self.watch.retain(collection_ids)
        self.climbs.retain(collection_ids)


class Records:
    """Reads what observers have written, after they are done with the decisions made before.

    Thread-safe.
    """

    def __init__(
        self, observers: Observers[Decision], exposures: Exposures, probes: ProbeStore
    ) -> None:
        self._observers = observers
        self._exposures = exposures
        self._probes = probes

    def write_counts(self) -> None:
        """Put the counts of all decisions made before into the database."""
        self._observers.settle()
        self._exposures.write()

    def probe(self, collection: Collection, probe_id: str) -> Vectors:
        """One kept probe's embedding (d,), or ``NotFound``."""
        self._observers.settle()
        found = self._probes.get(collection.key, probe_id)
        if found is None:
            raise NotFound(f"There is no probe {probe_id!r} in the collection {collection.id!r}.")
        return found

    def probes(self, collection: Collection) -> StoredProbes:
        """Every kept probe of the collection."""
        self._observers.settle()
        return self._probes.all(collection.key)


def observe_metrics(metrics: DecisionMetrics, decision: Decision) -> None:
    """Count the outcome of each face, the time of each step, and stale answers."""
    collection_id = _collection_of(decision).id
    if isinstance(decision, DecidedBurst):
        if decision.is_open:
            outcome = "rejected" if decision.is_rejected else decision.seen.outcome.value
            top = _top_of_burst(decision)
            metrics.observe_decision(collection_id, decision.question.source, outcome, top=top)
        return
    if decision.stale:
        metrics.observe_stale(collection_id)
    if isinstance(decision, VerifiedFace):
        return
    for face in decision.faces:
        outcome = "rejected" if face.outcome is None else face.outcome.value
        top = _top(face, decision.policy, face.limit)
        metrics.observe_decision(collection_id, decision.question.source, outcome, top=top)
    metrics.observe_steps(asdict(decision.timings))


def observe_site(watch: SiteWatch, decision: Decision) -> None:
    """Compare the gallery that was searched with the bundle's calibration."""
    if isinstance(decision, IdentifiedImage):
        watch.observe(decision.collection, decision.gallery)
    elif isinstance(decision, DecidedBurst) and decision.is_open:
        watch.observe(decision.collection, decision.seen.gallery)


def observe_climb(climbs: ClimbWatch, decision: Decision) -> None:
    """Count near misses by how far they are from the collection's own threshold, whatever stricter
    one the caller asked for.
    """
    caller, collection_id = decision.question.caller, _collection_of(decision).id
    if isinstance(decision, VerifiedFace):
        if (miss := _near_miss(decision)) is not None:
            climbs.observe(caller.id, collection_id, decision.claimed.person.id, miss)
        return
    if isinstance(decision, DecidedBurst):
        near, top = decision.seen.nearest, _top_of_burst(decision)
        missed = decision.seen.outcome is BurstOutcome.UNKNOWN and not decision.is_rejected
        if near is not None and top is not None and missed:
            climbs.observe(caller.id, collection_id, near.person.id, top)
        return
    for face in decision.faces:
        own = None if face.rates is None else face.rates.limit(decision.policy.strict.stated)
        top = _top(face, decision.policy, own)
        if top is not None and face.outcome is Outcome.UNKNOWN:
            person_id = face.candidates[0].match.person.id
            climbs.observe(caller.id, collection_id, person_id, top)


def observe_counts(exposures: Exposures, decision: Decision) -> None:
    """Count probes at the rate without the feedback factor, since feedback is compared with it. The
    frames of a burst are one probe, at the rate that the collection states.
    """
    if isinstance(decision, DecidedBurst):
        if decision.is_open and not decision.is_rejected:
            owner, asked = decision.collection, decision.question
            rate = owner.target_fpir / decision.seen.factor
            exposures.add(owner.key, asked.caller, asked.source, probes=1, expected=rate)
        return
    if not isinstance(decision, IdentifiedImage):
        return
    question, stated = decision.question, _stated_rates(decision)
    if probes := len(stated):
        expected = sum(stated) / decision.policy.rates.factor
        exposures.add(
            decision.collection.key,
            question.caller,
            question.source,
            probes=probes,
            expected=expected,
        )


def _stated_rates(decision: IdentifiedImage) -> list[float]:
    """For each face that was compared, the rate at which a stranger would have been named."""
    strict = decision.policy.strict
    return [
        _stated_rate(face.rates, face.limit, strict)
        for face in decision.faces
        if face.rates is not None and face.limit is not None
    ]


def _stated_rate(rates: ProbeRates, limit: float, strict: Strictness) -> float:
    """The target, less where more similarity was asked for, and 0 where none is high enough."""
    if limit > 1:
        return 0.0
    return min(strict.judged, rates.fpir(limit)) if strict.least > -1 else strict.judged


def observe_probes(probes: ProbeStore, decision: Decision) -> None:
    """Keep the unknown faces that were given an id for it, and one of a visit at a door."""
    if isinstance(decision, VerifiedFace):
        return
    kept = _kept(decision)
    if kept:
        probes.keep(
            decision.collection.key,
            decision.collection.contract_id,
            kept,
            seen_at=decision.at,
            source=decision.question.source,
        )


def _kept(decision: IdentifiedImage | DecidedBurst) -> dict[str, Vectors]:
    """The embeddings (d,) to keep, by their ids; of a burst that of its most typical frame."""
    if isinstance(decision, IdentifiedImage):
        return {
            face.probe_id: face.embedding
            for face in decision.faces
            if face.probe_id is not None and face.embedding is not None
        }
    seen = decision.seen
    is_stranger = seen.outcome is BurstOutcome.UNKNOWN and not decision.is_rejected
    if not (decision.is_open and decision.is_new and is_stranger and seen.collection.keep_probes):
        return {}
    if seen.probes is None:
        return {}
    typical = int(np.argmax((seen.probes @ seen.probes.T).sum(axis=1)))
    return {new_probe_id(): seen.probes[typical]}


def _top_of_burst(decision: DecidedBurst) -> Top | None:
    near = decision.seen.nearest
    return None if near is None else Top(near.similarity, near.threshold, near.noise)


def _collection_of(decision: Decision) -> Collection:
    if isinstance(decision, VerifiedFace):
        return decision.claimed.collection
    return decision.collection


def _top(face: DecidedFace, policy: Policy, threshold: float | None) -> Top | None:
    """The nearest person against a ``threshold``; None where nobody was compared."""
    if not face.candidates or threshold is None:
        return None
    return Top(face.candidates[0].match.similarity, threshold, policy.margin)


def _near_miss(decision: VerifiedFace) -> Top | None:
    """A failed comparison whose answer was ``no_match``. For a person who is not valid, only
    callers without the scope ``read`` get that answer.
    """
    similarity, claimed = decision.similarity, decision.claimed
    if similarity is None or decision.outcome == "match":
        return None
    if not decision.is_valid and (decision.disclosure.names or decision.reaches):
        return None
    own = decision.rates.verification_threshold(claimed.collection.target_fmr)
    return Top(similarity, own.similarity, decision.margin)
