"""The exact index: a slot table of our own, searched by FAISS."""

from typing import Final

import faiss
import numpy as np

from app.index.base import Keys, Neighbours, Vectors
from app.index.slots import SlotTable

_VECTORS: Final = "vectors"


class FlatIndex:
    """Vectors without holes, so that only the scan itself is FAISS's."""

    def __init__(self, dimension: int) -> None:
        self._table = SlotTable({_VECTORS: (np.float32, (dimension,))})

    def __len__(self) -> int:
        return len(self._table)

    def put(self, keys: Keys, vectors: Vectors) -> None:
        """Insert or replace: ``keys`` (n,) without repetition, ``vectors`` (n, d). O(n d)."""
        self._table.put(keys, {_VECTORS: vectors})

    def remove(self, keys: Keys) -> None:
        """Take out ``keys`` (n,). O(n d)."""
        self._table.remove(keys)

    def get(self, keys: Keys) -> Vectors:
        """A copy of the vectors (n, d) of ``keys`` (n,); ``KeyError`` where one is not there."""
        vectors: Vectors = self._table.column(_VECTORS)[self._table.rows(keys)]
        return vectors

    def search(self, queries: Vectors, k: int) -> Neighbours:
        """The ``min(k, len(self))`` nearest of each of ``queries`` (b, d); releases the GIL."""
        k = min(k, len(self))
        if k == 0:
            empty = (len(queries), 0)
            return Neighbours(np.empty(empty, np.int64), np.empty(empty, np.float32))
        similarities, rows = faiss.knn(
            np.ascontiguousarray(queries, np.float32),
            self._table.column(_VECTORS),
            k,
            metric=faiss.METRIC_INNER_PRODUCT,
        )
        return Neighbours(self._table.keys[rows], similarities)
