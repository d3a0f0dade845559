"""The slow obvious twin of ``flat``: a dictionary and numpy. The tests hold every index to it."""

import numpy as np

from app.index.base import Keys, Neighbours, Vectors
from app.index.slots import SlotTable


class ReferenceIndex:
    """One dictionary entry a key; every search multiplies everything and sorts it."""

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._rows: dict[int, Vectors] = {}
        self.table = SlotTable({})

    def __len__(self) -> int:
        return len(self._rows)

    def put(self, keys: Keys, vectors: Vectors) -> None:
        """Insert or replace each key."""
        self.table.place(keys)
        for key, vector in zip(keys.tolist(), vectors, strict=True):
            self._rows[key] = np.array(vector, np.float32)

    def remove(self, keys: Keys) -> None:
        """Drop each key that is there."""
        self.table.remove(keys)
        for key in keys.tolist():
            self._rows.pop(key, None)

    def get(self, keys: Keys) -> Vectors:
        """The vector of each of ``keys``."""
        stacked = np.array([self._rows[key] for key in keys.tolist()], np.float32)
        return stacked.reshape(-1, self._dimension)

    def search(self, queries: Vectors, k: int) -> Neighbours:
        """Sort all similarities of each query, best first."""
        keys = np.fromiter(self._rows, np.int64, len(self._rows))
        stacked = np.array(list(self._rows.values()), np.float32).reshape(-1, self._dimension)
        similarities = queries @ stacked.T
        order = np.argsort(-similarities, axis=1, kind="stable")[:, :k]
        return Neighbours(keys[order], np.take_along_axis(similarities, order, axis=1))

    def search_among(self, queries: Vectors, k: int, keys: Keys) -> Neighbours:
        """Search in a smaller one."""
        smaller = ReferenceIndex(self._dimension)
        smaller.put(keys, self.get(keys))
        return smaller.search(queries, k)

    def tend(self) -> bool:
        """Nothing is left to do."""
        return False

    @property
    def engine(self) -> str:
        """The name of the engine."""
        return "reference"
