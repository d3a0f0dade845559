"""The decisions that a door has made, from the audit: in pages, and as CSV."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from pydantic import BaseModel, Field

from app.core.db import Database
from app.core.paging import Page, Paging, page
from app.gallery.repository import get_collection
from app.reasons import DoorReason
from app.trail import bodies
from app.trail.door_repository import WantedDecisions, decisions, latest
from app.trail.models import Row

_BATCH: Final = 1000
_log = structlog.get_logger()


class LoggedDecision(BaseModel):
    """A decision that a door has made. One that went on within a visit is here once."""

    at: datetime = Field(description="When it was made.")
    decision: str = Field(description="`granted`, `denied` or `blocked`.")
    reason: DoorReason = Field(description="The one reason.")
    person_id: str | None = Field(description="Id of the person; null where nobody is named.")
    authority: str = Field(description="The system that decided: `acs` or `kith`.")
    rule_id: str | None = Field(description="Id of the rule that decided; null: none did.")
    valid_until: datetime | None = Field(description="The end of a grant.")
    similarity: float | None = Field(description="Of the person; null where nobody is named.")
    fpir: float | None = Field(
        description="How often a stranger's frames would be as similar to anybody; null where "
        "nobody is named, and of a claim."
    )
    event_id: str = Field(description="Id of its event, and of the answer.")
    key_id: str | None = Field(description="Id of the key that asked.")
    audit_seq: int = Field(description="`seq` of its row in the audit.")


class DoorLog:
    """Reads the decisions of doors. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collection_key(self, collection_id: str) -> int:
        """The key of the collection, or ``NotFound``."""
        with self._database.read() as session:
            return get_collection(session, collection_id).key

    def list(self, wanted: WantedDecisions, paging: Paging) -> Page[LoggedDecision]:
        """A page of them, the oldest first."""
        with self._database.read() as session:
            rows = decisions(session, wanted, after=paging.after, limit=paging.limit + 1)
        found = page(rows, paging, key=lambda row: row.key, show=logged)
        shown = [each for each in found.items if each is not None]
        return Page(items=shown, next_cursor=found.next_cursor)

    def latest(self, collection_id: str, door_id: str, most: int) -> Sequence[LoggedDecision]:
        """The newest decisions of a door, the newest first."""
        with self._database.read() as session:
            owner = get_collection(session, collection_id)
            rows = latest(session, WantedDecisions(owner.key, door_id), limit=most)
        found = map(logged, rows)
        return [each for each in found if each is not None]

    def all(self, wanted: WantedDecisions) -> Iterator[LoggedDecision]:
        """All of them, the oldest first, some in memory at a time. A transaction for each part, so
        that a slow reader holds none.
        """
        after = 0
        while True:
            with self._database.read() as session:
                rows = decisions(session, wanted, after=after, limit=_BATCH)
            yield from (each for row in rows if (each := logged(row)) is not None)
            if len(rows) < _BATCH:
                return
            after = rows[-1].key


def logged(row: Row) -> LoggedDecision | None:
    """The decision that a row of the audit is about; None, and a line in the log, where Kith did
    not write the row so.
    """
    try:
        return _decision(bodies.read(row.body), row.seq)
    except (ValueError, LookupError) as error:
        _log.warning("audit.unreadable", seq=row.seq, hash=row.hash, error=str(error))
        return None


def _decision(body: Mapping[str, Any], seq: int) -> LoggedDecision:
    details = body["details"]
    match = (details.get("match") or {}) if details.get("person") else {}
    similarity = match.get("similarity")
    return LoggedDecision(
        at=body["at"],
        decision=details["decision"],
        reason=details["reason"],
        person_id=details.get("person"),
        authority=details["authority"],
        rule_id=details.get("rule"),
        valid_until=details.get("valid_until"),
        similarity=None if similarity is None else round(similarity, 4),
        fpir=match.get("fpir"),
        event_id=details["event_id"],
        key_id=body["actor"]["key_id"],
        audit_seq=seq,
    )


def as_csv(found: Iterator[LoggedDecision]) -> Iterator[str]:
    """Lines of CSV (RFC 4180), the first with the names of the fields."""
    yield _line(LoggedDecision.model_fields)
    for each in found:
        yield _line(each.model_dump(mode="json").values())


def _line(cells: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(["" if cell is None else cell for cell in cells])
    return text.getvalue()
