"""A lease: one process among the replicas of a service does what it names, and no other."""

import secrets
import time
from collections.abc import Callable
from typing import Final

from app.core.db import Database
from app.jobs import repository
from app.jobs.repository import Beat

LEASE_SECONDS: Final = 10.0
_RENEWALS: Final = 4
"""How often a holder renews in that time, so that one that is slow keeps it."""


class Lease:
    """The lease of this ``name``. For one thread.

    A process that dies renews it no more: another one takes it after it has seen no renewal for
    ``seconds`` seconds of its own clock, so that the clocks of replicas need not agree. A process
    that was suspended may for an instant think that it still holds it; what must not happen twice
    needs a condition of its own in the database.

    On SQLite, which one process uses, it is always held.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        *,
        seconds: float = LEASE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._name = name
        self._seconds = seconds
        self._now = monotonic
        self._me = secrets.token_hex(16)
        self._renew_at: float | None = None
        self._seen: Beat | None = None
        self._seen_at = 0.0

    def held(self) -> bool:
        """Whether this process holds it; takes or renews it where that is due.

        Call it at least every second. ``NotReady`` where the database does not answer.
        """
        now = self._now()
        if self._database.is_sqlite or (self._renew_at is not None and now < self._renew_at):
            return True
        self._renew_at = None
        if not self._taken(now):
            return False
        self._renew_at = now + self._seconds / _RENEWALS
        return True

    def release(self) -> None:
        """Give it back, so that another process need not wait."""
        if self._renew_at is None:
            return
        self._renew_at = None
        with self._database.write() as session:
            before = repository.found(session, self._name)
            if before is not None and before.holder == self._me:
                repository.replace(session, self._name, before, None)

    def _taken(self, now: float) -> bool:
        with self._database.read() as session:
            before = repository.found(session, self._name)
        if before is None:
            with self._database.write(exclusive=True) as session:
                if repository.found(session, self._name) is not None:
                    return False
                repository.add(session, self._name, self._me)
            return True
        if before != self._seen:
            self._seen, self._seen_at = before, now
        stopped = now - self._seen_at >= self._seconds
        if not stopped and before.holder not in (None, self._me):
            return False
        with self._database.write() as session:
            return repository.replace(session, self._name, before, self._me)
