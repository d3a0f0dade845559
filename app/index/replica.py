"""A collection's index in this process, never answering from behind the revision it was asked for.

A search names the revision that its request read in SQL. If the replica is behind, it catches up
from the change log first, or says so within a deadline. That gives read-your-writes, and once a
removal has been answered nobody finds the removed, without a message bus and without luck.

It begins with a snapshot where there is one that fits, and else with everything that SQL has.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from app.decision.calibration import GallerySize
from app.decision.fusion import Fused
from app.decision.site import SiteEvidence
from app.errors import NotReady
from app.index.base import Keys, Neighbours, VectorIndex, Vectors
from app.index.changelog import ChangeFeed, Delta
from app.index.locks import ReadWriteLock
from app.index.roster import Roster
from app.index.snapshot import SnapshotError, Snapshots

CATCH_UP_SECONDS: Final = 10.0
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class GalleryState:
    """A gallery at a revision and an instant.

    ``size`` counts the persons who are valid then, the N that a probe is compared with;
    ``evidence`` is what those persons say of each other.
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
    """One collection's people in this process. Thread-safe.

    It follows one ``epoch``; where SQL has another, it says ``NotReady`` for good, and whoever asks
    again finds the new collection's replica.
    """

    def __init__(
        self,
        collection_key: int,
        epoch: str,
        *,
        feed: ChangeFeed,
        new_index: Callable[[], VectorIndex],
        snapshots: Snapshots | None,
    ) -> None:
        self.epoch = epoch
        self._collection_key = collection_key
        self._feed = feed
        self._new_index = new_index
        self._snapshots = snapshots
        self._lock = ReadWriteLock()
        self._revision: int | None = None
        self._kept: int | None = None
        self._roster: Roster | None = None

    @property
    def revision(self) -> int | None:
        """Where it is; None before it has read anything."""
        return self._revision

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

    def people(self, keys: Keys, *, revision: int) -> tuple[Fused, Keys, Keys]:
        """Those of ``keys`` (n,) who are there, and from when until when each is valid, in
        microseconds since 1970, in a gallery at ``revision`` or later.
        """
        with self._at(revision) as (_, roster):
            people = roster.there(keys)
            return people, *roster.windows(people.owners)

    @contextmanager
    def _at(self, revision: int) -> Iterator[tuple[int, Roster]]:
        """Hold the lock for reading, with the roster at ``revision`` or later."""
        while True:
            self.catch_up(revision)
            with self._lock.reading(timeout=CATCH_UP_SECONDS) as held:
                _held_or_not_ready(held)
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
        with self._writing():
            if not self._is_at(revision):
                self._follow()
            if not self._is_at(revision):
                raise NotReady("The change log is behind the database; try again.")

    def keep(self) -> bool:
        """Write a snapshot, where something changed since the last; says whether it did."""
        if self._snapshots is None:
            return False
        with self._lock.reading(timeout=CATCH_UP_SECONDS) as held:
            if (
                not held
                or self._revision is None
                or self._roster is None
                or self._revision == self._kept
            ):
                return False
            whole = self._whole(self._revision, self._roster)
        self._snapshots.write(self._collection_key, whole)
        self._kept = whole.revision
        return True

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock.writing(timeout=CATCH_UP_SECONDS) as held:
            _held_or_not_ready(held)
            yield

    def _is_at(self, revision: int) -> bool:
        return self._revision is not None and self._revision >= revision

    def _follow(self) -> None:
        if self._revision is None:
            self._begin_with_snapshot()
        self._apply(self._feed.since(self._collection_key, self._revision))

    def _begin_with_snapshot(self) -> None:
        """Take what the snapshot has, if with what the log adds it is what SQL has."""
        try:
            gallery = self._snapshots.read(self._collection_key) if self._snapshots else None
            if gallery is None:
                return
            self._check(gallery)
        except SnapshotError as error:
            _log.warning("snapshot.unfit", collection_key=self._collection_key, reason=str(error))
            self._revision = None

    def _check(self, gallery: Delta) -> None:
        _, revision, _ = self._feed.people_of(self._collection_key)
        if gallery.epoch != self.epoch or gallery.revision > revision:
            raise SnapshotError("it is of another history of this collection")
        self._apply(gallery)
        self._apply(self._feed.since(self._collection_key, gallery.revision))
        _, revision, persons = self._feed.people_of(self._collection_key)
        if revision == self._revision and persons != self._persons():
            raise SnapshotError(f"it leads to {self._persons()} people where SQL has {persons}")
        self._kept = gallery.revision

    def _persons(self) -> int:
        return 0 if self._roster is None else len(self._roster)

    def _apply(self, delta: Delta) -> None:
        """A delta half applied (no memory left) is forgotten: the next search starts afresh."""
        if delta.epoch != self.epoch:
            raise NotReady("The collection was switched or restored meanwhile; try again.")
        if delta.whole or self._roster is None:
            self._roster = Roster(self._new_index(), delta.people.vectors.shape[1])
        self._revision = None
        self._roster.apply(delta)
        self._revision = delta.revision

    def _whole(self, revision: int, roster: Roster) -> Delta:
        people = roster.everybody()
        starts, ends = roster.windows(people.owners)
        nobody = people.owners[:0]
        return Delta(self.epoch, revision, True, people, starts, ends, nobody)  # noqa: FBT003


def _held_or_not_ready(held: bool) -> None:  # noqa: FBT001 - it is all that there is to say
    if not held:
        raise NotReady("The index is catching up with the database; try again.")


def _state(revision: int, roster: Roster, now: datetime) -> GalleryState:
    return GalleryState(revision, roster.size(now), roster.evidence(now))


class Replicas:
    """The replicas of this process, one a collection, made when first asked for. Thread-safe."""

    def __init__(
        self,
        feed: ChangeFeed,
        new_index: Callable[[], VectorIndex],
        snapshots: Snapshots | None = None,
    ) -> None:
        self._feed = feed
        self._new_index = new_index
        self._snapshots = snapshots
        self._lock = threading.Lock()
        self._replicas: dict[int, CollectionReplica] = {}

    def of(self, collection_key: int, epoch: str) -> CollectionReplica:
        """The replica of a collection; empty and behind until its first search."""
        with self._lock:
            replica = self._replicas.get(collection_key)
            if replica is None or replica.epoch != epoch:
                replica = CollectionReplica(
                    collection_key,
                    epoch,
                    feed=self._feed,
                    new_index=self._new_index,
                    snapshots=self._snapshots,
                )
                self._replicas[collection_key] = replica
            return replica

    def forget(self, collection_key: int) -> None:
        """Free the memory and the disk of a collection that is no more."""
        with self._lock:
            self._replicas.pop(collection_key, None)
        if self._snapshots is not None:
            self._snapshots.forget(collection_key)

    def retain(self, collection_keys: set[int]) -> None:
        """Forget all others: other processes deleted them, or restored a backup without them."""
        for key in self.there().keys() - collection_keys:
            self.forget(key)

    def there(self) -> dict[int, CollectionReplica]:
        """Those that were made so far."""
        with self._lock:
            return dict(self._replicas)

    def keep(self) -> None:
        """Write a snapshot of each that changed; what cannot be written is told, and no matter."""
        for key, replica in self.there().items():
            try:
                if replica.keep():
                    _log.info("snapshot.kept", collection_key=key)
            except OSError as error:
                _log.warning("snapshot.failed", collection_key=key, reason=error.strerror)
