"""Rows under integer keys, in arrays without holes.

``IndexIDMap2(IndexFlatIP)`` needs 5 ms to remove one of 100 k vectors and 64 ms of 1 M, and takes
the same id twice (measured). Here a removal moves the last row into the hole, so that adding and
removing cost as much as the row is long, whatever the size.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from app.index.rows import NO_ROW, Keys, RowMap

_FIRST_CAPACITY: Final = 64
_PART: Final = 4096  # rows that are changed at a time


Column = tuple[DTypeLike, tuple[int, ...]]
"""The type of a column, and the shape of a row of it."""


class SlotTable:
    """Named columns of equal length; each is an array of (len, *shape). Not thread-safe."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._map = RowMap()
        self._count = 0
        self._keys = np.empty(_FIRST_CAPACITY, np.int64)
        self._columns: dict[str, NDArray[Any]] = {}
        self.add(columns)

    def add(self, columns: Mapping[str, Column]) -> None:
        """Add ``columns`` to a table that is empty."""
        for name, (dtype, shape) in columns.items():
            self._columns[name] = np.empty((len(self._keys), *shape), dtype)

    def __len__(self) -> int:
        return self._count

    @property
    def keys(self) -> Keys:
        """The key of each row (len,)."""
        return self._keys[: len(self)]

    def column(self, name: str) -> NDArray[Any]:
        """A column's rows (len, *shape): a view to be read, true until the next change."""
        return self._columns[name][: len(self)]

    def write(self, name: str, rows: NDArray[np.int64], values: NDArray[Any]) -> None:
        """Give ``rows`` (n,) these ``values`` (n, ...) of a column."""
        self._columns[name][rows] = values

    def there(self, keys: Keys) -> Keys:
        """Those of ``keys`` (n,) that are there."""
        return np.asarray(keys[self._map.find(keys) != NO_ROW], np.int64)

    def rows(self, keys: Keys) -> NDArray[np.int64]:
        """The row of each of ``keys`` (n,); ``KeyError`` where one is not there."""
        rows = self._map.find(keys)
        if (rows == NO_ROW).any():
            raise KeyError(int(keys[rows == NO_ROW][0]))
        return rows

    def place(self, keys: Keys) -> NDArray[np.int64]:
        """Insert those of ``keys`` (n,), each once, that are not there. The values of their rows
        are yet to be written.

        Returns the row of each (n,): new ones follow the last row in their order.
        """
        rows = self._map.find(keys)
        new = rows == NO_ROW
        count = len(self) + int(np.count_nonzero(new))
        rows[new] = np.arange(len(self), count)
        self._reserve(count)
        self._map.set(keys[new], rows[new])
        self._count = count
        self._keys[rows] = keys
        return rows

    def remove(self, keys: Keys) -> list[int]:
        """Take out ``keys`` (n,); a key that is not there is no error.

        Returns the rows that were emptied, in this order: into each the last row of that moment
        moved, unless it was the last itself.
        """
        holes = []
        for key in self.there(keys):
            hole = int(self._map.find(key[None])[0])
            if hole == NO_ROW:
                continue  # twice in the list
            last = self._count = self._count - 1
            moved = self._keys[last : last + 1]
            self._map.set(moved, np.array([hole]))
            self._map.set(key[None], np.array([NO_ROW]))  # after it: the last may be the one
            for column in (self._keys, *self._columns.values()):
                column[hole] = column[last]
            holes.append(hole)
        return holes

    def recast(
        self, name: str, dtype: DTypeLike, change: Callable[[NDArray[Any]], NDArray[Any]]
    ) -> None:
        """Keep a column in another type; ``change`` gives the values (n, ...) of n rows in it."""
        was = self._columns[name]
        column = np.empty(was.shape, dtype)
        for start in range(0, len(self), _PART):
            part = slice(start, min(start + _PART, len(self)))
            column[part] = change(was[part])
        self._columns[name] = column

    def _reserve(self, count: int) -> None:
        """Grow by doubling, so that n additions copy each row a constant number of times."""
        capacity = len(self._keys)
        if count <= capacity:
            return
        while capacity < count:
            capacity *= 2
        self._keys = _grown(self._keys, capacity)
        self._columns = {name: _grown(each, capacity) for name, each in self._columns.items()}


def _grown(rows: NDArray[Any], capacity: int) -> NDArray[Any]:
    larger = np.empty((capacity, *rows.shape[1:]), rows.dtype)
    larger[: len(rows)] = rows
    return larger
