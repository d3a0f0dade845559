"""Reads the audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.audit.events import EventService
from app.audit.schemas import AuditRowView, row_view
from app.auth.principal import Principal
from app.core.clock import Clock
from app.core.db import Database
from app.core.paging import Page, Paging, page
from app.trail import repository
from app.trail.anchors import Anchor, publish_anchors


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: of a collection, and of the time from ``start`` until before ``end``."""

    collection: str | None = None
    start: datetime | None = None
    end: datetime | None = None


class AuditService:
    """Shows the rows of the audit, and the events in ``events``. Thread-safe."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.events = EventService(database)

    def list(self, wanted: Wanted, paging: Paging, caller: Principal) -> Page[AuditRowView]:
        """The rows, oldest first; to a bound key those of its collections alone."""
        which = repository.matching(
            wanted.collection, wanted.start, wanted.end, only=caller.collection_keys
        )
        with self._database.read() as session:
            rows = repository.listed(session, *which, after=paging.after, limit=paging.limit + 1)
        return page(rows, paging, key=lambda row: row.key, show=row_view)

    def anchor(self) -> tuple[datetime, Sequence[Anchor]]:
        """The newest row of every chain now, and an event of each; to be kept where nobody who can
        change the database can change it.
        """
        now = self._clock.now()
        with self._database.write() as session:
            return now, publish_anchors(session, now=now)
