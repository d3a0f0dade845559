"""One thread for small jobs that nobody waits for, such as writing down what memory has counted."""

import threading
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.errors import AppError

EVERY_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0
_log = structlog.get_logger()


class Jobs:
    """Runs each of ``jobs``, by name, every ``seconds`` and once more at the end.

    A job that fails is logged and runs again at its next time; it must keep what it could not do.
    """

    def __init__(
        self, jobs: Mapping[str, Callable[[], None]], *, seconds: float = EVERY_SECONDS
    ) -> None:
        self._jobs = jobs
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Run each job a last time, and end; a database that does not answer is not waited for."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        last = False
        while not last:
            last = self._stop.wait(self._seconds)
            for name, job in self._jobs.items():
                self._try(name, job)

    def _try(self, name: str, job: Callable[[], None]) -> None:
        try:
            job()
        except (AppError, SQLAlchemyError) as error:
            _log.warning("job.failed", job=name, error_type=type(error).__name__)
        except Exception:  # noqa: BLE001 - one job's fault must not end the others
            _log.exception("job.failed", job=name)
