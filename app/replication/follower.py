"""Keeps the replicas of this process up to date, so that no request waits for the changes of other
processes.

Only the speed of an answer depends on it: a request that finds its replica behind catches up by
itself. Decisions made while the database does not answer use its last successful poll.
"""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from math import inf
from typing import Final

import structlog

from app.core.db import Database
from app.core.notifications import listening
from app.core.threads import lasting, survived
from app.errors import AppError, DatabaseLost
from app.replication.deltas import ChangeFeed, CollectionPosition
from app.replication.replicas import Replicas
from app.replication.status import ReplicaStatus

_POLL_SECONDS: Final = 5.0  # between polls, where no notification comes
_QUIET_SECONDS: Final = 0.05  # after a notification, so that one poll serves most of a burst
_AGAIN_SECONDS: Final = 1.0  # after the database did not answer
_STOP_SECONDS: Final = 10.0  # wait for a gallery that is being read; then the process ends it

_log = structlog.get_logger()


class Follower:
    """A thread that follows every collection.

    It polls every few seconds, at least twice in ``known_for`` seconds, and when ``wake`` is set;
    each poll runs inside of ``polling``, which may read and keep more.
    """

    def __init__(
        self,
        database: Database,
        feed: ChangeFeed,
        replicas: Replicas,
        *,
        wake: threading.Event,
        polling: Callable[[], AbstractContextManager[None]],
        known_for: float = inf,
    ) -> None:
        self._database = database
        self._feed = feed
        self.replicas = replicas
        self._wake = wake
        self._polling = polling
        self._known_for = known_for
        self._stop = threading.Event()
        self._thread = lasting("follower", self._run, ended=self._stop.is_set)
        self._ids: dict[int, str] = {}
        self._polled_at = -inf

    def start(self) -> None:
        """Read every gallery, then begin to follow."""
        self._try(self._poll)
        self._thread.start()

    def stop(self) -> None:
        """Stop following."""
        self._stop.set()
        self.replicas.stop()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._try(self._listen)
            self._stop.wait(_AGAIN_SECONDS)

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except AppError as error:
            _log.warning("follower.waits", reason=error.detail)
        except Exception:  # noqa: BLE001 - one fault must not end the thread
            survived("follower", "follower.failed")

    def _listen(self) -> None:
        with listening(self._database, self._wake) as wait:
            while True:
                self._wake.clear()
                if self._stop.is_set():  # read after clearing, so that no stop is lost
                    return
                self._poll()
                if wait(min(_POLL_SECONDS, self._known_for / 2)):
                    self._stop.wait(_QUIET_SECONDS)

    def _poll(self) -> None:
        with self._polling():
            self._follow_all()

    def statuses(self) -> dict[str, ReplicaStatus]:
        """The present status of each collection's replica, by collection id. A collection made
        since the last poll is missing.
        """
        replicas, ids = self.replicas.there(), self._ids
        return {ids[key]: each.status() for key, each in replicas.items() if key in ids}

    def poll_age(self) -> float:
        """Seconds since the last poll that read every collection's position; infinite before."""
        return time.monotonic() - self._polled_at

    def _follow_all(self) -> None:
        began = time.monotonic()
        positions = self._feed.positions()
        self.replicas.retain({each.key for each in positions})
        for each in positions:
            self.replicas.of(each.key, each.epoch).expect(each.revision)
        self._ids, self._polled_at = {each.key: each.id for each in positions}, began
        behind: AppError | None = None
        for each in positions:
            if self._stop.is_set():
                return
            behind = self._catch_up(each) or behind
        if behind is not None:
            raise behind

    def _catch_up(self, position: CollectionPosition) -> AppError | None:
        """Read one gallery. Its failure neither stops the start nor the reading of the others.
        Returns the error for which the poll has not read all that there is.
        """
        try:
            self.replicas.of(position.key, position.epoch).catch_up(position.revision)
        except DatabaseLost:
            raise
        except AppError as error:
            return error
        except Exception as error:  # noqa: BLE001 - `kith check` says what is wrong with it
            kind = type(error).__name__
            _log.warning("follower.skipped", collection_key=position.key, error_type=kind)
        return None
