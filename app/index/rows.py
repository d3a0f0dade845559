"""Which row each integer key has."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

NO_ROW: Final = -1
_FEW: Final = 1024

Keys = NDArray[np.int64]


class RowMap:
    """Keys and their rows: 12 bytes a key in two sorted arrays, and a dictionary of newer keys. A
    dictionary alone takes 110 bytes a key (measured). Not thread-safe.
    """

    def __init__(self) -> None:
        self._keys = np.empty(0, np.int64)
        self._rows = np.empty(0, np.int32)
        self._recent: dict[int, int] = {}

    def find(self, keys: Keys) -> NDArray[np.int64]:
        """The row of each of ``keys`` (n,); ``NO_ROW`` where it has none. O(n log N)."""
        places = self._places(keys)
        there = places < len(self._keys)
        there[there] = self._keys[places[there]] == keys[there]
        rows = np.full(len(keys), NO_ROW, np.int64)
        rows[there] = self._rows[places[there]]
        if self._recent:
            for each in np.flatnonzero(~there).tolist():
                rows[each] = self._recent.get(int(keys[each]), NO_ROW)
        return rows

    def set(self, keys: Keys, rows: NDArray[np.int64]) -> None:
        """Give each of ``keys`` (n,), each once, its row of ``rows`` (n,); ``NO_ROW`` takes it out.

        O(n log N), and now and then O(N).
        """
        places = self._places(keys)
        there = places < len(self._keys)
        there[there] = self._keys[places[there]] == keys[there]
        self._rows[places[there]] = rows[there]
        new, their = keys[~there], rows[~there]
        if not self._recent and len(new) > _FEW and self._follow(new):
            self._append(new, their)
        elif len(self._recent) + len(new) > max(_FEW, len(self._keys) // 8):
            self._merge(new, their)
        else:
            self._recent.update(zip(new.tolist(), their.tolist(), strict=True))

    def _places(self, keys: Keys) -> NDArray[np.intp]:
        return np.searchsorted(self._keys, keys)

    def _follow(self, new: Keys) -> bool:
        """Whether the ``new`` keys (n,) ascend, from above the last one on."""
        return bool((np.diff(new) > 0).all()) and not (len(self._keys) and new[0] <= self._keys[-1])

    def _append(self, new: Keys, their: NDArray[np.int64]) -> None:
        """In place, as a gallery is read in parts: O(n)."""
        there = len(self._keys)
        for array, more in ((self._keys, new), (self._rows, their)):
            array.resize(there + len(new), refcheck=False)
            array[there:] = more

    def _merge(self, new: Keys, their: NDArray[np.int64]) -> None:
        """Sort the recent keys in, and then the ``new`` ones (n,) with ``their`` rows (n,)."""
        count = len(self._recent)
        recent = np.fromiter(self._recent.keys(), np.int64, count)
        rows = np.fromiter(self._recent.values(), np.int32, count)
        keys = np.concatenate([self._keys, recent, new])
        rows = np.concatenate([self._rows, rows, their.astype(np.int32)])
        order = np.argsort(keys, kind="stable")
        keys, rows = keys[order], rows[order]
        is_last = np.append(keys[1:] != keys[:-1], True)[: len(keys)]
        kept = is_last & (rows != NO_ROW)
        self._keys, self._rows, self._recent = keys[kept], rows[kept], {}
