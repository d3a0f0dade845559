"""Counts probes and their expected false positives, the baseline for confirmed ones.

All probes are counted, but stated rates only at the pace at which people can pass a camera: a key
that repeats requests, or a film of one moment, would otherwise cancel reports. So each source of a
key has three probes at once and one more every two seconds, which is a busy turnstile; a key has
three at once and one more every half second, whatever sources it names. A key that may change the
collection's target itself has no such limit.

Counts are in memory, and a job writes them once a minute (``app.jobs``). Counts that are lost, in a
crash or when the collection is switched to another model, only make thresholds stricter.
"""

import time
from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from app.auth.principal import INSIDE, Principal, Scope
from app.core.db import Database
from app.feedback import repository

_AT_ONCE: Final = 3
_SOURCE_SECONDS: Final = 2.0
_KEY_SECONDS: Final = 0.5
_REMEMBERED: Final = 10_000
now = time.monotonic
"""A name of its own, so that a test can turn the clock."""


@dataclass(slots=True)
class _Count:
    probes: int = 0
    expected: float = 0.0

    def add(self, other: "_Count") -> None:
        self.probes += other.probes
        self.expected += other.expected


class _Allowances:
    """The allowance of each of ``who``: ``_AT_ONCE`` probes, and one more every ``seconds``. Full
    allowances are not stored. Not thread-safe.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._full_at: dict[Hashable, float] = {}

    def left(self, who: Hashable, now: float) -> int:
        """Number of probes that count now."""
        missing = max(self._full_at.get(who, now) - now, 0.0) / self._seconds
        return int(_AT_ONCE - missing)

    def take(self, who: Hashable, probes: int, now: float) -> None:
        """Subtract ``probes`` from the allowance."""
        self._full_at[who] = max(self._full_at.get(who, now), now) + probes * self._seconds
        if len(self._full_at) > _REMEMBERED:
            self._full_at = {each: at for each, at in self._full_at.items() if at > now}


class Exposures:
    """Counts probes by collection, those of one contract. Thread-safe."""

    def __init__(self, database: Database, *, contract_id: str) -> None:
        self._database = database
        self._contract_id = contract_id
        self._lock = Lock()
        self._counts: defaultdict[int, _Count] = defaultdict(_Count)
        self._of_source = _Allowances(_SOURCE_SECONDS)
        self._of_key = _Allowances(_KEY_SECONDS)

    def add(
        self,
        collection_key: int,
        caller: Principal = INSIDE,
        source: str | None = None,
        *,
        probes: int,
        expected: float,
    ) -> None:
        """Count ``probes``, of which ``expected`` would be named if they all were strangers."""
        with self._lock:
            allowed = self._allowed(collection_key, caller, source, probes)
            self._counts[collection_key].add(_Count(probes, expected * allowed / probes))

    def write(self) -> None:
        """Write all counts to the database; raises where it cannot, and keeps them."""
        with self._lock:
            counts, self._counts = self._counts, defaultdict(_Count)
        if not counts:
            return
        try:
            with self._database.write() as session:
                for key in sorted(counts):
                    repository.add_probe_counts(
                        session,
                        key,
                        self._contract_id,
                        probes=counts[key].probes,
                        expected=counts[key].expected,
                    )
        except BaseException:
            with self._lock:
                for key, kept in counts.items():
                    self._counts[key].add(kept)
            raise

    def _allowed(
        self, collection_key: int, caller: Principal, source: str | None, probes: int
    ) -> int:
        if Scope.ADMIN in caller.scopes:
            return probes
        at, of_key = now(), (collection_key, caller.id)
        of_source = (*of_key, source)
        left = min(self._of_key.left(of_key, at), self._of_source.left(of_source, at))
        allowed = min(probes, left)
        self._of_key.take(of_key, allowed, at)
        self._of_source.take(of_source, allowed, at)
        return allowed
