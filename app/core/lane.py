"""One observer's queue and thread (``observers`` has all of them)."""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import Generic, Protocol, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.core.threads import lasting
from app.errors import AppError

Decision = TypeVar("Decision")
Observe = Callable[[Decision], None]
_log = structlog.get_logger()


class Report(Protocol):
    """Counts the failures and the backlog of observers."""

    def observer_failed(self, name: str) -> None:
        """The observer raised an error for one decision."""
        ...

    def observer_missed(self, name: str) -> None:
        """The observer did not get one decision, since its queue was full."""
        ...

    def watch_observer(self, name: str, waiting: Callable[[], float]) -> None:
        """``waiting()`` is the number of decisions that the observer has not finished."""
        ...


class Lane(Generic[Decision]):
    """One observer's queue and thread."""

    def __init__(
        self,
        name: str,
        observe: Observe[Decision],
        report: Report,
        *,
        capacity: int,
        stuck_seconds: float,
    ) -> None:
        self.name = name
        self._observe = observe
        self._report = report
        self._capacity = capacity
        self._stuck_seconds = stuck_seconds
        self._changed = threading.Condition()
        self._queue: deque[tuple[Decision, Context]] = deque()
        self._given = self._finished = 0
        self._since: float | None = None
        self._is_closed = self._is_warned = False
        self._thread = lasting(f"observer {name}", self._run, ended=lambda: self._is_closed)

    def waiting(self) -> int:
        """The number of decisions not finished: those in the queue and the present one."""
        return self._given - self._finished

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def put(self, decision: Decision, context: Context) -> None:
        """Queue a decision, to be observed in ``context``; it is missed where there is no room."""
        with self._changed:
            self._warn_if_stuck()
            if has_room := not self._is_closed and len(self._queue) < self._capacity:
                self._queue.append((decision, context))
                self._given += 1
                self._changed.notify_all()
        if not has_room:
            self._report.observer_missed(self.name)

    def settle(self, deadline: float) -> bool:
        """Wait for all earlier decisions, unless the observer is stuck; whether they are observed.
        ``deadline`` is one of the monotonic clock.
        """
        with self._changed:
            given = self._given
            while self._finished < given and not self._is_stuck():
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(min(left, self._stuck_seconds))
            return self._finished >= given

    def close(self) -> None:
        """Take no further decision; the thread ends when none waits."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def join(self, deadline: float) -> None:
        """Wait for the end of the thread, and log what it leaves."""
        if self._thread.is_alive():
            self._thread.join(max(0.0, deadline - time.monotonic()))
        if left := self.waiting():
            _log.warning("observer.unfinished", observer=self.name, decisions=left)

    def _run(self) -> None:
        while (item := self._next()) is not None:
            self._try(*item)
            del item  # while it waits for the next, it holds no decision
            with self._changed:
                self._finished += 1
                self._since, self._is_warned = None, False
                self._changed.notify_all()

    def _next(self) -> tuple[Decision, Context] | None:
        """The next decision, or None where there is none and none will come."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._is_closed)
            if not self._queue:
                return None
            self._since = time.monotonic()
            return self._queue.popleft()

    def _try(self, decision: Decision, context: Context) -> None:
        try:
            context.copy().run(self._observe, decision)
        except Exception as error:  # noqa: BLE001 - whatever it is, the decision was made
            expected = isinstance(error, AppError | SQLAlchemyError)
            _log.warning(
                "observer.failed",
                observer=self.name,
                error_type=type(error).__name__,
                exc_info=not expected,
            )
            self._report.observer_failed(self.name)

    def _is_stuck(self) -> bool:
        return self._since is not None and time.monotonic() - self._since >= self._stuck_seconds

    def _warn_if_stuck(self) -> None:
        """Once for each decision at which the observer is stuck."""
        if not self._is_warned and self._is_stuck():
            self._is_warned = True
            _log.warning("observer.stuck", observer=self.name, seconds=self._stuck_seconds)
