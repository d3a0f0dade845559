"""Metrics of the replicas in this process, read from them at each scrape."""

from collections.abc import Iterator
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.replication.status import ReplicaState, ReplicaStatus


class ReplicaSource(Protocol):
    """The source of the metrics."""

    def statuses(self) -> dict[str, ReplicaStatus]:
        """By collection id."""
        ...

    def poll_age(self) -> float:
        """Seconds since the positions of all collections were last read; infinite before."""
        ...


class ReplicaCollector(Collector):
    """State, lag and engine by collection. A collection that was deleted has no series any more."""

    def __init__(self, source: ReplicaSource) -> None:
        self._source = source

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The four metrics."""
        state = GaugeMetricFamily(
            "kith_replica_state",
            "1 for the state that the collection's replica in this process is in, 0 for others.",
            labels=("collection", "state"),
        )
        lag = GaugeMetricFamily(
            "kith_replica_lag_revisions",
            "Revisions of the collection that are known of and not yet in this process's replica.",
            labels=("collection",),
        )
        engine = GaugeMetricFamily(
            "kith_replica_engine",
            "1 for the engine that answers searches of the collection: flat or large.",
            labels=("collection", "engine"),
        )
        for collection, status in self._source.statuses().items():
            for each in ReplicaState:
                state.add_metric((collection, each.value), float(each is status.state))
            lag.add_metric((collection,), status.lag)
            if status.engine is not None:
                engine.add_metric((collection, status.engine), 1.0)
        yield state
        yield lag
        yield engine
        yield GaugeMetricFamily(
            "kith_replica_poll_age_seconds",
            "Seconds since this process last read the revision of every collection.",
            value=self._source.poll_age(),
        )
