"""Deletes rows, pictures and events whose time is over; a chain can still be verified."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from sqlalchemy.orm import Session

from app.core.acting import Actor
from app.core.clock import Clock
from app.core.db import Database
from app.core.trying import each_of
from app.trail import event_repository, evidence_repository, repository
from app.trail.chain import Deed, written
from app.trail.event_repository import Purged
from app.trail.repository import Head

Follow = Callable[[Session, Sequence[Purged]], object]
"""Gets the events that a transaction has just deleted."""
PORTION: Final = 5000
"""Rows that one transaction deletes."""
_PICTURES: Final = 200
"""Sealed pictures that one transaction deletes."""


def kept_since(now: datetime, days: int) -> datetime:
    """The beginning of what is kept for ``days`` days: whole days (UTC), so that SQLite's file is
    rewritten once a day for what goes.
    """
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days)


class Observer(Protocol):
    """Receives how far a job is behind."""

    def observe_lag(self, name: str, seconds: float) -> None:
        """The oldest thing that the job is to delete is ``seconds`` seconds over its time."""


class Retention:
    """Purges rows of the audit that are older than ``audit_days`` days, sealed pictures that are
    older than ``evidence_days``, and events that are older than ``event_days``; see ``kept_since``.

    ``portion`` rows go in one transaction: a door that decides waits for the head of its chain, and
    a statement may take some seconds only. ``follow`` hears of each portion of events. Thread-safe.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        observer: Observer,
        *,
        audit_days: int,
        evidence_days: int,
        event_days: int,
        portion: int = PORTION,
        follow: Follow | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._observer = observer
        self._audit_days = audit_days
        self._evidence_days = evidence_days
        self._event_days = event_days
        self._portion = portion
        self._follow = follow

    def purge_audit(self) -> None:
        """Delete the rows that are due, and report by how many seconds the oldest is late.

        A chain gets a row for each portion that is deleted, most often one a day. That row has the
        ``seq`` and the hash of the last row that was deleted, to which the next one refers.
        """
        end = kept_since(self._clock.now(), self._audit_days)
        with self._database.read(long_running=True) as session:
            keys = repository.chains_with_rows_before(session, end)
        each_of(keys, lambda key: self._purge_all(key, end))
        with self._database.read() as session:
            self._say("audit", end, repository.oldest(session))

    def purge_evidence(self) -> None:
        """Delete the sealed pictures that are due, and report by how many seconds the oldest is
        late. A chain gets a row for each portion that is deleted, most often one a day.
        """
        end = kept_since(self._clock.now(), self._evidence_days)
        with self._database.read() as session:
            keys = evidence_repository.chains_with_pictures_before(session, end)
        each_of(keys, lambda key: self._purge_all_pictures(key, end))
        with self._database.read() as session:
            self._say("evidence", end, evidence_repository.oldest(session))

    def purge_events(self) -> None:
        """Delete the events that are due, and report by how many seconds the oldest is late."""
        end = kept_since(self._clock.now(), self._event_days)
        with self._database.read() as session:
            is_due = event_repository.is_due(session, end)
        if is_due:
            gone = self._portion
            while gone == self._portion:
                with self._database.write() as session:
                    purged = event_repository.purge(session, end, most=self._portion)
                    if self._follow is not None:
                        self._follow(session, purged)
                gone = len(purged)
        with self._database.read() as session:
            self._say("events", end, event_repository.oldest(session))

    def _say(self, name: str, end: datetime, oldest: datetime | None) -> None:
        over = (end - oldest).total_seconds() if isinstance(oldest, datetime) else 0.0
        self._observer.observe_lag(name, max(0.0, over))

    def _purge_all(self, chain_key: int, end: datetime) -> None:
        while self._purge(chain_key, end) == self._portion:
            pass

    def _purge_all_pictures(self, chain_key: int, end: datetime) -> None:
        while self._purge_pictures(chain_key, end) == _PICTURES:
            pass

    def _purge(self, chain_key: int, end: datetime) -> int:
        with self._database.write() as session:
            chain = repository.hold(session, chain_key)
            gone = repository.purge(session, chain, end, most=self._portion)
            if gone is None:
                return 0
            self._record(session, chain, "audit.purged", gone)
            return int(gone["rows"])

    def _purge_pictures(self, chain_key: int, end: datetime) -> int:
        with self._database.write() as session:
            chain = repository.hold(session, chain_key)
            gone = evidence_repository.purge(session, chain_key, end, most=_PICTURES)
            if gone:
                what = {"before": written(end), "pictures": gone}
                self._record(session, chain, "evidence.purged", what)
            return gone

    def _record(
        self, session: Session, chain: Head, action: str, details: Mapping[str, Any]
    ) -> None:
        on = "chain", chain.id
        deed = Deed(self._clock.now(), Actor(), chain.collection_id, action, *on, details)
        repository.append(session, chain, deed)
