"""How many probes were judged, and at which stated rates: what confirmed false positives are held
against.

Counted in memory and written once a minute, so that an identification writes nothing. What a crash
loses, or a switch of the collection to another model, makes the counts lower and thresholds
stricter, never laxer.
"""

import time
from collections import defaultdict
from dataclasses import dataclass
from threading import Lock
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.core.db import Database
from app.errors import NotReady
from app.gallery import repository

WRITTEN_EVERY: Final = 60.0  # seconds
_log = structlog.get_logger()


@dataclass(slots=True)
class _Count:
    probes: int = 0
    expected: float = 0.0


class Exposures:
    """Counts probes by collection, those of one contract. Thread-safe."""

    def __init__(self, database: Database, *, contract_id: str) -> None:
        self._database = database
        self._contract_id = contract_id
        self._lock = Lock()
        self._counts: defaultdict[int, _Count] = defaultdict(_Count)
        self._written = time.monotonic()

    def add(self, collection_key: int, *, probes: int, expected: float) -> None:
        """Count ``probes``, of which ``expected`` would be named if they all were strangers."""
        self.defer(collection_key, probes=probes, expected=expected)
        now = time.monotonic()
        with self._lock:
            due = now - self._written >= WRITTEN_EVERY
            if due:
                self._written = now
        if due:
            self.write()

    def defer(self, collection_key: int, *, probes: int, expected: float) -> None:
        """Count them too, and leave the writing to a time when the database answers."""
        with self._lock:
            count = self._counts[collection_key]
            count.probes += probes
            count.expected += expected

    def write(self) -> None:
        """Put everything counted into the database; what cannot be written now is kept."""
        with self._lock:
            counts, self._counts = self._counts, defaultdict(_Count)
        if not counts:
            return
        try:
            with self._database.write() as session:
                for key in sorted(counts):
                    repository.judged(
                        session,
                        key,
                        self._contract_id,
                        probes=counts[key].probes,
                        expected=counts[key].expected,
                    )
        except (NotReady, SQLAlchemyError) as error:
            _log.warning("exposures.kept", error_type=type(error).__name__)
            with self._lock:
                for key, kept in counts.items():
                    self._counts[key].probes += kept.probes
                    self._counts[key].expected += kept.expected
