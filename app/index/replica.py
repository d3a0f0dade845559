"""A collection's index in this process, never answering from behind the revision it was asked for.

A search names the revision that its request read in SQL. If the replica is behind, it catches up
from the change log first, or says so within a deadline. That gives read-your-writes, and once a
removal has been answered nobody finds the removed, without a message bus and without luck.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.decision.calibration import GallerySize
from app.decision.fusion import Fused
from app.decision.site import SiteEvidence
from app.errors import NotReady
from app.index.base import Neighbours, VectorIndex, Vectors
from app.index.changelog import ChangeFeed, Delta
from app.index.locks import ReadWriteLock
from app.index.roster import Roster

CATCH_UP_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class GalleryState:
    """A gallery at a revision and an instant.

    ``size`` counts the persons who are valid then, the N that a probe is compared with;
    ``evidence`` is of everybody enrolled, for who is not valid is one of the site's people too.
    """

    revision: int
    size: GallerySize
    evidence: SiteEvidence


@dataclass(frozen=True, slots=True)
class Found:
    """What a search saw: the neighbours, valid or not, and the gallery at that moment."""

    neighbours: Neighbours
    gallery: GalleryState


class CollectionReplica:
    """One collection's people in this process. Thread-safe."""

    def __init__(
        self, collection_key: int, feed: ChangeFeed, new_index: Callable[[], VectorIndex]
    ) -> None:
        self._collection_key = collection_key
        self._feed = feed
        self._new_index = new_index
        self._lock = ReadWriteLock()
        self._revision: int | None = None
        self._roster: Roster | None = None

    def search(self, queries: Vectors, k: int, *, revision: int, now: datetime) -> Found:
        """The nearest of ``queries`` (b, d) in a gallery that is at ``revision`` or later."""
        with self._at(revision) as (at, roster):
            return Found(roster.search(queries, k), _state(at, roster, now))

    def state(self, *, revision: int, now: datetime) -> GalleryState:
        """The gallery at ``revision`` or later, as it is ``now``."""
        with self._at(revision) as (at, roster):
            return _state(at, roster, now)

    def everybody(self, *, revision: int) -> Fused:
        """All people, valid or not, at ``revision`` or later."""
        with self._at(revision) as (_, roster):
            return roster.everybody()

    @contextmanager
    def _at(self, revision: int) -> Iterator[tuple[int, Roster]]:
        """Hold the lock for reading, with the roster at ``revision`` or later."""
        while True:
            self.catch_up(revision)
            with self._lock.reading():
                at, roster = self._revision, self._roster
                if at is not None and roster is not None and at >= revision:
                    yield at, roster
                    return
                # Another's delta failed between the two locks.

    def catch_up(self, revision: int) -> None:
        """Follow the change log to ``revision`` at least.

        ``NotReady`` when that takes too long; ``NotFound`` when the collection is no more.
        """
        if self._is_at(revision):
            return
        with self._lock.writing(timeout=CATCH_UP_SECONDS) as held:
            if not held:
                raise NotReady("The index is catching up with the database; try again.")
            if not self._is_at(revision):
                self._apply(self._feed.since(self._collection_key, self._revision))
            if not self._is_at(revision):
                raise NotReady("The change log is behind the database; try again.")

    def _is_at(self, revision: int) -> bool:
        return self._revision is not None and self._revision >= revision

    def _apply(self, delta: Delta) -> None:
        """A delta half applied (no memory left) is forgotten: the next search starts afresh."""
        if self._revision is None or self._roster is None:
            self._roster = Roster(self._new_index(), delta.people.vectors.shape[1])
        self._revision = None
        self._roster.apply(delta)
        self._revision = delta.revision


def _state(revision: int, roster: Roster, now: datetime) -> GalleryState:
    return GalleryState(revision, roster.size(now), roster.evidence)


class Replicas:
    """The replicas of this process, one a collection, made when first asked for. Thread-safe."""

    def __init__(self, feed: ChangeFeed, new_index: Callable[[], VectorIndex]) -> None:
        self._feed = feed
        self._new_index = new_index
        self._lock = threading.Lock()
        self._replicas: dict[int, CollectionReplica] = {}

    def of(self, collection_key: int) -> CollectionReplica:
        """The replica of a collection; empty and behind until its first search."""
        with self._lock:
            replica = self._replicas.get(collection_key)
            if replica is None:
                replica = CollectionReplica(collection_key, self._feed, self._new_index)
                self._replicas[collection_key] = replica
            return replica

    def forget(self, collection_key: int) -> None:
        """Free the memory of a collection that is no more."""
        with self._lock:
            self._replicas.pop(collection_key, None)
