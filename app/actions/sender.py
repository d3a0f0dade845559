"""Sends the actions of grants on its own threads, at most once each.

Nothing is written down before it is sent: a process that ends in between loses the action and never
repeats it. A full queue drops actions, because an action that waits for long is late. The events of
their results are written by one more thread, so that no action waits for the database.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import copy_context
from typing import Final, Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.actions.calls import Result
from app.actions.grants import Loaded, NewGrant
from app.actions.schemas import ActionFields
from app.actions.templates import Facts
from app.core.clock import Clock
from app.core.threads import lasting, survived
from app.egress.dialling import Deadline
from app.errors import AppError

THREADS: Final = 8
CAPACITY: Final = 256
"""Actions that wait for a thread; each takes a few hundred bytes."""
_MOST_OVER: Final = 1024
"""Actions that have ended and wait for their event."""
STOP_SECONDS: Final = 12.0
"""Seconds, more than the longest timeout of an action."""
_Job = Callable[[], None]
_log = structlog.get_logger()


class Report(Protocol):
    """Counts the results of actions."""

    def observe_action(self, outcome: str, seconds: float) -> None:
        """One action has ended."""


class Actions(Protocol):
    """The actions of doors."""

    def load(self, grant: NewGrant) -> Loaded:
        """The actions that a grant sets off."""

    def call(self, fields: ActionFields, facts: Facts, deadline: Deadline) -> Result:
        """Send one; never raises."""

    def publish(self, grant: NewGrant, action_id: str | None, result: Result) -> None:
        """Make the event of an action that has ended."""


class ActionSender:
    """Takes grants and sends their actions. Thread-safe."""

    def __init__(
        self,
        actions: Actions,
        clock: Clock,
        report: Report,
        *,
        threads: int = THREADS,
        capacity: int = CAPACITY,
    ) -> None:
        self._actions = actions
        self._clock = clock
        self._report = report
        self._waiting: queue.Queue[_Job | None] = queue.Queue(capacity)
        self._over: queue.Queue[_Job | None] = queue.Queue(_MOST_OVER)
        self._stopping = False
        self._threads = [
            lasting("actions", lambda: self._run(self._waiting), ended=lambda: self._stopping)
            for _ in range(threads)
        ]
        self._publisher = lasting(
            "actions", lambda: self._run(self._over), ended=lambda: self._stopping
        )

    def start(self) -> None:
        """Begin to send."""
        for each in (*self._threads, self._publisher):
            each.start()

    def submit(self, grant: NewGrant) -> None:
        """Send the door's actions before the grant ends. Never waits and never raises."""
        left = (grant.valid_until - self._clock.now()).total_seconds()
        deadline = Deadline.after(left)
        if self._stopping:
            self._record(grant, None, Result("dropped", error="the service ends"))
            return
        self._put(grant, None, lambda: self._begin(grant, deadline))

    def stop(self) -> None:
        """Send waiting actions that are not late, write down their results, and end. An action that
        takes longer than ``STOP_SECONDS`` is left behind.
        """
        self._stopping = True
        end = time.monotonic() + STOP_SECONDS
        _end(self._waiting, self._threads, end)
        _end(self._over, [self._publisher], max(end, time.monotonic() + 1))

    def _put(self, grant: NewGrant, action_id: str | None, job: _Job) -> None:
        context = copy_context()
        try:
            self._waiting.put_nowait(lambda: context.run(job))
        except queue.Full:
            self._record(grant, action_id, Result("dropped", error="too many actions wait"))

    def _begin(self, grant: NewGrant, deadline: Deadline) -> None:
        try:
            loaded = self._actions.load(grant)
        except Exception as error:  # noqa: BLE001 - whatever it is, the grant has its record
            if not isinstance(error, AppError | SQLAlchemyError | ValueError):
                survived("actions", "door.action_failed")
            why = f"the door's actions cannot be read: {type(error).__name__}"
            self._record(grant, None, Result("failed", error=why))
            return
        for action_id in loaded.unreadable:
            self._record(grant, action_id, Result("failed", error="its row cannot be read"))
        if loaded.shut is not None:
            for action_id, _ in loaded.actions:
                self._record(grant, action_id, Result("dropped", error=loaded.shut))
            return
        for place, (action_id, fields) in enumerate(loaded.actions):

            def send(action_id: str = action_id, fields: ActionFields = fields) -> None:
                try:
                    result = self._actions.call(fields, loaded.facts, deadline)
                except Exception as error:  # noqa: BLE001 - the same
                    survived("actions", "door.action_failed")
                    result = Result("unanswered", error=f"it broke off: {type(error).__name__}")
                self._record(grant, action_id, result)

            if place < len(loaded.actions) - 1 and not self._stopping:
                self._put(grant, action_id, send)
            else:
                send()

    def _record(self, grant: NewGrant, action_id: str | None, result: Result) -> None:
        """The record of an action: a line of the log, a count and an event."""
        self._report.observe_action(result.outcome, result.seconds)
        tell = _log.info if result.outcome == "done" else _log.warning
        tell(
            "door.action",
            collection=grant.collection_id,
            door=grant.door_id,
            action=action_id,
            outcome=result.outcome,
            status=result.status,
            ms=round(result.seconds * 1000),
            error=result.error,
            event_id=grant.event_id,
        )
        try:
            self._over.put_nowait(lambda: self._publish(grant, action_id, result))
        except queue.Full:
            _log.warning("door.action_without_event", event_id=grant.event_id)

    def _publish(self, grant: NewGrant, action_id: str | None, result: Result) -> None:
        try:
            self._actions.publish(grant, action_id, result)
        except (AppError, SQLAlchemyError) as error:
            why = type(error).__name__
            _log.warning("door.action_without_event", event_id=grant.event_id, error=why)

    def _run(self, waiting: "queue.Queue[_Job | None]") -> None:
        while (job := waiting.get()) is not None:
            try:
                job()
            except Exception:  # noqa: BLE001 - one action's fault must not end the thread
                survived("actions", "door.action_failed")


def _end(
    waiting: "queue.Queue[_Job | None]", threads: Sequence[threading.Thread], end: float
) -> None:
    """Let the threads handle what waits, and end, until ``end`` by the monotonic clock."""
    with suppress(queue.Full):  # every thread is held up, and so would this one be
        for each in threads:
            if each.is_alive():
                waiting.put(None, timeout=max(0.0, end - time.monotonic()))
    for each in threads:
        if each.is_alive():
            each.join(max(0.0, end - time.monotonic()))
