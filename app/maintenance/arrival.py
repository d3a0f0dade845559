"""The rows of one collection of an archive, on their way into a database that may hold others."""

from collections.abc import Iterator

from sqlalchemy import Table
from sqlalchemy.orm import Session

from app.core.bulk import insert_rows, new_keys
from app.maintenance.archive import Row
from app.maintenance.renumber import Renumbering, free_ids
from app.maintenance.tables import COLLECTIONS


class Arrival:
    """Adds one collection's rows. Each gets a new key, and references to it are changed as well."""

    def __init__(self, session: Session, old_id: str, new_id: str) -> None:
        self._session = session
        self._old_id = old_id
        self._new_id = new_id
        self._keys: dict[Table, Renumbering] = {}

    def add(self, table: Table, rows: list[Row]) -> None:
        """Add the ``rows`` that belong to the collection."""
        keys = self._keys.setdefault(table, Renumbering())
        mine = list(self._mine(table, rows))
        own = table.autoincrement_column
        if not mine:
            return
        if table is not COLLECTIONS:  # its id was chosen
            free_ids(self._session, table, mine)
        if own is None:
            insert_rows(self._session, table, mine)
            return
        old, new = [row[own.name] for row in mine], new_keys(self._session, table, len(mine))
        keys.add(old, new)
        for row, key in zip(mine, new, strict=True):
            row[own.name] = key
        insert_rows(self._session, table, mine)

    def _mine(self, table: Table, rows: list[Row]) -> Iterator[Row]:
        for row in rows:
            if table is COLLECTIONS:
                if row["id"] == self._old_id:
                    yield row | {"id": self._new_id}
            elif self._renumber(table, row):
                yield row

    def _renumber(self, table: Table, row: Row) -> bool:
        """Let the row refer to new keys; False where a row that it refers to was not added."""
        for link in table.foreign_keys:
            name = link.parent.name
            if row[name] is None:
                continue
            new = self._keys[link.column.table].get(row[name])
            if new is None:
                return False
            row[name] = new
        return True
