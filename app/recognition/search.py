"""Who is nearest: the index proposes, SQL decides.

Every person that the index names is read again for existence, validity and templates, and the
score is computed from what SQL has. So even a wrong index can name nobody who was removed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from app.core.clock import Clock
from app.core.db import Database, Utc
from app.decision.fusion import fuse_persons
from app.decision.open_set import Outcome, decide
from app.gallery import repository
from app.gallery.models import Collection, Face, Feedback, Person
from app.gallery.templates import unpack
from app.index.base import Neighbours, Vectors
from app.index.replica import GalleryState, Replicas
from app.inference.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Named:
    """What an answer tells of a person."""

    id: str
    external_id: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Match:
    """A person near a probe: the cosine with the fused templates, the nearest template, and whether
    the probe is still nearer to somebody of whom it was reported that they are not this person.
    """

    person: Named
    similarity: float
    face_id: int
    reported_not_them: bool


@dataclass(frozen=True, slots=True)
class Matches:
    """For each probe its nearest persons, best first, and the gallery that they were sought in."""

    collection: Collection
    gallery: GalleryState
    by_probe: list[list[Match]]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of a probe, who is named, and how many of its matches one must see to see why:
    two who are ambiguous are both shown, whoever is not named in between.
    """

    outcome: Outcome
    winner: Match | None
    shown: int


def judge(matches: Sequence[Match], threshold: float, *, margin: float) -> Judgement:
    """Decide on ``matches``, best first; who was reported not to be the person is not named."""
    possible = [row for row, match in enumerate(matches) if not match.reported_not_them]
    decision = decide([matches[row].similarity for row in possible], threshold, margin=margin)
    winner = None if decision.winner is None else matches[possible[decision.winner]]
    ambiguous = decision.outcome is Outcome.AMBIGUOUS
    return Judgement(decision.outcome, winner, possible[1] + 1 if ambiguous else 1)


@dataclass(frozen=True, slots=True)
class _Enrolled:
    """A person as SQL has them now."""

    person: Named
    fused: Vectors
    face_ids: Sequence[int]
    templates: Vectors
    others: Vectors

    def match(self, probe: Vectors) -> Match:
        nearest = int(np.argmax(self.templates @ probe))
        similarity = float(self.fused @ probe)
        reported = is_other(probe, similarity, self.others)
        return Match(self.person, similarity, self.face_ids[nearest], reported)


class PersonSearch:
    """Finds the persons nearest to embeddings. Thread-safe."""

    def __init__(
        self, database: Database, replicas: Replicas, clock: Clock, pipeline: Pipeline
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
        """The ``count`` persons nearest to each of ``probes`` (b, d) who may be named for it, and
        whoever is nearer and may not.

        ``collection`` was read when the request began, so all that was answered before it counts.
        """
        replica = self._replicas.of(collection.key, collection.epoch)
        now = self._clock.now()
        wanted = count
        while True:
            found = replica.search(probes, wanted, revision=collection.revision, now=now)
            by_probe = self._confirmed(collection, found.neighbours, probes, now)
            enough = [_until(each, count) for each in by_probe]
            there_are_more = found.neighbours.keys.shape[1] == wanted
            if not there_are_more or None not in enough:
                nearest = [short or each for short, each in zip(enough, by_probe, strict=True)]
                return Matches(collection, found.gallery, nearest)
            wanted *= 4  # some of the nearest may not be named now: look further

    def others(self, person_key: int) -> Vectors:
        """Probes (k, d) of which it was reported that they are not this person."""
        with self._database.read() as session:
            found = _others(session, [person_key], self._contract_id, self._dimension)
        return found[person_key]

    def enrolled(self, collection_id: str, person_id: str) -> tuple[Collection, Person, Vectors]:
        """A collection, a person in it and the person's templates (k, d); k may be 0."""
        with self._database.read() as session:
            collection = repository.comparable_collection(session, collection_id, self._contract_id)
            person = repository.person(session, collection, person_id)
            rows = session.scalars(select(Face.embedding).where(Face.person_key == person.key))
            return collection, person, unpack(list(rows), self._dimension)

    def _confirmed(
        self, collection: Collection, neighbours: Neighbours, probes: Vectors, now: datetime
    ) -> list[list[Match]]:
        if not neighbours.keys.size:
            return [[] for _ in probes]
        keys = np.unique(neighbours.keys).tolist()
        with self._database.read() as session:
            enrolled = _enrolled(session, collection, keys, now, self._dimension)
            if not enrolled:
                repository.check_epoch(session, collection)
        return [
            _best_first(enrolled, row.tolist(), probe)
            for row, probe in zip(neighbours.keys, probes, strict=True)
        ]


def _until(matches: list[Match], count: int) -> list[Match] | None:
    """Up to the ``count``-th who may be named; None where there are not so many."""
    possible = [row for row, match in enumerate(matches) if not match.reported_not_them]
    return None if len(possible) < count else matches[: possible[count - 1] + 1]


def _best_first(enrolled: Mapping[int, _Enrolled], keys: list[int], probe: Vectors) -> list[Match]:
    matches = [enrolled[key].match(probe) for key in keys if key in enrolled]
    return sorted(matches, key=lambda match: match.similarity, reverse=True)


_ENROLLED: Final = (
    select(
        Person.key,
        Person.id,
        Person.external_id,
        Person.name,
        Face.id.label("face_id"),
        Face.embedding,
    )
    .join(Face, Face.person_key == Person.key)
    .join(Collection, Collection.key == Person.collection_key)
    .where(
        Collection.key == bindparam("collection"),
        Collection.epoch == bindparam("epoch"),
        Person.key.in_(bindparam("keys", expanding=True)),
        or_(Person.valid_from.is_(None), Person.valid_from <= bindparam("now", type_=Utc)),
        or_(Person.valid_until.is_(None), Person.valid_until > bindparam("now", type_=Utc)),
    )
    .order_by(Person.key)
)
"""Those of ``keys`` who exist, are valid at ``now`` and have templates; one row a template. Of the
collection's own epoch: in a database that was restored meanwhile, keys may be other people's."""


def _enrolled(
    session: Session, collection: Collection, keys: list[int], now: datetime, dimension: int
) -> dict[int, _Enrolled]:
    wanted = {"collection": collection.key, "epoch": collection.epoch, "keys": keys, "now": now}
    rows = session.execute(_ENROLLED, wanted).all()
    others = _others(session, keys, collection.contract_id, dimension)
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
        ids = [row.face_id for row in rows[mine]]
        result[key] = _Enrolled(person, vector, ids, vectors[mine], others[key])
    return result


def is_other(probe: Vectors, similarity: float, others: Vectors) -> bool:
    """Whether a probe, so near to a person, is as near to one of the ``others`` (k, d) who were
    reported not to be that person.
    """
    return bool(len(others)) and float((others @ probe).max()) >= similarity


def _others(
    session: Session, keys: list[int], contract_id: str, dimension: int
) -> dict[int, Vectors]:
    """By person, the embeddings that were reported not to be them, under this contract."""
    query = select(Feedback.person_key, Feedback.embedding).where(
        Feedback.person_key.in_(keys),
        Feedback.contract_id == contract_id,
        Feedback.verdict == "not_them",
    )
    found: dict[int, list[bytes]] = {key: [] for key in keys}
    for key, embedding in session.execute(query):
        found[key].append(embedding)
    return {key: unpack(rows, dimension) for key, rows in found.items()}
