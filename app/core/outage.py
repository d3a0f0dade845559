"""Whether the database answers, and for how long what this process last knew may stand in for it.

A process that cannot reach the database answers 503, unless the operator allows stale answers for a
bounded time (``KITH_STALE_OK_SECONDS``). This module decides when; ``auth.cached_keys`` keeps the
keys, and ``recognition.last_known`` the collections.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

import structlog

from app.errors import DatabaseLost

Answer = TypeVar("Answer")
_log = structlog.get_logger()


class Outage:
    """Knows if the database was lost, and when all that it holds was last known. Thread-safe.

    ``seconds`` is how old that may be; 0 allows nothing. ``wake`` is called when the database is
    lost, so that the follower polls at once. All times are of ``monotonic``, in seconds, and are
    start times: a change that a poll missed happened after that poll began.
    """

    def __init__(
        self,
        seconds: float,
        *,
        wake: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._wake = wake
        self._now = monotonic
        self._lock = Lock()
        self._known_at = float("-inf")
        self._lost = False

    @property
    def stale(self) -> bool:
        """Whether decisions rest on what was last known: until a poll succeeds, or time is up."""
        return self._lost and self._is_fresh()

    @property
    def age(self) -> float:
        """Seconds since all was last known; infinite where nothing is kept."""
        return self._now() - self._known_at

    def answer(self, ask: Callable[[], Answer], recall: Callable[[], Answer]) -> Answer:
        """The result of ``ask``; if the database does not answer, that of ``recall`` while allowed.

        After a loss no request waits for the database until a poll has found it.
        ``DatabaseLost`` if the last known state is too old or not allowed.
        """
        if not self.stale:
            with self.asking():
                return ask()
        return recall()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """A block that asks the database. ``DatabaseLost`` ends the block and goes no further where
        what was last known may answer instead.
        """
        began = self._now()
        try:
            yield
        except DatabaseLost:
            self._lose(began)
            if not self._is_fresh():
                raise

    @contextmanager
    def polling(self) -> Iterator[None]:
        """Run the block, a poll that reads everything: once it succeeds, all is known that was
        there when it began.
        """
        began = self._now()
        try:
            yield
        except DatabaseLost:
            self._lose(began)
            raise
        with self._lock:
            found, self._lost = self._lost, False
            self._known_at = began
        if found:
            _log.info("stale.ended")

    def _is_fresh(self) -> bool:
        return self.age < self._seconds

    def _lose(self, began: float) -> None:
        """Count the database as lost, unless a poll that began later has found it."""
        with self._lock:
            if not self._seconds or began <= self._known_at:
                return
            already, self._lost = self._lost, True
            left = self._known_at + self._seconds - self._now()
        self._wake()
        if not already and left > 0:
            _log.warning("stale.began", seconds_left=round(left, 1))
