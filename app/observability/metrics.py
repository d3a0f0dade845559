"""Prometheus metrics of this process, on a registry of their own so that each app has its own."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from app.observability.job_metrics import JobMetrics

_SECONDS: Final = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)

_SITE: Final = {
    "fpir_ratio": "How often strangers would reach the bundle's own threshold, over what it says.",
    "shift_deviations": "How much nearer strangers are to each other than the bundle says.",
    "stretch": "Deviation of strangers' similarities, over the bundle's.",
}

MOST_SOURCES: Final = 100
OTHER_SOURCE: Final = "other"
_SIMILARITIES: Final = tuple(round(0.05 * step, 2) for step in range(-4, 20))


@dataclass(frozen=True, slots=True)
class Top:
    """The nearest person's ``similarity``, the ``threshold`` it was held against, and the ``noise``
    within which two scores cannot be told apart.
    """

    similarity: float
    threshold: float
    noise: float


class Metrics:
    """Counts requests and decisions. Thread-safe. Labels never hold a person or a key.

    ``stale`` says whether decisions rest on what was last known, now, and ``age`` how old that is.
    ``collectors`` are read at each scrape.
    """

    def __init__(
        self, stale: Callable[[], bool], age: Callable[[], float], *collectors: Collector
    ) -> None:
        self._registry = CollectorRegistry()
        for each in collectors:
            self._registry.register(each)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._requests = Histogram(
            "kith_http_request_duration_seconds",
            "Time from a request's first byte to its answer's last.",
            ("method", "route", "status"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._decisions = Counter(
            "kith_decisions_total",
            "Faces decided on, by outcome and by the source that the request named.",
            ("collection", "source", "decision"),
            registry=self._registry,
        )
        self._stale_decisions = Counter(
            "kith_stale_decisions_total",
            "Identifications and verifications decided while the database did not answer.",
            ("collection",),
            registry=self._registry,
        )
        Gauge(
            "kith_stale",
            "1 while the database does not answer and decisions rest on what was last known.",
            registry=self._registry,
        ).set_function(stale)
        Gauge(
            "kith_known_age_seconds",
            "Seconds since all was known that stale decisions would rest on; infinite: none may.",
            registry=self._registry,
        ).set_function(age)
        self._near = Counter(
            "kith_near_threshold_total",
            "Faces whose top similarity is nearer to the threshold than a score's noise.",
            ("collection", "source", "decision"),
            registry=self._registry,
        )
        self._top = Histogram(
            "kith_top_similarity",
            "Similarity to the nearest person, by decision.",
            ("collection", "source", "decision"),
            buckets=_SIMILARITIES,
            registry=self._registry,
        )
        self._climbs = Counter(
            "kith_climbs_suspected_total",
            "Times that one key sent many faces which almost reached one person.",
            ("collection",),
            registry=self._registry,
        )
        self._observers_failed = Counter(
            "kith_observer_failures_total",
            "Decisions at which what follows a decision (metrics, counts, kept probes) failed.",
            ("observer",),
            registry=self._registry,
        )
        self._observers_missed = Counter(
            "kith_observer_missed_total",
            "Decisions that an observer did not get, since too many were waiting for it.",
            ("observer",),
            registry=self._registry,
        )
        self._observers_waiting = Gauge(
            "kith_observer_waiting",
            "Decisions that an observer has not finished; one that hangs finishes none.",
            ("observer",),
            registry=self._registry,
        )
        self._sources: defaultdict[str, set[str]] = defaultdict(set)
        self._lock = Lock()
        self._site = {
            name: Gauge(f"kith_site_{name}", description, ("collection",), registry=self._registry)
            for name, description in _SITE.items()
        }
        self._of_collections = (
            self._decisions,
            self._stale_decisions,
            self._near,
            self._top,
            self._climbs,
            *self._site.values(),
        )
        self.jobs = JobMetrics(self._registry)
        self._steps = Histogram(
            "kith_step_duration_seconds",
            "Time of each step of an identification.",
            ("step",),
            buckets=_SECONDS,
            registry=self._registry,
        )

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One finished HTTP request."""
        self._requests.labels(method, route, str(status)).observe(seconds)

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
        self._stale_decisions.labels(collection_id).inc()

    def watch_observer(self, name: str, waiting: Callable[[], float]) -> None:
        """``waiting()`` is the number of decisions that the observer has not finished."""
        self._observers_failed.labels(name)
        self._observers_missed.labels(name)
        self._observers_waiting.labels(name).set_function(waiting)

    def observer_failed(self, name: str) -> None:
        """An observer raised an error for one decision."""
        self._observers_failed.labels(name).inc()

    def observer_missed(self, name: str) -> None:
        """An observer did not get one decision, since its queue was full."""
        self._observers_missed.labels(name).inc()

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
        """Drop all that is told of a collection: it is no more."""
        for metric in self._of_collections:
            metric.remove_by_labels({"collection": collection_id})
        with self._lock:
            self._sources.pop(collection_id, None)

    def retain(self, collection_ids: Collection[str]) -> None:
        """Forget every other collection: another process deleted it, or an answer that was under
        way as it was deleted has brought it back.
        """
        told = {
            sample.labels["collection"]
            for metric in self._of_collections
            for family in metric.collect()
            for sample in family.samples
        }
        for gone in told.difference(collection_ids):
            self.forget(gone)

    def exposition(self) -> bytes:
        """All metrics as Prometheus reads them."""
        return generate_latest(self._registry)
