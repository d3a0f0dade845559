"""Restores an archive into an empty database, or one of its collections into any database.

Everything happens in one transaction. Every restored collection begins a new history at the
revision that the archive states: a new epoch and an empty change log, so that no replica and no
snapshot on disk takes it for the history that it followed before.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Table, delete, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth.binding import rebind
from app.core import notifications
from app.core.bulk import advance_keys, insert_rows, lock_tables
from app.core.db import Database
from app.core.ids import ID_PATTERN
from app.errors import AlreadyExists, ArchiveError, Conflict, InvalidRequest, NotFound
from app.feedback.repository import ensure_probe_counts
from app.gallery import repository
from app.gallery.models import Collection, Face
from app.maintenance import numbers
from app.maintenance.archive import Archive, Progress, Row
from app.maintenance.arrival import Arrival
from app.maintenance.manifest import CollectionEntry
from app.maintenance.recorded import TRAIL, former_chain, goes_on, record_command, record_import
from app.maintenance.tables import (
    carried,
    check_fits,
    count,
    everything,
    of_collection,
    rows_of,
)
from app.replication import history
from app.replication.history import Position
from app.trail.evidence_repository import names_pictures


@contextmanager
def _all_or_nothing(database: Database) -> Iterator[Session]:
    try:
        with database.write(long_running=True) as session:
            yield session
    except IntegrityError:
        raise ArchiveError(
            "The backup's rows contradict each other, or existing rows. Nothing was changed."
        ) from None


def restore(database: Database, archive: Archive, *, replace: bool, progress: Progress) -> None:
    """Restore everything in the archive, with the same keys and face numbers.

    ``Conflict`` where the database is not empty; with ``replace`` its rows are deleted first.
    """
    check_fits(archive)
    if not archive.manifest.whole:
        raise InvalidRequest("The backup is of one collection alone; `kith import` adds it.")
    with _all_or_nothing(database) as session:
        lock_tables(session, everything())
        if not replace:
            _check_empty(session)
        for table in reversed(everything()):
            session.execute(delete(table))
        with progress(archive.manifest.rows) as step:
            for table in carried():
                for rows in rows_of(archive, table):
                    insert_rows(session, table, _fresh(table, rows))
                    step(len(rows))
                advance_keys(session, table)
        numbers.advance(session)
        rebind(session)
        _begin_histories(session, archive.manifest.collections)
        _check_all_stated(session)
        # Into an empty database it comes as it was, but for sealed pictures: no archive holds them.
        if replace or names_pictures(session):
            record_command(session, None, "database.restored", made_at=archive.manifest.made_at)
        notifications.notify(session)  # also where the archive has no collection


def import_collection(
    database: Database,
    archive: Archive,
    *,
    collection_id: str | None,
    new_id: str | None,
    progress: Progress,
) -> CollectionEntry:
    """Add one collection of the archive, under new keys, to a database that may hold others.

    Returns its entry under its new id. ``collection_id`` may be left out where the archive has only
    one. ``AlreadyExists`` where its id, or ``new_id`` in place of it, is taken.
    """
    check_fits(archive)
    entry = _chosen(archive, collection_id)
    into = entry.model_copy(update={"id": entry.id if new_id is None else new_id})
    if re.fullmatch(ID_PATTERN, into.id) is None:
        raise InvalidRequest(f"{into.id!r} is no id; one has the form {ID_PATTERN}.")
    with _all_or_nothing(database) as session:
        if session.scalar(select(exists().where(Collection.id == into.id))):
            raise AlreadyExists(
                f"There is a collection {into.id!r} already; --as gives another id."
            )
        with progress(archive.manifest.rows) as step:
            arrival = Arrival(session, entry.id, into.id)
            former = former_chain(archive, entry.id)
            left_out = frozenset() if goes_on(session, former, into) else TRAIL
            for table in carried():
                if of_collection(table, 0) is None or table.name in left_out:
                    continue
                for rows in rows_of(archive, table):
                    arrival.add(table, _fresh(table, rows))
                    step(len(rows))
        numbers.advance(session)
        _begin_histories(session, [into])
        record_import(session, former, into)
    return into


def _fresh(table: Table, rows: list[Row]) -> list[dict[str, Any]]:
    """The rows in the form that this version stores."""
    return numbers.numbered(rows) if table.name == Face.__tablename__ else rows


def _chosen(archive: Archive, collection_id: str | None) -> CollectionEntry:
    there = archive.manifest.collections
    if collection_id is None and len(there) == 1:
        return there[0]
    names = ", ".join(each.id for each in there) or "none"
    if collection_id is None:
        raise InvalidRequest(f"Say with --collection which one; the backup has {names}.")
    for each in there:
        if each.id == collection_id:
            return each
    raise NotFound(f"The backup has no collection {collection_id!r}; it has {names}.")


def _check_empty(session: Session) -> None:
    there = {table.name: count(session, table, None) for table in carried()}
    if any(there.values()):
        filled = ", ".join(
            f"{name.replace('_', ' ')} {rows:,}" for name, rows in there.items() if rows
        )
        raise Conflict(
            f"The database is not empty: it has {filled}. --replace restores in place of all that."
        )


def _begin_histories(session: Session, entries: Sequence[CollectionEntry]) -> None:
    """Begin the history of each restored collection at its revision, and check its counts against
    those that the archive states.
    """
    for entry in entries:
        found = select(Collection.key, Collection.contract_id).where(Collection.id == entry.id)
        row = session.execute(found).one_or_none()
        if row is None:
            raise ArchiveError(f"The backup states a collection {entry.id!r} and has none.")
        history.begin(session, row.key, revision=entry.revision)
        ensure_probe_counts(session, row.key, row.contract_id)
        _check_count(session, entry)


def _check_all_stated(session: Session) -> None:
    """``ArchiveError`` where a collection has no history: the manifest does not state it."""
    begun = exists().where(Position.collection_key == Collection.key)
    if unstated := session.scalars(select(Collection.id).where(~begun)).first():
        raise ArchiveError(f"The backup has a collection {unstated!r} that it does not state.")


def _check_count(session: Session, entry: CollectionEntry) -> None:
    row = repository.get_collection(session, entry.id)
    found = repository.counts(session, [row.key])[row.key]
    if found != (entry.persons, entry.faces):
        raise ArchiveError(
            f"The backup states {entry.persons} persons and {entry.faces} faces of {entry.id!r}, "
            f"but holds {found[0]} and {found[1]}. Nothing was changed."
        )
