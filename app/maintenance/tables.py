"""The tables of an archive and the form of their rows, derived from the models' metadata."""

import base64
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, ForeignKey, LargeBinary, Table, func, select
from sqlalchemy.orm import Session

from app.core.bulk import is_archived
from app.core.db import Base, Utc
from app.errors import ArchiveError
from app.gallery.models import Collection
from app.maintenance import former
from app.maintenance.archive import BATCH, Archive, Row

COLLECTIONS = Base.metadata.tables[Collection.__tablename__]


def everything() -> list[Table]:
    """All tables; a table comes after those that it refers to."""
    return Base.metadata.sorted_tables


def carried() -> list[Table]:
    """The tables that an archive holds."""
    return [table for table in everything() if is_archived(table)]


def carried_columns(table: Table) -> list[Column[Any]]:
    """The columns that an archive holds."""
    return [column for column in table.columns if is_archived(column)]


def of_collection(table: Table, key: int) -> ColumnElement[bool] | None:
    """The condition for rows that belong to the collection ``key``, directly or through other
    tables; None where no row of the table belongs to a collection.
    """
    if table is COLLECTIONS:
        return table.c.key == key
    for link in _links(table):
        if link.column.table is COLLECTIONS:
            return link.parent == key
        if (theirs := of_collection(link.column.table, key)) is not None:
            return link.parent.in_(select(link.column).where(theirs))
    return None


def count(session: Session, table: Table, where: ColumnElement[bool] | None) -> int:
    """Number of rows of ``table``, of those only that meet ``where``."""
    query = select(func.count()).select_from(table)
    return session.scalar(query if where is None else query.where(where)) or 0


def read(session: Session, table: Table, where: ColumnElement[bool] | None) -> Iterator[list[Row]]:
    """Batches of rows in the form of an archive, in the order of their keys."""
    query = select(*carried_columns(table)).order_by(*table.primary_key.columns)
    if where is not None:
        query = query.where(where)
    found = session.execute(query.execution_options(yield_per=BATCH)).mappings()
    for batch in found.partitions():
        yield [{name: _written(value) for name, value in row.items()} for row in batch]


def rows_of(archive: Archive, table: Table) -> Iterator[list[Row]]:
    """A table's rows of an archive, in batches, in the form that the database takes."""
    columns = carried_columns(table)
    readers = [(each.name, read) for each in columns if (read := _reader(each)) is not None]
    unknown = former.COLUMNS.get(table.name, set())
    for batch in former.batches(archive, table.name):
        for row in batch:
            for name in unknown & row.keys():
                del row[name]
            for name, read in readers:
                if row.get(name) is not None:
                    row[name] = read(row[name])
        yield batch


def check_fits(archive: Archive) -> None:
    """``ArchiveError`` where the archive has tables or columns unknown to this version, or lacks a
    column that this version needs.

    A missing table stays empty, and another missing column takes its default.
    """
    tables = {table.name: table for table in carried()}
    for name, entry in archive.manifest.tables.items():
        if name in former.TABLES:
            continue
        columns = (
            {column.name: column for column in carried_columns(tables[name])}
            if name in tables
            else {}
        )
        if unknown := set(entry.columns) - columns.keys() - former.COLUMNS.get(name, set()):
            raise _misfit(archive, f"has {_listed(name, unknown)}, unknown here")
        if lacking := {
            each for each in columns.keys() - set(entry.columns) if _needed(columns[each])
        }:
            raise _misfit(archive, f"lacks {_listed(name, lacking)}")


def _links(table: Table) -> Sequence[ForeignKey]:
    """The foreign keys of ``table``; one that refers to collections comes first."""
    return sorted(
        table.foreign_keys,
        key=lambda link: (link.column.table is not COLLECTIONS, link.parent.name),
    )


def _written(value: Any) -> Any:  # noqa: ANN401 - any column's value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


def _reader(column: Column[Any]) -> Callable[[Any], Any] | None:
    """The function that turns an archived value into the column's; None where they are the same."""
    if isinstance(column.type, LargeBinary):
        return base64.b64decode
    if isinstance(column.type, Utc):
        return datetime.fromisoformat
    return None


def _needed(column: Column[Any]) -> bool:
    return not (column.nullable or column.default is not None or column.server_default is not None)


def _listed(table: str, columns: set[str]) -> str:
    return ", ".join(f"{table}.{column}" for column in sorted(columns))


def _misfit(archive: Archive, what: str) -> ArchiveError:
    made_by = f"Kith {archive.manifest.kith}, schema {archive.manifest.schema_revision}"
    return ArchiveError(f"The backup, made by {made_by}, {what}. Restore it with that Kith.")
