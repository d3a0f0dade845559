"""Prometheus metrics of this process, on a registry of their own so that each app has its own."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from app.observability.action_metrics import ActionMetrics
from app.observability.decision_metrics import SECONDS, DecisionMetrics
from app.observability.job_metrics import JobMetrics
from app.observability.mqtt_metrics import MqttMetrics
from app.observability.observer_metrics import ObserverMetrics
from app.observability.thread_metrics import ThreadMetrics
from app.observability.webhook_metrics import WebhookMetrics


class Metrics:
    """All metrics of a process: those of requests here, others in parts. Thread-safe.

    ``stale`` says whether decisions rest on what was last known, now, and ``age`` how old that is,
    in seconds. ``collectors`` are read at each scrape.
    """

    def __init__(
        self, stale: Callable[[], bool], age: Callable[[], float], *collectors: Collector
    ) -> None:
        self._registry = registry = CollectorRegistry()
        for each in collectors:
            registry.register(each)
        registry.register(ThreadMetrics())
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        self._requests = Histogram(
            "kith_http_request_duration_seconds",
            "Time from a request's first byte to its answer's last.",
            ("method", "route", "status"),
            buckets=SECONDS,
            registry=registry,
        )
        Gauge(
            "kith_stale",
            "1 while the database does not answer and decisions rest on what was last known.",
            registry=registry,
        ).set_function(stale)
        Gauge(
            "kith_known_age_seconds",
            "Seconds since all was known that stale decisions would rest on; infinite: none may.",
            registry=registry,
        ).set_function(age)
        self.decisions = DecisionMetrics(registry)
        self.observers = ObserverMetrics(registry)
        self.jobs = JobMetrics(registry)
        self.actions = ActionMetrics(registry)
        self.webhooks = WebhookMetrics(registry)

    def of_mqtt(self) -> MqttMetrics:
        """The metrics of the publisher to a broker, for a process that has one."""
        return MqttMetrics(self._registry)

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One finished HTTP request."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    def exposition(self) -> bytes:
        """All metrics as Prometheus reads them."""
        return generate_latest(self._registry)
