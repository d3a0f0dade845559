"""Gives rows that move into another database keys and ids that are free there."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Table, UniqueConstraint, select
from sqlalchemy.orm import Session

from app.core.ids import new_id
from app.errors import ArchiveError
from app.maintenance.archive import Row


class Renumbering:
    """Maps the keys of one table's rows in an archive to their new keys; 16 bytes for each row."""

    def __init__(self) -> None:
        self._old = array("q")
        self._new = array("q")

    def add(self, old: Sequence[int], new: Sequence[int]) -> None:
        """Add rows in the order of the archive, which is the order of their old keys."""
        for before, after in zip(old, new, strict=True):
            if self._old and before <= self._old[-1]:
                raise ArchiveError("The backup's rows are not in the order of their keys.")
            self._old.append(before)
            self._new.append(after)

    def get(self, old: int) -> int | None:
        """The new key; None for a row that did not move."""
        place = bisect_left(self._old, old)
        if place == len(self._old) or self._old[place] != old:
            return None
        return self._new[place]


def free_ids(session: Session, table: Table, rows: list[Row]) -> None:
    """Draw new values, in ``rows``, for the columns unique in the table whose value is taken.

    Only ids that Kith draws are unique in a whole table; an id that clients choose is unique in its
    collection.
    """
    for column in _unique_columns(table):
        wanted = [row[column.name] for row in rows]
        taken = set(session.scalars(select(column).where(column.in_(wanted))))
        for row in rows:
            if row[column.name] in taken:
                row[column.name] = new_id(row[column.name].rpartition("-")[0])


def _unique_columns(table: Table) -> list[Column[Any]]:
    found = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
    return [column for each in found if len(each.columns) == 1 for column in each.columns]
