"""Prometheus metrics of the actions of doors (``app.actions``)."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from app.observability.decision_metrics import SECONDS


class ActionMetrics:
    """Counts what became of actions. Thread-safe."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._outcomes = Counter(
            "kith_door_actions_total",
            "Actions of doors that are over, by outcome; docs/actions.md says what each means.",
            ("outcome",),
            registry=registry,
        )
        self._seconds = Histogram(
            "kith_door_action_seconds",
            "How long actions took that were sent, or tried.",
            buckets=SECONDS,
            registry=registry,
        )

    def observe_action(self, outcome: str, seconds: float) -> None:
        """One action has ended after ``seconds`` seconds; 0: it was not tried."""
        self._outcomes.labels(outcome).inc()
        if seconds:
            self._seconds.observe(seconds)
