"""Detects hill-climbing: one key sends many images that almost match the same person.

An attacker without a photo of a person can synthesise one: make small changes, and keep each that
raises the similarity. Many of the images are then just below the threshold for one person, which
strangers at a door cause only now and then. A metric and a log line report it. No request is
refused, because a person enrolled in bad light causes the same pattern.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Set
from threading import Lock
from typing import Final

import structlog

from app.observability.decision_metrics import DecisionMetrics, Top

WINDOW_SECONDS: Final = 600.0
MANY: Final = 20
"""Near misses of one person by one key in a window. `make bench-climb` reaches this number long
before the climb of a key that gets exact similarities succeeds."""
_NEAR: Final = 3.0  # times the noise of a score: 0.12 below the threshold of the default bundle
_WATCHED: Final = 10_000  # keys times persons at once; the longest quiet is forgotten first
_log = structlog.get_logger()


class ClimbWatch:
    """Counts near misses by key, collection and person. Thread-safe; ``monotonic`` in seconds."""

    def __init__(
        self, metrics: DecisionMetrics, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._metrics = metrics
        self._now = monotonic
        self._lock = Lock()
        self._misses: OrderedDict[tuple[str, str, str], deque[float]] = OrderedDict()

    def observe(self, key_id: str, collection_id: str, person_id: str, top: Top) -> None:
        """A probe that is not taken for the person whom it is nearest to, or held against; the
        threshold is the collection's own, whatever stricter one the caller asked for.
        """
        if top.similarity < top.threshold - _NEAR * top.noise:
            return
        if self._is_climb((key_id, collection_id, person_id)):
            self._metrics.observe_climb(collection_id)
            _log.warning(
                "climb.suspected",
                key_id=key_id,
                collection=collection_id,
                person=person_id,
                probes=MANY,
                seconds=WINDOW_SECONDS,
            )

    def forget(self, collection_id: str) -> None:
        """Drop the counts of a deleted collection."""
        with self._lock:
            for who in [who for who in self._misses if who[1] == collection_id]:
                del self._misses[who]

    def retain(self, collection_ids: Set[str]) -> None:
        """Drop the counts of every other collection."""
        with self._lock:
            for who in [who for who in self._misses if who[1] not in collection_ids]:
                del self._misses[who]

    def _is_climb(self, who: tuple[str, str, str]) -> bool:
        """Count one; true once for each ``MANY`` of them within a window."""
        now = self._now()
        with self._lock:
            times = self._misses.pop(who, None) or deque(maxlen=MANY)
            times.append(now)
            climbs = len(times) == MANY and now - times[0] <= WINDOW_SECONDS
            if climbs:
                times.clear()
            self._misses[who] = times
            if len(self._misses) > _WATCHED:
                self._misses.popitem(last=False)
        return climbs
