"""Who is nearest: the index proposes, SQL decides.

Every person that the index names is read again for existence, validity and templates, and the
score is computed from what SQL has. So even a wrong index can name nobody who was removed.
"""

from collections.abc import Mapping
from functools import partial

from sqlalchemy.orm import Session

from app.core.clock import Clock
from app.core.db import Database
from app.decision.fusion import fuse
from app.gallery import repository
from app.gallery.cards import Named, others_of
from app.gallery.models import Collection, Person
from app.gallery.templates import window
from app.index.base import Vectors
from app.inference.pipeline import Pipeline
from app.recognition.matches import Claimed, Enrolled, Matches, Source, no_faces, seek
from app.recognition.repository import people_of, templates_of
from app.replication.reader import GalleryReaders, GalleryState


class PersonSearch:
    """Finds the persons nearest to embeddings. Thread-safe."""

    def __init__(
        self, database: Database, replicas: GalleryReaders, clock: Clock, pipeline: Pipeline
    ) -> None:
        self._database = database
        self._replicas = replicas
        self._clock = clock
        self._contract = pipeline.contract

    def collection(self, collection_id: str) -> Collection:
        """The collection, if its templates can be compared with this service's embeddings."""
        with self._database.read() as session:
            return repository.comparable_collection(session, collection_id, self._contract.id)

    def gallery(self, collection: Collection) -> GalleryState:
        """The gallery at the collection's revision or later, as it is now."""
        replica = self._replicas.of(collection.key, collection.epoch)
        return replica.state(revision=collection.revision, now=self._clock.now())

    def source(self, collection: Collection) -> Source:
        """The collection's index, and its people as the database has them."""
        return Source(
            collection,
            self._replicas.of(collection.key, collection.epoch),
            partial(self._people, collection),
            self._clock.now(),
        )

    def nearest(self, collection: Collection, probes: Vectors, count: int) -> Matches:
        """What ``matches.seek`` finds in the database."""
        return seek(self.source(collection), probes, count)

    def claimed(self, collection_id: str, person_id: str) -> Claimed:
        """A person to compare a probe with; ``Conflict`` where they have no templates."""
        with self._database.read() as session:
            collection, person, templates = self._person(session, collection_id, person_id)
            others = others_of(session, collection, [person.key], self._contract.dimension)
        if not len(templates):
            raise no_faces(person_id)
        return Claimed(
            collection=collection,
            person=Named(person.key, person.id, person.external_id, person.name),
            gallery=self.gallery(collection),
            fused=fuse(templates),
            templates=len(templates),
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
        collection = repository.comparable_collection(session, collection_id, self._contract.id)
        person = repository.person(session, collection, person_id)
        return collection, person, templates_of(session, person, self._contract.dimension)

    def _people(self, collection: Collection, keys: list[int]) -> Mapping[int, Enrolled]:
        with self._database.read() as session:
            found = people_of(session, collection, keys, self._contract.dimension)
            if not found:
                repository.check_epoch(session, collection)
        return found
