"""A collection's index in this process, never answering from behind the revision it was asked for.

A search names the revision that its request read in SQL. If the replica is behind, it catches up
from the change log first, or says so within a deadline. That gives read-your-writes, and once a
removal has been answered nobody finds the removed, without a message bus and without luck.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from app.decision.calibration import GallerySize
from app.errors import NotReady
from app.index.base import Neighbours, VectorIndex, Vectors
from app.index.changelog import ChangeFeed, Delta
from app.index.locks import ReadWriteLock

CATCH_UP_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Found:
    """What a search saw: the neighbours, and the gallery's revision and size at that moment."""

    neighbours: Neighbours
    revision: int
    size: GallerySize


class CollectionReplica:
    """The index of one collection and how many templates each person has. Thread-safe."""

    def __init__(
        self, collection_key: int, feed: ChangeFeed, new_index: Callable[[], VectorIndex]
    ) -> None:
        self._collection_key = collection_key
        self._feed = feed
        self._new_index = new_index
        self._index = new_index()
        self._lock = ReadWriteLock()
        self._revision: int | None = None
        self._templates: dict[int, int] = {}
        self._sizes: Counter[int] = Counter()

    def search(self, queries: Vectors, k: int, *, revision: int) -> Found:
        """The nearest of ``queries`` (b, d) in a gallery that is at ``revision`` or later."""
        with self._at(revision):
            return Found(self._index.search(queries, k), self._known_revision(), self._size())

    def size(self, *, revision: int) -> GallerySize:
        """How many persons have how many templates, at ``revision`` or later."""
        with self._at(revision):
            return self._size()

    @contextmanager
    def _at(self, revision: int) -> Iterator[None]:
        """Hold the lock for reading, with the index at ``revision`` or later."""
        while True:
            self.catch_up(revision)
            with self._lock.reading():
                if self._is_at(revision):  # else another's delta failed between the two locks
                    yield
                    return

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

    def _known_revision(self) -> int:
        return self._revision or 0

    def _size(self) -> GallerySize:
        return GallerySize(dict(self._sizes))

    def _apply(self, delta: Delta) -> None:
        """A delta half applied (no memory left) is forgotten: the next search starts afresh."""
        if self._revision is None:
            self._index, self._templates, self._sizes = self._new_index(), {}, Counter()
        self._revision = None
        self._index.remove(delta.gone)
        self._index.put(delta.keys, delta.vectors)
        for key in delta.gone.tolist():
            self._count(key, 0)
        for key, templates in zip(delta.keys.tolist(), delta.templates.tolist(), strict=True):
            self._count(key, templates)
        self._revision = delta.revision

    def _count(self, key: int, templates: int) -> None:
        before = self._templates.pop(key, 0)
        if before:
            self._sizes[before] -= 1
            if not self._sizes[before]:
                del self._sizes[before]
        if templates:
            self._templates[key] = templates
            self._sizes[templates] += 1


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
