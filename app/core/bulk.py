"""Fills or empties a whole database; SQLite and PostgreSQL need different steps for it."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Table, func, select, text
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
