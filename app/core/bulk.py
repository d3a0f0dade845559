"""Fills or empties a whole database; SQLite and PostgreSQL need different steps for it."""

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Column, Dialect, Table, func, insert, select, text
from sqlalchemy.orm import Session

NOT_ARCHIVED: Final = {"archived": False}
"""The ``info`` of tables and columns that have a meaning in one database only: no archive holds
them, and a restored database starts without them."""


def is_archived(part: object) -> bool:
    """Whether a table or a column goes into an archive."""
    return bool(getattr(part, "info", {}).get("archived", True))


def lock_tables(session: Session, tables: Iterable[Table]) -> None:
    """Lock ``tables`` against other writers until the transaction ends; readers go on.

    On SQLite that is so in every writing transaction.
    """
    if session.get_bind().dialect.name == "postgresql":
        names = ", ".join(table.name for table in tables)
        session.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))


def new_keys(session: Session, table: Table, rows: int) -> Sequence[int]:
    """``rows`` keys for new rows; no row has or had one of them. The caller's transaction inserts
    the rows: on SQLite nobody else can insert until it ends.

    Where the database draws the keys, rows are inserted one by one: SQLite returns them in any
    order.
    """
    column = table.autoincrement_column
    if column is None:
        raise ValueError(f"{table.name} has no keys of its own")
    if session.get_bind().dialect.name == "postgresql":
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        each = func.generate_series(1, rows).table_valued("row")
        return session.scalars(select(func.nextval(sequence)).select_from(each)).all()
    drawn = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    last = session.scalar(drawn, {"name": table.name}) or 0
    return range(last + 1, last + 1 + rows)


def insert_rows(session: Session, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert ``rows``, one or more, all of the same columns. Where these are every column, it takes
    half the time of SQLAlchemy's own way.
    """
    if rows[0].keys() != set(table.columns.keys()):  # others have defaults
        session.execute(insert(table), rows)
        return
    connection = session.connection()
    statement = insert(table).compile(dialect=connection.dialect, column_keys=list(rows[0]))
    names = statement.positiontup or list(rows[0])
    values = zip(*(_stored(table.c[name], rows, connection.dialect) for name in names), strict=True)
    if statement.positional:
        connection.exec_driver_sql(str(statement), list(values))
    else:
        each = [dict(zip(names, row, strict=True)) for row in values]
        connection.exec_driver_sql(str(statement), each)


def _stored(column: Column[Any], rows: Sequence[dict[str, Any]], dialect: Dialect) -> Iterable[Any]:
    """The column's values as the driver takes them."""
    values = map(itemgetter(column.name), rows)
    process = column.type.dialect_impl(dialect).bind_processor(dialect)
    return values if process is None else map(process, values)


def advance_keys(session: Session, table: Table) -> None:
    """After rows were inserted with their keys: no new row gets a key that was there before.

    SQLite's AUTOINCREMENT sees to that itself.
    """
    column = table.autoincrement_column
    if column is None or session.get_bind().dialect.name != "postgresql":
        return
    sequence = func.pg_get_serial_sequence(table.name, column.name)
    last = session.scalar(select(func.max(column))) or 0
    session.execute(select(func.setval(sequence, func.greatest(last, func.nextval(sequence)))))
