"""Reads the faces table as vectors, and reads deltas for replicas."""

from bisect import bisect_left
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
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
from app.core.unreadable import Unreadable
from app.decision.fusion import Fused, fuse_persons, together
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


_Windows = tuple[Keys, Keys]
"""Persons (n,), ascending, and from when until when each is valid (n, 2)."""
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

    @contextmanager
    def since(
        self, collection_key: int, revision: int | None, *, all_payloads: bool = False
    ) -> Iterator[Iterator[Delta]]:
        """A block in which all that changed after ``revision`` is read: one delta. Everything there
        is, in one delta or more, where it is None, or where the log does not reach back so far.
        With ``all_payloads`` the payloads are of everybody, and not only of those who changed.

        ``NotFound`` when the collection is no more, ``ContractMismatch`` when it was switched.
        """
        with self._database.read(long_running=True) as session:
            deltas = read_deltas(session, collection_key, revision, self._contract)
            parts = self._with_payloads(session, collection_key, deltas, all_payloads=all_payloads)
            with closing(parts):
                yield parts

    def _with_payloads(
        self, session: Session, collection_key: int, deltas: Iterator[Delta], *, all_payloads: bool
    ) -> Generator[Delta]:
        """``deltas``, the last of them with payloads, where any are read."""
        if self._read_payloads is None:
            yield from deltas
            return
        last = next(deltas)
        for delta in deltas:
            yield last
            last = delta
        touched = np.concatenate([last.gone, last.people.owners]).tolist()
        of_whom = None if all_payloads or last.whole else touched
        owner = _owner(session, collection_key)
        try:
            payloads = self._read_payloads(session, owner, of_whom)
        except ValueError as error:  # a damaged row; searches that ask SQL do without it
            _log.warning("payloads.unreadable", collection=owner.id, reason=str(error))
            yield last
        else:
            yield replace(last, payloads=payloads)

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


def read_deltas(
    session: Session, collection_key: int, revision: int | None, contract: Contract
) -> Iterator[Delta]:
    """The deltas of ``TemplateFeed.since`` without payloads, as the session sees them."""
    owner = _owner(session, collection_key)
    if owner.contract_id != contract.id:  # its rows may even be of another length
        raise repository.mismatch(owner.id, owner.contract_id, contract.id)
    touched = touched_since(session, owner.position, revision)
    windows = _windows(session, collection_key, touched)
    fused = _fused(session, collection_key, touched, contract.dimension)
    for people in fused if touched is None else [together(list(fused))]:
        starts, ends = _validity(people.owners, windows)
        gone: Keys = np.setdiff1d(np.array(touched or [], np.int64), people.owners)
        yield Delta(
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
) -> Iterator[Fused]:
    """The fused persons in parts of some thousands of templates, one at least. The rows of a
    million people at once would take four times the memory of their vectors.
    """
    rest: list[Row[int, bytes]] = []
    for rows in _faces(session, collection_key, touched):
        rest += rows
        last = rest[-1][0]  # may have more templates in the next part
        whole = bisect_left(rest, last, key=itemgetter(0))
        if whole:
            yield _fuse(rest[:whole], dimension)
        rest = rest[whole:]
    yield _fuse(rest, dimension)


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
        with session.connection().execute(query.where(mine)) as rows:
            yield from rows.partitions()


def _windows(session: Session, collection_key: int, touched: list[int] | None) -> _Windows:
    """Those of all people, or of the ``touched``, who have a bound."""
    query = select(Person.key, Person.valid_from, Person.valid_until).where(
        Person.collection_key == collection_key,
        or_(Person.valid_from.is_not(None), Person.valid_until.is_not(None)),
    )
    rows: list[Row[int, datetime | None, datetime | None]] = []
    for part in parts(touched):
        some = query if part is None else query.where(Person.key.in_(part))
        rows += session.execute(some).all()
    rows.sort(key=itemgetter(0))
    bounds = np.array([window(*row[1:]) for row in rows], np.int64).reshape(-1, 2)
    return np.array([row[0] for row in rows], np.int64), bounds


def _validity(owners: Keys, windows: _Windows) -> tuple[Keys, Keys]:
    """From when and until when each of ``owners`` is valid; most have no window."""
    starts = np.full(len(owners), ALWAYS, np.int64)
    ends = np.full(len(owners), FOREVER, np.int64)
    keys, bounds = windows
    places = np.searchsorted(keys, owners)
    there = places < len(keys)
    there[there] = keys[places[there]] == owners[there]
    starts[there], ends[there] = bounds[places[there]].T
    return starts, ends


def window(start: datetime | None, end: datetime | None) -> tuple[int, int]:
    """From when until when somebody is valid, in microseconds since 1970 (UTC): until 1970, so not
    now, where one of the two cannot be read.
    """
    if isinstance(start, Unreadable) or isinstance(end, Unreadable):
        return ALWAYS, 0
    return (
        ALWAYS if start is None else microseconds(start),
        FOREVER if end is None else microseconds(end),
    )
