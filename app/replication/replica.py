"""A collection's index in this process. It never answers from before the requested revision.

A search names the revision that its request read in SQL. If the replica is behind, it first catches
up from the change log, or raises ``NotReady`` within a deadline. That guarantees read-your-writes:
after the answer to a removal no search finds the removed person. No message bus is needed.

It begins with a snapshot that fits, or else with all that SQL has.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

import structlog

from app.decision.fusion import Fused
from app.errors import AppError, NotReady
from app.index.base import Keys, VectorIndex, Vectors
from app.replication.deltas import ChangeFeed, Delta
from app.replication.locks import ReadWriteLock
from app.replication.projection import GalleryProjection, SecondNames, in_parts, no_second_names
from app.replication.reader import Found, GalleryState, People
from app.replication.snapshot import SnapshotError, Snapshots
from app.replication.status import ReplicaState, ReplicaStatus

CATCH_UP_SECONDS: Final = 10.0
_ANOTHER_EPOCH: Final = "The collection was switched or restored while this request ran; try again."
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Gallery:
    """The people of a collection at a revision."""

    revision: int
    projection: GalleryProjection


class CollectionReplica:
    """One collection's people in this process. Thread-safe.

    One thread at a time reads changes. A search for a revision that the replica has does not wait
    for it: the lock is taken only to apply a delta that was read. A whole gallery is built apart
    and then takes the old one's place, so for that time both are in memory.

    It follows one ``epoch``. Where SQL has another, it raises ``NotReady`` from then on, and a
    caller that reads the collection again finds the new epoch's replica.
    """

    def __init__(
        self,
        collection_key: int,
        epoch: str,
        *,
        feed: ChangeFeed,
        new_index: Callable[[], VectorIndex],
        snapshots: Snapshots | None,
        second_names: SecondNames = no_second_names,
    ) -> None:
        self.epoch = epoch
        self._collection_key = collection_key
        self._feed = feed
        self._new_index = new_index
        self._second_names = second_names
        self._snapshots = snapshots
        self._lock = ReadWriteLock()
        self._turns = threading.Condition()
        self._following = False
        self._gallery: _Gallery | None = None
        self._kept: int | None = None
        self._newest = 0  # the newest known revision
        self._last_error: str | None = None

    @property
    def revision(self) -> int | None:
        """The revision that searches see; None before anything was read."""
        gallery = self._gallery
        return None if gallery is None else gallery.revision

    def status(self) -> ReplicaStatus:
        """Its present status, without waiting for a lock."""
        gallery, error = self._gallery, self._last_error
        revision = None if gallery is None else gallery.revision
        engine = None if gallery is None else gallery.projection.engine
        lag = max(0, self._newest - (revision or 0))
        if error is not None:
            state = ReplicaState.FAILED
        elif revision is None:
            state = ReplicaState.BUILDING if self._following else ReplicaState.UNLOADED
        else:
            state = ReplicaState.BEHIND if lag else ReplicaState.READY
        return ReplicaStatus(state, revision, lag, error, engine)

    def expect(self, revision: int) -> None:
        """Record that the collection is at ``revision`` at least."""
        with self._turns:
            self._newest = max(self._newest, revision)

    def search(self, queries: Vectors, k: int, *, revision: int, now: datetime) -> Found:
        """The ``k`` nearest to each of ``queries`` (b, d), and the ``k`` nearest valid ``now``."""
        with self._at(revision) as gallery:
            neighbours, valid = gallery.projection.search(queries, k, now)
            return Found(neighbours, valid, gallery.projection.state(gallery.revision, now))

    def state(self, *, revision: int, now: datetime) -> GalleryState:
        """The gallery at ``revision`` or later, as it is ``now``."""
        with self._at(revision) as gallery:
            return gallery.projection.state(gallery.revision, now)

    def everybody(self, *, revision: int) -> Fused:
        """All people, valid or not, at ``revision`` or later."""
        with self._at(revision) as gallery:
            return gallery.projection.everybody()

    def people(self, keys: Keys, *, revision: int) -> People:
        """The persons of ``keys`` (n,) who are enrolled, valid or not, at ``revision`` or later."""
        with self._at(revision) as gallery:
            fused = gallery.projection.there(keys)
            starts, ends = gallery.projection.windows(fused.owners)
            return People(fused, starts, ends, gallery.projection.payloads(keys))

    def key_of(self, person_id: str, *, revision: int) -> int | None:
        """The key of the person ``person_id``, at ``revision`` or later."""
        with self._at(revision) as gallery:
            return gallery.projection.key_of(person_id)

    def has_payloads(self, revision: int) -> bool:
        """Whether it has reached ``revision`` with every person's payload; without waiting."""
        held = self._gallery
        return held is not None and held.revision >= revision and held.projection.has_payloads

    @contextmanager
    def _at(self, revision: int) -> Iterator[_Gallery]:
        """Hold the lock for reading, with the gallery at ``revision`` or later."""
        while True:
            with self._lock.reading(timeout=CATCH_UP_SECONDS) as held:
                _held_or_not_ready(held)
                gallery = self._gallery
                if gallery is not None and gallery.revision >= revision:
                    yield gallery
                    return
            self.catch_up(revision)

    def catch_up(self, revision: int) -> None:
        """Follow the change log to ``revision`` at least.

        ``NotReady`` when that takes too long; ``NotFound`` when the collection was deleted.
        """
        self.expect(revision)
        with self._turn(revision) as is_ours:
            if not is_ours:
                return
            try:
                self._follow()
            except Exception as error:
                self._fail(error)
                raise
            self._last_error = None
            if not self._is_at(revision):
                raise NotReady("The change log is behind the database; try again.")

    def keep(self) -> bool:
        """Write a snapshot if something changed since the last; True if it was written.

        Changes go on while vectors are read in parts. Who changed after the snapshot's revision is
        in the log, and is read again by a replica that begins with it.
        """
        if self._snapshots is None:
            return False
        with self._lock.reading(timeout=CATCH_UP_SECONDS) as held:
            gallery = self._gallery
            if not held or gallery is None or gallery.revision == self._kept:
                return False
            whole = gallery.projection.without_vectors(self.epoch, gallery.revision)
        vectors = in_parts(gallery.projection, whole.people.owners, self._lock)
        self._snapshots.write(self._collection_key, whole, vectors)
        now = self._gallery
        if now is None or now.projection is not gallery.projection:  # perhaps half applied
            self._snapshots.forget(self._collection_key)
            return False
        self._kept = whole.revision
        return True

    def tend(self, *, stopping: Callable[[], bool]) -> None:
        """Make later searches faster, in parts of milliseconds for which a change may wait."""
        more = True
        while more and not stopping():
            with self._lock.reading(timeout=CATCH_UP_SECONDS) as held:
                gallery = self._gallery
                more = held and gallery is not None and gallery.projection.tend()

    @contextmanager
    def _turn(self, revision: int) -> Iterator[bool]:
        """Become the one thread that reads; gives False if another has read to ``revision``."""
        with self._turns:
            free = self._turns.wait_for(
                lambda: not self._following or self._is_at(revision), CATCH_UP_SECONDS
            )
            _held_or_not_ready(free)
            is_ours = not self._is_at(revision)
            self._following = self._following or is_ours
        try:
            yield is_ours
        finally:
            if is_ours:
                with self._turns:
                    self._following = False
                    self._turns.notify_all()

    def _fail(self, error: Exception) -> None:
        """Remember the error, and log it unless it is the same as at the last attempt."""
        reason = error.detail if isinstance(error, AppError) else type(error).__name__
        if reason != self._last_error:
            _log.warning("replica.failed", collection_key=self._collection_key, reason=reason)
        self._last_error = reason

    def _is_at(self, revision: int) -> bool:
        gallery = self._gallery
        return gallery is not None and gallery.revision >= revision

    def _follow(self) -> None:
        gallery = self._gallery
        if gallery is None and (gallery := self._from_snapshot()) is not None:
            self._gallery = gallery
            return
        with self._since(gallery) as (delta, rest):
            if gallery is None or delta.whole:
                # No lock is needed: a search that holds it ends in the gallery that it began in,
                # and that gallery is not changed any more.
                self._gallery = self._built(delta, rest)
                return
        with self._lock.writing(timeout=CATCH_UP_SECONDS) as held:
            _held_or_not_ready(held)
            try:
                self._gallery = _followed(gallery, delta)
            except BaseException:
                self._gallery = None  # half applied (no memory left): read all again
                raise

    @contextmanager
    def _since(self, gallery: _Gallery | None) -> Iterator[tuple[Delta, Iterator[Delta]]]:
        """A block in which the changes since ``gallery`` are read: the first delta, and the rest.
        ``NotReady`` where they are of another epoch.
        """
        revision, all_payloads = None, False
        if gallery is not None:
            revision, all_payloads = gallery.revision, not gallery.projection.has_payloads
        with self._feed.since(self._collection_key, revision, all_payloads=all_payloads) as parts:
            first = next(parts)
            if first.epoch != self.epoch:
                raise NotReady(_ANOTHER_EPOCH)
            yield first, parts

    def _built(self, first: Delta, rest: Iterator[Delta]) -> _Gallery:
        dimension = first.people.vectors.shape[1]
        projection = GalleryProjection(self._new_index(), dimension, self._second_names)
        for part in chain([first], rest):
            projection.apply(part)
        return _Gallery(first.revision, projection)

    def _from_snapshot(self) -> _Gallery | None:
        """The gallery that snapshot and log lead to; None where it is not the one SQL has."""
        if self._snapshots is None:
            return None
        try:
            parts = self._snapshots.read(self._collection_key)
            first = next(parts, None)
            return None if first is None else self._resumed(first, parts)
        except SnapshotError as error:
            _log.warning("snapshot.unfit", collection_key=self._collection_key, reason=str(error))
            return None

    def _resumed(self, first: Delta, rest: Iterator[Delta]) -> _Gallery:
        _, revision, _ = self._feed.people_of(self._collection_key)
        if first.epoch != self.epoch or first.revision > revision:
            raise SnapshotError("it is of another history of this collection")
        gallery = self._built(first, rest)
        with self._since(gallery) as (delta, more):
            gallery = self._built(delta, more) if delta.whole else _followed(gallery, delta)
        _, revision, persons = self._feed.people_of(self._collection_key)
        there = len(gallery.projection)
        if revision == gallery.revision and persons != there:
            raise SnapshotError(f"it leads to {there} people where SQL has {persons}")
        self._kept = first.revision
        return gallery


def _followed(gallery: _Gallery, delta: Delta) -> _Gallery:
    """``gallery`` at the delta's revision; it is changed in place."""
    gallery.projection.apply(delta)
    return _Gallery(delta.revision, gallery.projection)


def _held_or_not_ready(held: bool) -> None:  # noqa: FBT001 - it is all that there is to say
    if not held:
        raise NotReady("The index is catching up with the database; try again.")
