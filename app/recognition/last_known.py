"""Search while the database does not answer, in what this process last knew.

Uses removals and reports as of the last poll, validity as of now. Only identification and
verification may do so; everything else waits for the database.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from app.core.clock import Clock
from app.core.outage import Outage
from app.errors import AppError, ContractMismatch, DatabaseLost, NotFound, NotReady
from app.gallery.models import Collection
from app.gallery.remembered import Remembered
from app.index.base import Vectors
from app.recognition.matches import Claimed, Enrolled, Matches, Outdated, Source, no_faces, seek
from app.recognition.search import PersonSearch
from app.replication.reader import GalleryReader, GalleryReaders


class LastKnownSearch:
    """The twin of ``PersonSearch`` that asks no database. Thread-safe."""

    def __init__(self, remembered: Remembered, replicas: GalleryReaders, clock: Clock) -> None:
        self._remembered = remembered
        self._replicas = replicas
        self._clock = clock

    def collection(self, collection_id: str) -> Collection:
        """The collection, if its templates can be compared with this service's embeddings."""
        return self._remembered.collection(collection_id)

    def source(self, collection_id: str) -> Source:
        """The collection's index, and its people as they were last known."""
        collection = self.collection(collection_id)
        reader = self._replicas.of(collection.key, collection.epoch)
        people = partial(self._people, collection, reader)
        return Source(collection, reader, people, self._clock.now())

    def claimed(self, collection_id: str, person_id: str) -> Claimed:
        """A person to compare a probe with; ``Conflict`` where they have no templates."""
        source = self.source(collection_id)
        collection, reader = source.collection, source.reader
        key = self._remembered.person_key(collection, person_id)
        card = self._remembered.card(collection, key)
        if card is None:
            raise DatabaseLost
        people, starts, ends = reader.people(
            np.array([key], np.int64), revision=collection.revision
        )
        if not len(people.owners):
            raise no_faces(person_id)
        return Claimed(
            collection=collection,
            person=card.person,
            gallery=reader.state(revision=collection.revision, now=source.now),
            fused=people.vectors[0],
            templates=int(people.templates[0]),
            valid=(int(starts[0]), int(ends[0])),
            others=card.others,
            stale=True,
        )

    def _people(
        self, collection: Collection, reader: GalleryReader, keys: list[int], revision: int
    ) -> tuple[Collection, Mapping[int, Enrolled]]:
        """Those of ``keys`` who are known, valid now or not."""
        del revision
        wanted = np.array(keys, np.int64)
        people, starts, ends = reader.people(wanted, revision=collection.revision)
        found = {}
        for row, key in enumerate(people.owners.tolist()):
            card = self._remembered.card(collection, key)
            if card is not None:
                window = (int(starts[row]), int(ends[row]))
                found[key] = Enrolled(card.person, people.vectors[row], card.others, window)
        return collection, found


@dataclass(frozen=True, slots=True)
class Opened:
    """A collection as a request found it: ``stale`` where it is the one last known, ``is_cached``
    where it is the one that an earlier search found, and is yet to be confirmed.
    """

    collection: Collection
    stale: bool
    is_cached: bool = False


class OutageSearch:
    """Searches the database or, for a bounded time while it does not answer, what was last known.

    Thread-safe.
    """

    def __init__(self, search: PersonSearch, last_known: LastKnownSearch, outage: Outage) -> None:
        self._search = search
        self._last_known = last_known
        self._outage = outage

    def open(self, collection_id: str) -> Opened:
        """The collection, if its templates can be compared with this service's embeddings.

        No statement is sent where an earlier search found it: ``nearest`` reads it again.
        """
        if not self._outage.stale and (cached := self._search.cached(collection_id)) is not None:
            return Opened(cached, stale=False, is_cached=True)
        return self.open_again(collection_id)

    @contextmanager
    def confirming(self, opened: Opened) -> Iterator[None]:
        """A block before the search: what it refuses is first that there is no such collection."""
        try:
            yield
        except AppError:
            if opened.is_cached:
                self.open_again(opened.collection.id)
            raise

    def open_again(self, collection_id: str) -> Opened:
        """The collection as it is now."""
        return self._outage.answer(
            lambda: Opened(self._search.collection(collection_id), stale=False),
            lambda: Opened(self._last_known.collection(collection_id), stale=True),
        )

    def nearest(self, opened: Opened, probes: Vectors, count: int) -> Matches:
        """What ``matches.seek`` finds. Once the database answers again, nothing stale is used."""
        collection = opened.collection
        if not self._outage.stale:
            with self._outage.asking():
                if opened.is_cached:
                    try:
                        source = self._search.source(collection, is_cached=True)
                        return seek(source, probes, count)
                    except (Outdated, NotFound, ContractMismatch, NotReady) as error:
                        collection = self._again(collection, error)
                elif opened.stale:
                    collection = self._search.collection(collection.id)
                return seek(self._search.source(collection), probes, count)
        found = seek(self._last_known.source(collection.id), probes, count)
        return replace(found, stale=True)

    def _again(self, cached: Collection, error: Exception) -> Collection:
        """The collection as it is now, after a search with a cached one failed; the same
        ``error`` where that has nothing to do with the cache.
        """
        if isinstance(error, DatabaseLost):
            raise error
        now = self._search.collection(cached.id)
        if isinstance(error, NotReady) and now.epoch == cached.epoch:
            raise error
        return now

    def claimed(self, collection_id: str, person_id: str) -> Claimed:
        """A person to compare a probe with; ``Conflict`` where they have no templates."""
        return self._outage.answer(
            lambda: self._search.claimed(collection_id, person_id),
            lambda: self._last_known.claimed(collection_id, person_id),
        )
