"""Search while the database does not answer, in what this process last knew.

One projection follows the change log: vectors, validity and the payloads (names, reports) are the
replica's. Kept here are the collections as the last poll read them, and what this process itself
has changed since. Removals and reports count as of the last poll, validity as of now. Only
identification and verification may use it; everything else waits for the database.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from threading import Lock

import numpy as np
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.core.clock import Clock
from app.core.db import Database
from app.core.outage import Outage
from app.errors import AppError, ContractMismatch, DatabaseLost, NotFound, NotReady
from app.gallery import repository
from app.gallery.models import Collection
from app.index.base import Vectors
from app.recognition.matches import (
    ClaimedPerson,
    Enrolled,
    Matches,
    Outdated,
    Source,
    no_faces,
    seek,
)
from app.recognition.repository import LastKnownPerson
from app.recognition.search import PersonSearch
from app.replication.history import recorded
from app.replication.reader import GalleryReader, GalleryReaders


class LastKnownCollections:
    """The collections as the last poll read them. Thread-safe.

    A person whom this process changed since then is withheld, and a collection that it deleted is
    treated as missing: what is kept of them is known to be outdated.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._collections: dict[str, Collection] = {}
        self._changed: defaultdict[int, dict[int, int]] = defaultdict(dict)
        self._deleted: set[int] = set()
        self._is_watching = False

    def watch(self) -> None:
        """Begin to note what this process changes, until a poll has seen it."""
        self._is_watching = True
        event.listen(self._database.sessions, "after_commit", self._committed)

    @contextmanager
    def polling(self) -> Iterator[None]:
        """Read the collections, run the block, in which the replicas follow at least as far, and
        know the collections as they were read; a block that raises leaves them as they were.
        """
        with self._lock:
            deleted = set(self._deleted)
        with self._database.read(long_running=True) as session:
            rows = repository.get_all_collections(session)
        yield
        with self._lock:
            self._collections = {row.id: row for row in rows}
            self._deleted -= deleted  # in no row any more, and no key is used again
            there = {row.key: row.revision for row in rows}
            self._changed = defaultdict(dict, self._changed_since(there))

    def get(self, collection_id: str) -> Collection:
        """The collection, or ``NotFound``."""
        with self._lock:
            found = self._collections.get(collection_id)
            if found is None or found.key in self._deleted:
                raise NotFound(f"There is no collection {collection_id!r}.")
            return found

    def withheld(self, collection: Collection) -> set[int]:
        """The keys of the persons whom this process changed after the poll that read
        ``collection``.

        To be read before the people: a poll that ends in between takes nobody out of it before the
        replica has followed.
        """
        with self._lock:
            changed = self._changed.get(collection.key, {})
            return {key for key, revision in changed.items() if revision > collection.revision}

    def forget(self, collection_key: int) -> None:
        """Treat a collection that this process has deleted as missing."""
        with self._lock:
            if self._is_watching:
                self._deleted.add(collection_key)
            self._changed.pop(collection_key, None)

    def _changed_since(self, revisions: dict[int, int]) -> dict[int, dict[int, int]]:
        """The changes after ``revisions``, which are of all collections that exist."""
        left = {}
        for key, changed in self._changed.items():
            known = revisions.get(key, inf)
            if later := {who: at for who, at in changed.items() if at > known}:
                left[key] = later
        return left

    def _committed(self, session: Session) -> None:
        """Note whom a transaction of this process changed, before any answer says that it did."""
        with self._lock:
            for change in recorded(session):
                changed = self._changed[change.collection_key]
                changed.update(dict.fromkeys(change.person_keys, change.revision))


class LastKnownSearch:
    """The twin of ``PersonSearch`` that asks no database. Thread-safe."""

    def __init__(
        self,
        collections: LastKnownCollections,
        replicas: GalleryReaders,
        clock: Clock,
        *,
        contract_id: str,
    ) -> None:
        self._collections = collections
        self._replicas = replicas
        self._clock = clock
        self._contract_id = contract_id

    def collection(self, collection_id: str) -> Collection:
        """The collection, if its templates can be compared with this service's embeddings.

        ``DatabaseLost`` where its people are not known.
        """
        return self.source(collection_id).collection

    def source(self, collection_id: str) -> Source:
        """The collection's index, and its people as they were last known; ``DatabaseLost`` where
        they are not.
        """
        collection = self._collections.get(collection_id)
        repository.check_contract(collection, self._contract_id)
        reader = self._replicas.kept(collection.key, collection.epoch, collection.revision)
        if reader is None:
            raise DatabaseLost
        people = partial(self._people, collection, reader)
        return Source(collection, reader, people, self._clock.now())

    def claimed(self, collection_id: str, person_id: str) -> ClaimedPerson:
        """A person to compare a probe with; ``Conflict`` where they have no templates."""
        source = self.source(collection_id)
        collection, reader = source.collection, source.reader
        withheld = self._collections.withheld(collection)
        key = reader.key_of(person_id, revision=collection.revision)
        if key is None:
            raise repository.no_person(collection, person_id)
        if key in withheld:
            raise DatabaseLost
        people = reader.people(np.array([key], np.int64), revision=collection.revision)
        known = people.payloads.get(key)
        if not isinstance(known, LastKnownPerson):
            raise repository.no_person(collection, person_id)
        if not len(people.fused.owners):
            raise no_faces(person_id)
        return ClaimedPerson(
            source=source,
            person=known.person,
            gallery=source.state(),
            fused=people.fused.vectors[0],
            valid=(int(people.valid_from[0]), int(people.valid_until[0])),
            others=known.others,
            stale=True,
        )

    def _people(
        self, collection: Collection, reader: GalleryReader, keys: list[int], revision: int
    ) -> tuple[Collection, Mapping[int, Enrolled]]:
        """The ``Confirm`` of an outage."""
        del revision
        withheld = self._collections.withheld(collection)
        people = reader.people(np.array(keys, np.int64), revision=collection.revision)
        found = {}
        for row, key in enumerate(people.fused.owners.tolist()):
            known = people.payloads.get(key)
            if isinstance(known, LastKnownPerson) and key not in withheld:
                window = int(people.valid_from[row]), int(people.valid_until[row])
                vector = people.fused.vectors[row]
                found[key] = Enrolled(known.person, vector, known.others, window)
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
        """The result of ``matches.seek``; nothing stale is used once the database answers."""
        collection = opened.collection
        if not self._outage.stale:
            with self._outage.asking():
                if opened.is_cached:
                    try:
                        return seek(self._search.cached_source(collection), probes, count)
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

    def claimed(self, collection_id: str, person_id: str) -> ClaimedPerson:
        """A person to compare a probe with; ``Conflict`` where they have no templates."""
        return self._outage.answer(
            lambda: self._search.claimed(collection_id, person_id),
            lambda: self._last_known.claimed(collection_id, person_id),
        )
