"""One thread that runs small jobs, each at its interval or when it is woken."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.core.threads import lasting, survived
from app.errors import AppError

STOP_SECONDS: Final = 10.0
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """``run`` is called every ``seconds``, and with ``at_stop`` once more when the service stops.

    It raises where it fails, and keeps what it could not do for its next run. Each replica of a
    service runs its jobs, so several may run at once on one database. All jobs share one thread:
    a job that takes minutes holds up the others.
    """

    name: str
    run: Callable[[], object]
    seconds: float = 60.0
    at_stop: bool = False


class Observer(Protocol):
    """Counts the runs of jobs."""

    def expect_job(self, name: str) -> None:
        """There is a job of this name."""

    def observe_job(self, name: str, *, seconds: float, succeeded: bool) -> None:
        """One run of a job has ended after ``seconds`` seconds."""


class Jobs:
    """Runs ``jobs`` on a thread of its own, from ``start`` to ``stop``. Thread-safe.

    A job that fails is logged and counted, and runs again at its next time; it ends no other.
    """

    def __init__(self, jobs: Sequence[Job], observer: Observer) -> None:
        self._jobs = {job.name: job for job in jobs}
        self._observer = observer
        self._changed = threading.Condition()
        self._due: dict[str, float] = {}
        self._stopping = False
        self._running: str | None = None
        self._thread = lasting("jobs", self._run, ended=lambda: self._stopping)
        for name in self._jobs:
            observer.expect_job(name)

    def start(self) -> None:
        """Begin; each job runs first when its interval has passed."""
        now = time.monotonic()
        self._due = {job.name: now + job.seconds for job in self._jobs.values()}
        self._thread.start()

    def wake(self, name: str) -> None:
        """Let the job of this name run as soon as the thread is free. Never waits."""
        with self._changed:
            if name not in self._jobs:
                raise ValueError(f"There is no job {name!r}; there are {', '.join(self._jobs)}.")
            self._due[name] = 0.0
            self._changed.notify()

    def run(self, name: str) -> None:
        """Run the job of this name now, in the caller's thread; raises what the job raises."""
        self._jobs[name].run()

    def stop(self) -> None:
        """End after the job that runs now and a last run of each job that asks for one.

        Returns after ``STOP_SECONDS`` at the latest: what has not ended then ends with the process.
        """
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if not self._thread.is_alive():
            return
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            _log.warning("jobs.unfinished", job=self._running, seconds=STOP_SECONDS)

    def _run(self) -> None:
        while (job := self._next()) is not None:
            self._try(job)
        for job in self._jobs.values():
            if job.at_stop:
                self._try(job)

    def _next(self) -> Job | None:
        """The job that is due first, when it is due; None when there is a stop."""
        with self._changed:
            while not self._stopping:
                name = min(self._due, key=self._due.__getitem__, default=None)
                left = None if name is None else self._due[name] - time.monotonic()
                if name is not None and left is not None and left <= 0:
                    # Before the run: who wakes the job while it runs gets another run.
                    self._due[name] = time.monotonic() + self._jobs[name].seconds
                    return self._jobs[name]
                self._changed.wait(left)
        return None

    def _try(self, job: Job) -> None:
        self._running = job.name
        began = time.monotonic()
        succeeded = False
        try:
            job.run()
            succeeded = True
        except (AppError, SQLAlchemyError, OSError) as error:
            _log.warning("job.failed", job=job.name, error_type=type(error).__name__)
        except Exception:  # noqa: BLE001 - one job's fault must not end the others
            survived("jobs", "job.failed", job=job.name)
        self._observer.observe_job(job.name, seconds=time.monotonic() - began, succeeded=succeeded)
        self._running = None
