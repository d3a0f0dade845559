"""Making, restoring and changing archives."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from app.bootstrap import Container
from app.core.db import Base, Database
from app.gallery.models import Collection
from app.maintenance.archive import new_archive, opened_archive
from app.maintenance.backup import backup
from app.maintenance.manifest import CollectionEntry, Contents, Manifest
from app.maintenance.restore import import_collection, restore
from app.recognition import render
from app.recognition.schemas.identification import IdentifyOptions
from migrations import upgrade
from tests.support.pictures import picture
from tests.support.services import unwatched

NOW = datetime(2026, 5, 4, 12, 30, 1, 234567, tzinfo=UTC)


def backed_up(database: Database, file: Path, collection: str | None = None) -> Manifest:
    return backup(database, file, collection_id=collection, made_at=NOW, progress=unwatched)


def restored(database: Database, file: Path, *, replace: bool = False) -> None:
    upgrade(database)
    with opened_archive(file, unwatched) as archive:
        restore(database, archive, replace=replace, progress=unwatched)


def imported(
    database: Database, file: Path, collection: str | None = None, *, new_id: str | None = None
) -> CollectionEntry:
    with opened_archive(file, unwatched) as archive:
        return import_collection(
            database, archive, collection_id=collection, new_id=new_id, progress=unwatched
        )


def answer(container: Container, collection: str, somebody: int) -> dict[str, object]:
    """All of an identification's answer but how long it took."""
    recognition = container.services.identification
    found = recognition.identify(collection, picture(somebody), IdentifyOptions(), request_id="r")
    return render.identification(found).model_dump(exclude={"timings_ms"})


def everything_in(database: Database) -> dict[str, int]:
    with database.read() as session:
        return {
            table.name: len(session.execute(select(table)).all())
            for table in Base.metadata.sorted_tables
        }


def altered(
    file: Path,
    alter: Callable[[str, list[str], list[dict[str, object]]], None],
    names: Mapping[str, str] | None = None,
    tables: Mapping[str, str] | None = None,
) -> Path:
    """The archive with its tables changed, sealed as if it had been made so; ``names`` of
    collections in its manifest by those that they had, and of ``tables``.
    """
    with opened_archive(file, unwatched) as archive:
        manifest = archive.manifest
        there = {
            name: (entry.columns, [row for batch in archive.batches(name) for row in batch])
            for name, entry in manifest.tables.items()
        }
    with new_archive(file) as writer:
        for name, (columns, rows) in there.items():
            alter(name, columns, rows)
            writer.table((tables or {}).get(name, name), columns, [rows])
        for entry in manifest.collections:
            entry.id = (names or {}).get(entry.id, entry.id)
        writer.finish(Contents(**manifest.model_dump(exclude={"format", "tables"})))
    return file


def positions(database: Database) -> dict[str, tuple[str, int, int]]:
    with database.read() as session:
        rows = session.scalars(select(Collection)).all()
        return {row.id: (row.epoch, row.revision, row.position.log_since) for row in rows}


def without(table: str, column: str) -> Callable[[str, list[str], list[dict[str, object]]], None]:
    def alter(name: str, columns: list[str], rows: list[dict[str, object]]) -> None:
        if name == table:
            columns.remove(column)
            for row in rows:
                del row[column]

    return alter
