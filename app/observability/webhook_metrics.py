"""Prometheus metrics of webhooks (``app.webhooks``)."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from app.observability.decision_metrics import SECONDS

_WEBHOOK = ("webhook",)


class WebhookMetrics:
    """Counts what became of events. Thread-safe."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._attempts = Counter(
            "kith_webhook_attempts_total",
            "Attempts to deliver an event, by outcome; docs/webhooks.md says what each means.",
            ("outcome",),
            registry=registry,
        )
        self._seconds = Histogram(
            "kith_webhook_attempt_seconds",
            "How long attempts to deliver an event took.",
            buckets=SECONDS,
            registry=registry,
        )
        self._lag = Gauge(
            "kith_webhook_lag_seconds",
            "Age of the oldest event that an endpoint has not; 0: it has all.",
            _WEBHOOK,
            registry=registry,
        )
        self._dead = Counter(
            "kith_webhook_dead_letters_total",
            "Events that an endpoint did not take in all attempts.",
            _WEBHOOK,
            registry=registry,
        )
        self._lost = Counter(
            "kith_webhook_lost_events_total",
            "Events that were purged because of their age before an endpoint had them.",
            _WEBHOOK,
            registry=registry,
        )

        self._gone = Gauge(
            "kith_webhooks_gone",
            "Endpoints that are off because they answered 410.",
            registry=registry,
        )

    def observe_attempt(self, outcome: str, seconds: float) -> None:
        """One attempt has ended after ``seconds`` seconds."""
        self._attempts.labels(outcome).inc()
        self._seconds.observe(seconds)

    def observe_death(self, webhook: str) -> None:
        """An event has become a dead letter of this endpoint."""
        self._dead.labels(webhook).inc()

    def observe_losses(self, webhook: str, count: int) -> None:
        """``count`` events were purged that this endpoint did not have."""
        self._lost.labels(webhook).inc(count)

    def observe_lags(self, lags: dict[str, float], *, gone: int) -> None:
        """By endpoint, the age of its oldest event that is not delivered, in seconds; and how many
        endpoints are off because they answered 410.

        Its counters begin with 0: Prometheus sees no increase of a series that begins with 1.
        """
        self._gone.set(gone)
        self._lag.clear()
        for webhook, seconds in lags.items():
            self._lag.labels(webhook).set(seconds)
            self._dead.labels(webhook)
            self._lost.labels(webhook)
