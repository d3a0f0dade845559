"""Writes an archive of one snapshot of the database, while services go on writing."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.orm import Session

from app.core.clock import Clock
from app.core.db import Database
from app.errors import Conflict, NotReady
from app.gallery import repository
from app.gallery.models import Collection
from app.maintenance.archive import ArchiveWriter, Progress, Row, archive_on, new_archive
from app.maintenance.check_sql import references
from app.maintenance.manifest import CollectionEntry, Contents, Manifest
from app.maintenance.tables import carried, carried_columns, count, of_collection, read
from app.trail.recording import record
from app.trail.repository import newest_of_site
from migrations import current

_MADE: Final = "backup.made"
_ALL: Final = "all"
_Part = tuple[Table, ColumnElement[bool] | None]


def backup(
    database: Database,
    file: Path,
    *,
    collection_id: str | None,
    made_at: datetime,
    progress: Progress,
) -> Manifest:
    """Write everything, or one collection without any keys, to ``file``, whole or not at all.

    ``NotFound`` where there is no such collection; ``Conflict`` where rows refer to missing rows;
    ``ArchiveError`` where the file cannot be written.
    """
    with new_archive(file) as writer:
        return _write(writer, database, collection_id, made_at=made_at, progress=progress)


class BackupService:
    """Makes backups that are sent to clients. Thread-safe.

    ``folder`` takes the file while it is written and sent. The file has no name, so that nothing of
    it is left there, however the process ends.
    """

    def __init__(self, database: Database, clock: Clock, folder: Path) -> None:
        self._database = database
        self._clock = clock
        self._folder = folder

    @contextmanager
    def made(self, collection_id: str | None) -> Iterator[IO[bytes]]:
        """The archive of everything, or of one collection without any keys, to be read once. It is
        in the audit: a backup holds all biometric data. ``NotReady`` where it cannot be written.
        """
        now = self._clock.now()
        try:
            stream = self._written(collection_id, now)
        except OSError as error:
            raise NotReady(
                f"The backup cannot be written where the service keeps its data: {error.strerror}. "
                "Make room there, or write it elsewhere with `kith backup`."
            ) from None
        with stream:
            with self._database.write() as session:
                record(session, None, _MADE, ("backup", collection_id or _ALL), now=now)
            yield stream

    def last(self) -> datetime | None:
        """When a backup of everything was last made here, as far as the audit goes back."""
        with self._database.read() as session:
            return newest_of_site(session, _ALL, _MADE)

    def _written(self, collection_id: str | None, now: datetime) -> IO[bytes]:
        with ExitStack() as opened:
            stream = opened.enter_context(TemporaryFile(dir=self._folder))
            with archive_on(stream) as writer:
                _write(writer, self._database, collection_id, made_at=now, progress=_unwatched)
            opened.pop_all()
        stream.seek(0)
        return stream


def _write(
    writer: ArchiveWriter,
    database: Database,
    collection_id: str | None,
    *,
    made_at: datetime,
    progress: Progress,
) -> Manifest:
    with database.read(long_running=True) as session:
        _check_references(session)
        collections = _collections(session, collection_id)
        parts = _parts(None if collection_id is None else collections[0])
        with progress(sum(count(session, *part) for part in parts)) as step:
            for table, where in parts:
                names = [column.name for column in carried_columns(table)]
                writer.table(table.name, names, _counted(read(session, table, where), step))
        contents = Contents(
            kith=version("kith"),
            schema_revision=str(current(session.connection())),
            made_at=made_at.isoformat(),
            whole=collection_id is None,
            collections=_entries(session, collections),
        )
    return writer.finish(contents)


def _unwatched(rows: int) -> AbstractContextManager[Callable[[int], None]]:
    """The ``Progress`` that nobody sees."""
    del rows
    return nullcontext(lambda _done: None)


def _check_references(session: Session) -> None:
    """``Conflict`` where a row refers to a missing one: the archive could not be restored."""
    for finding in references(session):
        raise Conflict(
            f"The database is damaged: of {finding.where}, {finding.what}. `kith check --repair` "
            "removes them; then back up again."
        )


def _collections(session: Session, collection_id: str | None) -> Sequence[Collection]:
    if collection_id is not None:
        return [repository.get_collection(session, collection_id)]
    return session.scalars(select(Collection).order_by(Collection.key)).all()


def _parts(only: Collection | None) -> list[_Part]:
    """Each table with the condition for its rows. One collection's archive has only tables whose
    rows belong to a collection.
    """
    if only is None:
        return [(table, None) for table in carried()]
    parts = [(table, of_collection(table, only.key)) for table in carried()]
    return [(table, where) for table, where in parts if where is not None]


def _entries(session: Session, collections: Sequence[Collection]) -> list[CollectionEntry]:
    counts = repository.counts(session, [row.key for row in collections])
    return [
        CollectionEntry(
            id=row.id,
            contract_id=row.contract_id,
            revision=row.revision,
            persons=counts[row.key][0],
            faces=counts[row.key][1],
        )
        for row in collections
    ]


def _counted(batches: Iterator[list[Row]], step: Callable[[int], None]) -> Iterator[list[Row]]:
    for batch in batches:
        yield batch
        step(len(batch))
