"""Prometheus metrics of the small jobs in the background (``app.jobs``)."""

from prometheus_client import CollectorRegistry, Counter, Gauge

_LABELS = ("name",)  # not "job": Prometheus has a label of that name of its own


class JobMetrics:
    """Counts the runs of each job. Thread-safe."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._runs = Counter(
            "kith_job_runs_total", "Runs of a background job.", _LABELS, registry=registry
        )
        self._failures = Counter(
            "kith_job_failures_total",
            "Runs of a background job that failed; the log says why.",
            _LABELS,
            registry=registry,
        )
        self._seconds = Gauge(
            "kith_job_last_run_seconds",
            "How long the last run of a background job took.",
            _LABELS,
            registry=registry,
        )
        self._lag = Gauge(
            "kith_job_lag_seconds",
            "How long the oldest thing that a job is to delete is over its time.",
            _LABELS,
            registry=registry,
        )
        self._succeeded = Gauge(
            "kith_job_last_success_timestamp_seconds",
            "When a background job last succeeded, in seconds since 1970; 0: not yet.",
            _LABELS,
            registry=registry,
        )

    def expect_job(self, name: str) -> None:
        """Show the job before its first run."""
        for metric in (self._runs, self._failures, self._seconds, self._succeeded):
            metric.labels(name)

    def observe_lag(self, name: str, seconds: float) -> None:
        """The oldest thing that the job is to delete is ``seconds`` seconds over its time."""
        self._lag.labels(name).set(seconds)

    def observe_job(self, name: str, *, seconds: float, succeeded: bool) -> None:
        """One run of a job has ended after ``seconds`` seconds."""
        self._runs.labels(name).inc()
        self._seconds.labels(name).set(seconds)
        if succeeded:
            self._succeeded.labels(name).set_to_current_time()
        else:
            self._failures.labels(name).inc()
