"""Who is nearest: the index proposes, SQL decides.

Every person that the index names is read again for existence, validity and templates, and the
score is computed from what SQL has. So even a wrong index can name nobody who was removed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import numpy as np
from sqlalchemy import Row, and_, bindparam, not_, or_, select
from sqlalchemy.orm import Session

from app.core.clock import Clock
from app.core.db import Database, Utc
from app.decision.fusion import fuse, fuse_persons
from app.gallery import repository
from app.gallery.cards import Named, others_of
from app.gallery.models import Collection, Face, Person
from app.gallery.templates import unpack, window
from app.index.base import Vectors
from app.inference.pipeline import Pipeline
from app.recognition.matches import (
    Claimed,
    Enrolled,
    Matches,
    NotValid,
    no_faces,
    seek,
    seek_not_valid,
)
from app.replication.history import Position
from app.replication.reader import GalleryReaders, GalleryState

_NOW: Final = bindparam("now", type_=Utc)
_IS_VALID: Final = and_(
    or_(Person.valid_from.is_(None), Person.valid_from <= _NOW),
    or_(Person.valid_until.is_(None), Person.valid_until > _NOW),
)
_ENROLLED: Final = (
    select(
        Person.key,
        Person.id,
        Person.external_id,
        Person.name,
        Person.valid_from,
        Person.valid_until,
        Face.number.label("face_id"),
        Face.embedding,
    )
    .join(Face, Face.person_key == Person.key)
    .join(Position, Position.collection_key == Person.collection_key)
    .where(
        Position.collection_key == bindparam("collection"),
        Position.epoch == bindparam("epoch"),
        Person.key.in_(bindparam("keys", expanding=True)),
    )
    .order_by(Person.key)
)
"""Those of ``keys`` who exist and have templates; one row a template. Of the collection's own
epoch: in a database that was restored meanwhile, keys may be other people's."""
_VALID: Final = _ENROLLED.where(_IS_VALID)
_NOT_VALID: Final = _ENROLLED.where(not_(_IS_VALID))


class PersonSearch:
    """Finds the persons nearest to embeddings. Thread-safe."""

    def __init__(
        self, database: Database, replicas: GalleryReaders, clock: Clock, pipeline: Pipeline
    ) -> None:
        self._database = database
        self._replicas = replicas
        self._clock = clock
        self._contract_id = pipeline.contract_id
        self._dimension = pipeline.dimension

    def collection(self, collection_id: str) -> Collection:
        """The collection, if its templates can be compared with this service's embeddings."""
        with self._database.read() as session:
            return repository.comparable_collection(session, collection_id, self._contract_id)

    def verdicts(self, collection: Collection) -> dict[str, int]:
        """How often feedback of each verdict was given."""
        with self._database.read() as session:
            return repository.verdicts(session, collection)

    def gallery(self, collection: Collection) -> GalleryState:
        """The gallery at the collection's revision or later, as it is now."""
        replica = self._replicas.of(collection.key, collection.epoch)
        return replica.state(revision=collection.revision, now=self._clock.now())

    def nearest(self, collection: Collection, probes: Vectors, count: int) -> Matches:
        """What ``seek`` finds, by what SQL has.

        ``collection`` was read when the request began, so all that was answered before it counts.
        """
        replica = self._replicas.of(collection.key, collection.epoch)
        now = self._clock.now()
        confirm = partial(self._confirmed, collection, now, valid=True)
        return seek(replica, collection, probes, count, now=now, confirm=confirm)

    def not_valid(
        self, collection: Collection, probes: Vectors, least: float
    ) -> list[list[NotValid]]:
        """What ``seek_not_valid`` finds, by what SQL has."""
        replica = self._replicas.of(collection.key, collection.epoch)
        now = self._clock.now()
        confirm = partial(self._confirmed, collection, now, valid=False)
        return seek_not_valid(replica, collection, probes, least, now=now, confirm=confirm)

    def claimed(self, collection_id: str, person_id: str) -> Claimed:
        """A person to hold a probe against; ``Conflict`` where they have no templates."""
        with self._database.read() as session:
            collection, person, templates = self._person(session, collection_id, person_id)
            others = others_of(session, collection, [person.key], self._dimension)
        if not len(templates):
            raise no_faces(person_id)
        return Claimed(
            collection=collection,
            person=Named(person.id, person.external_id, person.name),
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
        collection = repository.comparable_collection(session, collection_id, self._contract_id)
        person = repository.person(session, collection, person_id)
        rows = session.scalars(select(Face.embedding).where(Face.person_key == person.key))
        return collection, person, unpack(list(rows), self._dimension)

    def _confirmed(
        self, collection: Collection, now: datetime, keys: list[int], *, valid: bool
    ) -> Mapping[int, Enrolled]:
        """Those of ``keys`` who are enrolled, and are ``valid`` now or are not."""
        wanted = {"collection": collection.key, "epoch": collection.epoch, "keys": keys, "now": now}
        with self._database.read() as session:
            found = session.execute(_VALID if valid else _NOT_VALID, wanted).all()
            others = others_of(session, collection, keys, self._dimension)
            enrolled = _enrolled(found, others, self._dimension)
            if not enrolled:
                repository.check_epoch(session, collection)
        return enrolled


def _enrolled(
    rows: Sequence[Row[*tuple[Any, ...]]], others: Mapping[int, Vectors], dimension: int
) -> dict[int, Enrolled]:
    owners = np.array([row.key for row in rows], np.int64)
    vectors = unpack([row.embedding for row in rows], dimension)
    fused = fuse_persons(vectors, owners)
    ends = np.cumsum(fused.templates).tolist()
    counts = fused.templates.tolist()
    result = {}
    for key, vector, count, end in zip(
        fused.owners.tolist(), fused.vectors, counts, ends, strict=True
    ):
        mine = slice(end - count, end)
        first = rows[end - 1]
        person = Named(first.id, first.external_id, first.name)
        valid = window(first.valid_from, first.valid_until)
        ids = [row.face_id for row in rows[mine]]
        result[key] = Enrolled(person, vector, others.get(key), valid, vectors[mine], ids)
    return result
