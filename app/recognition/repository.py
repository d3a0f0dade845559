"""The SQL of recognition: the present rows of the people whom an index proposes, and the data of
all people that is kept for an outage.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import numpy as np
import structlog
from sqlalchemy import BindParameter, Row, and_, bindparam, null, select, true, union_all
from sqlalchemy.orm import Session, defer

from app.core.ids import ID_PATTERN
from app.decision.fusion import fuse_persons
from app.feedback.models import Feedback, ProbeCounts
from app.gallery.models import Collection, Face, Person
from app.gallery.templates import parts, window
from app.index.base import Vectors
from app.index.packing import unpack
from app.recognition.matches import Enrolled, PersonSummary
from app.replication.history import Position

_log = structlog.get_logger()

_KEYS: Final[BindParameter[list[int]]] = bindparam("keys", expanding=True)
_TEMPLATES: Final = (
    select(
        Person.key.label("key"),
        Person.id,
        Person.external_id,
        Person.name,
        Person.valid_from,
        Person.valid_until,
        Face.number.label("face_id"),
        Face.embedding,
    )
    .join(Face, Face.person_key == Person.key)
    .where(Person.collection_key == bindparam("collection"), Person.key.in_(_KEYS))
)
"""One row a template."""
_REPORTED: Final = select(Feedback.person_key, *[null()] * 6, Feedback.embedding).where(
    Feedback.contract_id == bindparam("contract"),
    Feedback.verdict == "not_them",
    Feedback.person_key.in_(_KEYS),
)
"""One row an embedding that was reported not to be the person. Of persons the collection is known;
where it is asked for as well, SQLite reads all of its reports."""
_COLLECTION: Final = (
    select(Collection)
    .options(defer(Collection.attributes))
    .where(Collection.key == bindparam("key"))
)
_PEOPLE: Final = union_all(_TEMPLATES, _REPORTED).subquery("people")
_COLLECTIONS, _POSITIONS, _COUNTS = Collection.__table__, Position.__table__, ProbeCounts.__table__
_OWN: Final = [each for each in _COLLECTIONS.c if each.name != "metadata"]
_COUNTED: Final = [each for each in _COUNTS.c if each.name not in ("collection_key", "contract_id")]
_AS_READ: Final = (*_OWN, *(_POSITIONS.c[name] for name in ("revision", "epoch")), *_COUNTED)
"""The columns of a collection that are read with its people: all but its metadata."""
_READ: Final = (
    select(*(each.label(f"collection_{each.name}") for each in _AS_READ), *_PEOPLE.c)
    .select_from(_COLLECTIONS)
    .join(_POSITIONS, _POSITIONS.c.collection_key == _COLLECTIONS.c.key)
    .outerjoin(
        _COUNTS,
        and_(
            _COUNTS.c.collection_key == _COLLECTIONS.c.key,
            _COUNTS.c.contract_id == _COLLECTIONS.c.contract_id,
        ),
    )
    .outerjoin(_PEOPLE, true())
    .where(_COLLECTIONS.c.key == bindparam("collection"))
)
"""All in one statement, since an identification waits for each: the collection as it is now, on
every row, and the people. As columns and not as an object, which takes twice the time: 0.8 ms for
one person, and 0.3."""


def people_of(
    session: Session, collection: Collection, keys: Sequence[int], dimension: int
) -> tuple[Collection | None, Mapping[int, Enrolled]]:
    """The collection as it is now, or None if it is no more, ``collection`` itself where it has not
    changed; and those of the internal ``keys`` who are enrolled with templates, valid now or not,
    by key.

    Nobody where the collection is of another epoch by now: in a database that was restored, keys
    may be other people's.
    """
    wanted = {"collection": collection.key, "contract": collection.contract_id, "keys": keys}
    rows = session.connection().execute(_READ, wanted).all()
    if not rows:
        return None, {}
    now = collection
    if rows[0][: len(_AS_READ)] != _as_read(collection):
        now = session.scalars(_COLLECTION, {"key": collection.key}).one()
    if now.epoch != collection.epoch:
        return now, {}
    found = (row for row in rows if row.face_id is not None)
    templates = sorted(found, key=lambda row: (row.key, row.face_id))
    reported: dict[int, list[bytes]] = {}
    for row in rows:
        if row.face_id is None and row.key is not None:
            reported.setdefault(row.key, []).append(row.embedding)
    others = {key: unpack(each, dimension) for key, each in reported.items()}
    return now, _enrolled(templates, others, dimension)


def _as_read(collection: Collection) -> tuple[Any, ...]:
    counts = collection.counts
    return (
        *(getattr(collection, each.name) for each in _OWN),
        collection.revision,
        collection.epoch,
        *(None if counts is None else getattr(counts, each.name) for each in _COUNTED),
    )


def _enrolled(
    rows: Sequence[Row[*tuple[Any, ...]]], others: Mapping[int, Vectors], dimension: int
) -> dict[int, Enrolled]:
    """The persons of ``rows``, which are in the order of their keys."""
    owners = np.array([row.key for row in rows], np.int64)
    vectors = unpack([row.embedding for row in rows], dimension)
    fused = fuse_persons(vectors, owners)
    people, start = {}, 0
    for vector, (key, group) in zip(
        fused.vectors, groupby(rows, key=lambda row: row.key), strict=True
    ):
        mine = list(group)
        first, end = mine[0], start + len(mine)
        if (summary := _summary(first)) is not None:
            people[key] = Enrolled(
                summary,
                vector,
                others.get(key),
                window(first.valid_from, first.valid_until),
                vectors[start:end],
                [row.face_id for row in mine],
            )
        start = end
    return people


def _summary(row: Row[*tuple[Any, ...]]) -> PersonSummary | None:
    """The data that an answer shows, without a name that is no text. None, so that nobody is named,
    where somebody changed the id in the database into one that no answer may have.
    """
    if not isinstance(row.id, str) or not re.fullmatch(ID_PATTERN, row.id):
        _log.error("row.unreadable", of="persons", row=row.key, error="id")
        return None
    shown = (each if isinstance(each, str) else None for each in (row.external_id, row.name))
    return PersonSummary(row.key, row.id, *shown)


def templates_of(session: Session, person: Person, dimension: int) -> Vectors:
    """The person's templates (k, d), first come, first; k may be 0."""
    query = select(Face.embedding).where(Face.person_key == person.key).order_by(Face.id)
    return unpack(session.scalars(query).all(), dimension)


@dataclass(frozen=True, slots=True)
class LastKnownPerson:
    """A replica's payload: what an answer says of a person, and the probes ``others`` (k, d) that
    were reported not to be them; None where there are none, as for nearly everybody.
    """

    person: PersonSummary
    others: Vectors | None

    @property
    def id(self) -> str:
        """The person's id in the API."""
        return self.person.id


def last_known_people(
    session: Session, collection: Collection, person_keys: Sequence[int] | None, dimension: int
) -> dict[int, LastKnownPerson]:
    """Those of ``person_keys`` who exist, with templates or without, by key; everybody where it is
    None. ``ValueError`` where a stored embedding is damaged.
    """
    query = select(Person.key, Person.id, Person.external_id, Person.name).where(
        Person.collection_key == collection.key
    )
    others = others_of(session, collection, person_keys, dimension)
    found: dict[int, LastKnownPerson] = {}
    for part in parts(person_keys):
        some = query if part is None else query.where(Person.key.in_(part))
        for row in session.execute(some):
            if (person := _summary(row)) is not None:
                found[row.key] = LastKnownPerson(person, others.get(row.key))
    return found


def others_of(
    session: Session, collection: Collection, person_keys: Sequence[int] | None, dimension: int
) -> dict[int, Vectors]:
    """The embeddings (k, d) that were reported, under the collection's contract, not to be a
    person, by the person's key; persons without any are left out.
    """
    query = select(Feedback.person_key, Feedback.embedding).where(
        Feedback.contract_id == collection.contract_id, Feedback.verdict == "not_them"
    )
    found: dict[int, list[bytes]] = {}
    for part in parts(person_keys):
        everybody = Feedback.collection_key == collection.key
        mine = everybody if part is None else Feedback.person_key.in_(part)
        for key, embedding in session.execute(query.where(mine)):
            found.setdefault(key, []).append(embedding)
    return {key: unpack(rows, dimension) for key, rows in found.items()}
