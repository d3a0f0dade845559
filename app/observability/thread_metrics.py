"""Prometheus metrics of the threads of this process (``app.core.threads``)."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from app.core.threads import faults


class ThreadMetrics(Collector):
    """Counts the errors that threads survived. Thread-safe."""

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Read the counts."""
        family = CounterMetricFamily(
            "kith_thread_faults",
            "Errors that nobody foresaw and that a thread of the service survived; the log has "
            "each.",
            labels=("thread",),
        )
        for thread, count in sorted(faults().items()):
            family.add_metric([thread], count)
        yield family
