"""Prometheus metrics of decisions, by collection."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS: Final = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Buckets of what takes from milliseconds to seconds."""
MOST_SOURCES: Final = 100
OTHER_SOURCE: Final = "other"
_SIMILARITIES: Final = tuple(round(0.05 * step, 2) for step in range(-4, 20))
_FACES: Final = ("collection", "source", "decision")
_SITE: Final = {
    "fpir_ratio": "How often strangers would reach the bundle's own threshold, over what it says.",
    "shift_deviations": "How much nearer strangers are to each other than the bundle says.",
    "stretch": "Deviation of strangers' similarities, over the bundle's.",
}


@dataclass(frozen=True, slots=True)
class Top:
    """The nearest person's ``similarity``, the ``threshold`` it was compared with, and the
    ``noise``: scores that differ by less count as equal.
    """

    similarity: float
    threshold: float
    noise: float


class DecisionMetrics:
    """Counts decisions. Thread-safe. Labels never hold a person or a key."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._lock = Lock()
        self._sources: defaultdict[str, set[str]] = defaultdict(set)
        self._decisions = Counter(
            "kith_decisions_total",
            "Faces decided on, by outcome and by the source that the request named.",
            _FACES,
            registry=registry,
        )
        self._near = Counter(
            "kith_near_threshold_total",
            "Faces whose top similarity is nearer to the threshold than a score's noise.",
            _FACES,
            registry=registry,
        )
        self._top = Histogram(
            "kith_top_similarity",
            "Similarity to the nearest person, by decision.",
            _FACES,
            buckets=_SIMILARITIES,
            registry=registry,
        )
        self._stale = Counter(
            "kith_stale_decisions_total",
            "Identifications and verifications decided while the database did not answer.",
            ("collection",),
            registry=registry,
        )
        self._climbs = Counter(
            "kith_climbs_suspected_total",
            "Times that one key sent many faces which almost reached one person.",
            ("collection",),
            registry=registry,
        )
        self._site = {
            name: Gauge(f"kith_site_{name}", description, ("collection",), registry=registry)
            for name, description in _SITE.items()
        }
        faces = self._decisions, self._near, self._top
        self._of_collections = (*faces, self._stale, self._climbs, *self._site.values())
        self._steps = Histogram(
            "kith_step_duration_seconds",
            "Time of each step of an identification.",
            ("step",),
            buckets=SECONDS,
            registry=registry,
        )

    def observe_decision(
        self, collection_id: str, source: str | None, decision: str, *, top: Top | None
    ) -> None:
        """One face decided on; ``top`` is None where it was compared with nobody."""
        labels = (collection_id, self._source(collection_id, source), decision)
        self._decisions.labels(*labels).inc()
        if top is not None:
            self._top.labels(*labels).observe(top.similarity)
            if abs(top.similarity - top.threshold) <= top.noise:
                self._near.labels(*labels).inc()

    def observe_climb(self, collection_id: str) -> None:
        """One key has sent many probes that almost reached one person."""
        self._climbs.labels(collection_id).inc()

    def observe_stale(self, collection_id: str) -> None:
        """One answer that rests on what was last known."""
        self._stale.labels(collection_id).inc()

    def observe_site(
        self, collection_id: str, *, ratio: float, shift: float, stretch: float
    ) -> None:
        """How far a collection is from the bundle's calibration."""
        for name, value in zip(_SITE, (ratio, shift, stretch), strict=True):
            self._site[name].labels(collection_id).set(value)

    def observe_steps(self, milliseconds: Mapping[str, float]) -> None:
        """How long each named step took."""
        for step, each in milliseconds.items():
            self._steps.labels(step).observe(each / 1e3)

    def forget(self, collection_id: str) -> None:
        """Drop every metric of a collection that was deleted."""
        for metric in self._of_collections:
            metric.remove_by_labels({"collection": collection_id})
        with self._lock:
            self._sources.pop(collection_id, None)

    def retain(self, collection_ids: Collection[str]) -> None:
        """Forget every other collection: another process deleted it, or an answer that was under
        way as it was deleted has brought it back.
        """
        shown = {
            sample.labels["collection"]
            for metric in self._of_collections
            for family in metric.collect()
            for sample in family.samples
        }
        for gone in shown.difference(collection_ids):
            self.forget(gone)

    def _source(self, collection_id: str, source: str | None) -> str:
        """The label of a source: the first hundred of a collection have their own, for each costs
        memory for good.
        """
        if source is None:
            return ""
        with self._lock:
            known = self._sources[collection_id]
            if len(known) < MOST_SOURCES:
                known.add(source)
            return source if source in known else OTHER_SOURCE
