"""Prometheus metrics of what follows decisions (``app.core.observers``)."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

_LABELS = ("observer",)


class ObserverMetrics:
    """Counts the failures of each observer. Thread-safe."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._failed = Counter(
            "kith_observer_failures_total",
            "Decisions at which what follows a decision (metrics, counts, kept probes) failed.",
            _LABELS,
            registry=registry,
        )
        self._missed = Counter(
            "kith_observer_missed_total",
            "Decisions that an observer did not get, since too many were waiting for it.",
            _LABELS,
            registry=registry,
        )
        self._waiting = Gauge(
            "kith_observer_waiting",
            "Decisions that an observer has not finished; one that hangs finishes none.",
            _LABELS,
            registry=registry,
        )

    def watch_observer(self, name: str, waiting: Callable[[], float]) -> None:
        """``waiting()`` is the number of decisions that the observer has not finished."""
        self._failed.labels(name)
        self._missed.labels(name)
        self._waiting.labels(name).set_function(waiting)

    def observer_failed(self, name: str) -> None:
        """An observer raised an error for one decision."""
        self._failed.labels(name).inc()

    def observer_missed(self, name: str) -> None:
        """An observer did not get one decision, since its queue was full."""
        self._missed.labels(name).inc()
