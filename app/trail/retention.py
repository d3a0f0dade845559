"""Deletes what is older than it is to be kept; a chain stays one that can be verified."""

from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from app.core.acting import Actor
from app.core.clock import Clock
from app.core.db import Database
from app.trail import repository
from app.trail.chain import Deed


class Observer(Protocol):
    """Hears how far a job is behind."""

    def observe_lag(self, name: str, seconds: float) -> None:
        """The oldest thing that the job is to delete is ``seconds`` seconds over its time."""


class AuditRetention:
    """Purges the rows of the audit that are older than ``days`` days. Thread-safe.

    It purges whole days (UTC), so that a chain gets one row about it a day. That row says up to
    where all is gone, and the hash of the last, to which the next one refers.
    """

    def __init__(self, database: Database, clock: Clock, *, days: int, observer: Observer) -> None:
        self._database = database
        self._clock = clock
        self._kept = timedelta(days=days)
        self._observer = observer

    def purge(self) -> None:
        """Delete what is due, and say how many seconds the oldest row is over its time."""
        end = self._end()
        with self._database.read() as session:
            keys = repository.chains_with_rows_before(session, end)
        for key in keys:
            with self._database.write() as session:
                self._purge(session, key, end)
        with self._database.read() as session:
            oldest = repository.oldest(session)
        over = (end - oldest).total_seconds() if oldest else 0.0
        self._observer.observe_lag("audit", max(0.0, over))

    def _purge(self, session: Session, chain_key: int, end: datetime) -> None:
        chain = repository.hold(session, chain_key)
        gone = repository.purge(session, chain, end)
        if gone is not None:
            on, now = ("chain", chain.id), self._clock.now()
            deed = Deed(now, Actor(), chain.collection_id, "audit.purged", *on, gone)
            repository.append(session, chain, deed)

    def _end(self) -> datetime:
        today = self._clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        return today - self._kept
