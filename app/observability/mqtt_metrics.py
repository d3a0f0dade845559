"""Prometheus metrics of the publisher to a broker (``app.mqtt``)."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge


class MqttMetrics:
    """Says how the publisher of this process does. Thread-safe."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._late: tuple[float, float] | None = None
        self._connected = Gauge(
            "kith_mqtt_connected",
            "1 in the one process that publishes events and that the broker has taken.",
            registry=registry,
        )
        Gauge(
            "kith_mqtt_lag_seconds",
            "Age of the oldest event that the broker does not have; 0: it has all.",
            registry=registry,
        ).set_function(self._lag)
        self._messages = Counter(
            "kith_mqtt_messages_total", "Messages that the broker was sent.", registry=registry
        )
        self._refused = Counter(
            "kith_mqtt_refused_total",
            "Messages that the broker refused; the log says why.",
            registry=registry,
        )
        self._unreadable = Counter(
            "kith_mqtt_unreadable_total",
            "Events and doors that were left out, for somebody changed them in the database.",
            registry=registry,
        )

    def connected(self, *, is_so: bool) -> None:
        """Whether this process is the one that publishes, and the broker has taken it."""
        self._connected.set(is_so)

    def waiting(self, seconds: float | None) -> None:
        """The oldest event that the broker does not have is so old; None: it has all."""
        self._late = None if seconds is None else (seconds, time.monotonic())

    def sent(self, messages: int, *, refused: int) -> None:
        """``messages`` were sent; the broker refused ``refused`` of them."""
        self._messages.inc(messages)
        self._refused.inc(refused)

    def unreadable(self) -> None:
        """An event or a door was left out: somebody changed it in the database."""
        self._unreadable.inc()

    def _lag(self) -> float:
        late = self._late
        return 0.0 if late is None else max(0.0, late[0] + time.monotonic() - late[1])
