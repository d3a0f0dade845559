"""Reads the faces table as vectors, and reads deltas for replicas."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from typing import Final

import numpy as np
import structlog
from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import Session

from app.bundles.contract import Contract
from app.core.clock import microseconds
from app.core.db import Database
from app.decision.fusion import Fused, fuse_persons
from app.errors import NotFound
from app.gallery import repository
from app.gallery.models import Collection, Face, Person
from app.index.base import Keys
from app.index.packing import unpack
from app.replication.deltas import CollectionPosition, Delta, Payloads
from app.replication.history import Position, touched_since
from app.replication.validity import ALWAYS, FOREVER

_ROWS: Final = 10_000  # of a large result that are in memory at once
_log = structlog.get_logger()


ReadPayloads = Callable[[Session, Collection, Sequence[int] | None], Payloads]
"""Reads the payloads of those of the person keys that exist; of everybody where they are None."""


class TemplateFeed:
    """Reads what changed for a replica: each touched person's templates, fused, in one snapshot,
    and in the same snapshot their payloads where ``read_payloads`` is given.
    """

    def __init__(
        self, database: Database, contract: Contract, read_payloads: ReadPayloads | None = None
    ) -> None:
        self._database = database
        self._contract = contract
        self._read_payloads = read_payloads

    def since(
        self, collection_key: int, revision: int | None, *, all_payloads: bool = False
    ) -> Delta:
        """All that changed after ``revision``; everything there is where it is None, or where the
        log does not reach back so far. With ``all_payloads`` the payloads are of everybody, and
        not only of those who changed.

        ``NotFound`` when the collection is no more, ``ContractMismatch`` when it was switched.
        """
        with self._database.read(long_running=True) as session:
            delta = read_delta(session, collection_key, revision, self._contract)
            if self._read_payloads is None:
                return delta
            touched = np.concatenate([delta.gone, delta.people.owners]).tolist()
            of_whom = None if all_payloads or delta.whole else touched
            owner = _owner(session, collection_key)
            try:
                payloads = self._read_payloads(session, owner, of_whom)
            except ValueError as error:  # a damaged row; searches that ask SQL do without it
                _log.warning("payloads.unreadable", collection=owner.id, reason=str(error))
                return delta
        return replace(delta, payloads=payloads)

    def positions(self) -> list[CollectionPosition]:
        """The position of every collection of this service's contract."""
        query = select(Collection.key, Collection.id, Position.epoch, Position.revision)
        query = query.join(Collection.position)
        query = query.where(Collection.contract_id == self._contract.id)
        with self._database.read() as session:
            return [CollectionPosition(*row) for row in session.execute(query)]

    def people_of(self, collection_key: int) -> tuple[str, int, int]:
        """Epoch, revision, and how many persons have templates."""
        persons = select(func.count(Face.person_key.distinct()))
        with self._database.read() as session:
            owner = _owner(session, collection_key)
            count = session.scalar(persons.where(Face.collection_key == collection_key)) or 0
        return owner.epoch, owner.revision, count


def read_delta(
    session: Session, collection_key: int, revision: int | None, contract: Contract
) -> Delta:
    """The answer of ``TemplateFeed.since``, as the session sees it."""
    owner = _owner(session, collection_key)
    if owner.contract_id != contract.id:  # its rows may even be of another length
        raise repository.mismatch(owner.id, owner.contract_id, contract.id)
    touched = touched_since(session, owner.position, revision)
    people = _fused(session, collection_key, touched, contract.dimension)
    windows = _windows(session, collection_key, touched)
    starts, ends = _validity(people.owners, windows)
    gone: Keys = np.setdiff1d(np.array(touched or [], np.int64), people.owners)
    return Delta(
        epoch=owner.epoch,
        revision=owner.revision,
        whole=touched is None,
        people=people,
        valid_from=starts,
        valid_until=ends,
        gone=gone,
    )


def _owner(session: Session, collection_key: int) -> Collection:
    found = session.scalar(select(Collection).where(Collection.key == collection_key))
    if found is None:
        raise NotFound("The collection was deleted while this request ran.")
    return found


def parts(touched: Sequence[int] | None) -> Sequence[Sequence[int] | None]:
    """Databases limit the parameters of a statement; None is everybody, without any."""
    if touched is None:
        return [None]
    return [touched[start : start + 500] for start in range(0, len(touched), 500)]


def _fused(
    session: Session, collection_key: int, touched: list[int] | None, dimension: int
) -> Fused:
    """The fused persons, read in parts of some thousands of templates: the rows of a million people
    at once would take four times the memory of their vectors.
    """
    fused = [fuse_persons(np.empty((0, dimension), np.float32), np.empty(0, np.int64))]
    rest: list[Row[int, bytes]] = []
    for rows in _faces(session, collection_key, touched):
        rest += rows
        last = rest[-1][0]  # may have more templates in the next part
        whole = bisect_left(rest, last, key=itemgetter(0))
        fused.append(_fuse(rest[:whole], dimension))
        rest = rest[whole:]
    fused.append(_fuse(rest, dimension))
    return Fused(
        np.concatenate([each.owners for each in fused]),
        np.concatenate([each.vectors for each in fused]),
        np.concatenate([each.templates for each in fused]),
    )


def _fuse(rows: Sequence[Row[int, bytes]], dimension: int) -> Fused:
    owners = np.array([row[0] for row in rows], np.int64)
    return fuse_persons(unpack([row[1] for row in rows], dimension), owners)


def _faces(
    session: Session, collection_key: int, touched: list[int] | None
) -> Iterator[Sequence[Row[int, bytes]]]:
    """Person and template, by person, in parts."""
    # Of templates that cancel out the first counts.
    query = select(Face.person_key, Face.embedding).order_by(Face.person_key, Face.id)
    query = query.execution_options(yield_per=_ROWS)
    for part in parts(None if touched is None else sorted(touched)):
        # Of persons the collection is known; where it is asked for as well, SQLite reads all of it.
        mine = Face.collection_key == collection_key if part is None else Face.person_key.in_(part)
        yield from session.connection().execute(query.where(mine)).partitions()


def _windows(
    session: Session, collection_key: int, touched: list[int] | None
) -> list[Row[int, datetime | None, datetime | None]]:
    """Person, from when, until when; of those alone who have a bound."""
    query = select(Person.key, Person.valid_from, Person.valid_until).where(
        Person.collection_key == collection_key,
        or_(Person.valid_from.is_not(None), Person.valid_until.is_not(None)),
    )
    rows: list[Row[int, datetime | None, datetime | None]] = []
    for part in parts(touched):
        some = query if part is None else query.where(Person.key.in_(part))
        rows += session.execute(some).all()
    return rows


def _validity(
    owners: Keys, windows: Sequence[Row[int, datetime | None, datetime | None]]
) -> tuple[Keys, Keys]:
    """From when and until when each of ``owners`` is valid; most have no ``windows``."""
    starts = np.full(len(owners), ALWAYS, np.int64)
    ends = np.full(len(owners), FOREVER, np.int64)
    place = {key: row for row, key in enumerate(owners.tolist())}
    for key, start, end in windows:
        row = place.get(key)
        if row is not None:  # else a person without templates
            starts[row], ends[row] = window(start, end)
    return starts, ends


def window(start: datetime | None, end: datetime | None) -> tuple[int, int]:
    """From when until when somebody is valid, in microseconds since 1970 (UTC)."""
    return (
        ALWAYS if start is None else microseconds(start),
        FOREVER if end is None else microseconds(end),
    )
