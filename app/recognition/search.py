"""Finds the nearest persons: the index proposes, SQL decides.

Every person whom the index proposes is read again for existence, validity and templates, and the
score is computed from the rows of SQL. So even a wrong index cannot name a removed person.
"""

from collections.abc import Mapping
from functools import partial
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from app.core.clock import Clock
from app.core.db import Database
from app.core.reach import is_reached
from app.decision.fusion import fuse
from app.errors import NotReady
from app.gallery import repository
from app.gallery.models import Collection, Person
from app.gallery.templates import window
from app.index.base import Vectors
from app.inference.pipeline import Pipeline
from app.recognition.matches import (
    ClaimedPerson,
    Enrolled,
    Matches,
    Outdated,
    PersonSummary,
    Source,
    no_faces,
    seek,
)
from app.recognition.repository import others_of, people_of, templates_of
from app.replication.reader import GalleryReaders, GalleryState

_MOST_CACHED: Final = 10_000


class PersonSearch:
    """Finds the persons nearest to embeddings. Thread-safe."""

    def __init__(
        self, database: Database, replicas: GalleryReaders, clock: Clock, pipeline: Pipeline
    ) -> None:
        self._database = database
        self._replicas = replicas
        self._clock = clock
        self._contract = pipeline.contract
        self._cached: dict[str, Collection] = {}

    def cached(self, collection_id: str) -> Collection | None:
        """The collection as an earlier search found it, if the request in hand may reach it."""
        found = self._cached.get(collection_id)
        return found if found is not None and is_reached(found.key) else None

    def collection(self, collection_id: str) -> Collection:
        """The collection, if its templates can be compared with this service's embeddings."""
        self._cached.pop(collection_id, None)
        with self._database.read() as session:
            return repository.get_comparable(session, collection_id, self._contract.id)

    def gallery(self, collection: Collection) -> GalleryState:
        """The gallery at the collection's revision or later, as it is now."""
        return self.source(collection).state()

    def near(self, collection: Collection, probes: Vectors) -> tuple[GalleryState, Vectors]:
        """The gallery, and the vectors (m, d) of those of it who are among the few nearest to one
        of ``probes`` (b, d).
        """
        source = self.source(collection)
        found = source.near(probes)
        keys = np.unique(found.neighbours.keys[found.counts])
        people = source.reader.people(keys, revision=found.gallery.revision)
        return found.gallery, people.fused.vectors

    def source(self, collection: Collection) -> Source:
        """The index of a collection that was read in this request, and its people as the database
        has them.
        """
        reader = self._replicas.of(collection.key, collection.epoch)
        return Source(collection, reader, partial(self._people, collection), self._clock.now())

    def cached_source(self, cached: Collection) -> Source:
        """The index of a cached collection. The collection is read with the people, and held
        against what the search began with. ``Outdated`` where no index of its epoch is there:
        making one would replace that of a later epoch.
        """
        reader = self._replicas.made(cached.key, cached.epoch)
        if reader is None:
            raise Outdated
        return Source(cached, reader, partial(self._confirmed, cached), self._clock.now())

    def nearest(self, collection: Collection, probes: Vectors, count: int) -> Matches:
        """The result of ``matches.seek`` with the rows of the database."""
        return seek(self.source(collection), probes, count)

    def claimed(self, collection_id: str, person_id: str) -> ClaimedPerson:
        """A person to compare a probe with; ``Conflict`` where they have no templates."""
        with self._database.read() as session:
            collection, person, templates = self._person(session, collection_id, person_id)
            others = others_of(session, collection, [person.key], self._contract.dimension)
        if not len(templates):
            raise no_faces(person_id)
        self._remember(collection)
        source = self.source(collection)
        return ClaimedPerson(
            source=source,
            person=PersonSummary(person.key, person.id, person.external_id, person.name),
            gallery=source.state(),
            fused=fuse(templates),
            valid=window(person.valid_from, person.valid_until),
            others=others.get(person.key),
        )

    def enrolled(self, collection_id: str, person_id: str) -> tuple[Collection, Person, Vectors]:
        """A collection, a person in it and the person's templates (k, d); k may be 0."""
        with self._database.read() as session:
            return self._person(session, collection_id, person_id)

    def _person(
        self, session: Session, collection_id: str, person_id: str
    ) -> tuple[Collection, Person, Vectors]:
        collection = repository.get_comparable(session, collection_id, self._contract.id)
        person = repository.person(session, collection, person_id)
        return collection, person, templates_of(session, person, self._contract.dimension)

    def _people(
        self, collection: Collection, keys: list[int], revision: int
    ) -> tuple[Collection, Mapping[int, Enrolled]]:
        """For a collection that was read in this request; any ``revision`` from its own is good."""
        del revision
        if not keys:
            return collection, {}
        now, people = self._read(collection, keys)
        if now is not None and now.epoch != collection.epoch:
            raise NotReady(
                "The collection was switched or restored while this request ran; try again."
            )
        self._remember(collection)
        return collection, people

    def _confirmed(
        self, cached: Collection, keys: list[int], revision: int
    ) -> tuple[Collection, Mapping[int, Enrolled]]:
        """For a cached collection: the index must be at the revision that is read only now."""
        now, people = self._read(cached, keys)
        if now is None or now.epoch != cached.epoch or now.revision > revision:
            raise Outdated
        self._remember(now)
        return now, people

    def _remember(self, collection: Collection) -> None:
        if len(self._cached) >= _MOST_CACHED:  # of collections deleted elsewhere too
            self._cached.clear()
        self._cached[collection.id] = collection

    def _read(
        self, collection: Collection, keys: list[int]
    ) -> tuple[Collection | None, Mapping[int, Enrolled]]:
        with self._database.read() as session:
            return people_of(session, collection, keys, self._contract.dimension)
