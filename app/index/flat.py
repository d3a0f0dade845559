"""The exact index: a slot table of our own, searched by FAISS."""

from typing import Final

import faiss
import numpy as np
from numpy.typing import NDArray

from app.index.base import Keys, Neighbours, Vectors
from app.index.slots import SlotTable

VECTORS: Final = "vectors"
_BLOCK: Final = 2**14  # rows copied at once where only some are searched


class FlatIndex:
    """Vectors without holes, so that only the scan itself is FAISS's."""

    def __init__(self, dimension: int) -> None:
        self.table = SlotTable({VECTORS: (np.float32, (dimension,))})

    def __len__(self) -> int:
        return len(self.table)

    def put(self, keys: Keys, vectors: Vectors) -> None:
        """Insert or replace: ``keys`` (n,) without repetition, ``vectors`` (n, d). O(n d)."""
        self.table.write(VECTORS, self.table.place(keys), vectors)

    def remove(self, keys: Keys) -> None:
        """Take out ``keys`` (n,). O(n d)."""
        self.table.remove(keys)

    def get(self, keys: Keys) -> Vectors:
        """A copy of the vectors (n, d) of ``keys`` (n,); ``KeyError`` where one is not there."""
        return self._some(self.table.rows(keys))

    def search(self, queries: Vectors, k: int) -> Neighbours:
        """The ``min(k, len(self))`` nearest of each of ``queries`` (b, d); releases the GIL."""
        k = min(k, len(self))
        if k == 0:
            return nobody(len(queries))
        return self._nearest(_searchable(queries), k)

    def search_among(self, queries: Vectors, k: int, keys: Keys) -> Neighbours:
        """The ``min(k, n)`` nearest to each of ``queries`` (b, d) among ``keys`` (n,), which are in
        the index. O(n d); releases the GIL.
        """
        queries, rows = _searchable(queries), self.table.rows(keys)
        best = nobody(len(queries))
        for start in range(0, len(rows), _BLOCK):
            some = rows[start : start + _BLOCK]
            similarities, places = faiss.knn(
                queries, self._some(some), min(k, len(some)), metric=faiss.METRIC_INNER_PRODUCT
            )
            best = nearest(best, Neighbours(self.table.keys[some[places]], similarities), k)
        return best

    def tend(self) -> bool:
        """Nothing is left to do."""
        return False

    @property
    def engine(self) -> str:
        """The name of the engine."""
        return "flat"

    def _nearest(self, queries: Vectors, k: int) -> Neighbours:
        """The ``k`` nearest of each of ``queries`` (b, d), by comparing everybody; there are at
        least ``k``.
        """
        similarities, rows = faiss.knn(queries, self._vectors, k, metric=faiss.METRIC_INNER_PRODUCT)
        return Neighbours(self.table.keys[rows], similarities)

    def _some(self, rows: NDArray[np.int64]) -> Vectors:
        """A copy of the vectors (n, d) of ``rows`` (n,)."""
        return self._vectors[rows]

    @property
    def _vectors(self) -> Vectors:
        return self.table.column(VECTORS)


def nearest(some: Neighbours, more: Neighbours, k: int) -> Neighbours:
    """The ``k`` nearest of both for each query; they have no key in common."""
    keys = np.concatenate([some.keys, more.keys], axis=1)
    similarities = np.concatenate([some.similarities, more.similarities], axis=1)
    order = np.argsort(-similarities, axis=1, kind="stable")[:, :k]
    return Neighbours(
        np.take_along_axis(keys, order, axis=1), np.take_along_axis(similarities, order, axis=1)
    )


def _searchable(queries: NDArray[np.floating]) -> Vectors:
    """``queries`` (b, d) of any type and layout, as scans and ``out`` parameters want them."""
    return np.ascontiguousarray(queries, np.float32)


def nobody(queries: int) -> Neighbours:
    """No neighbour of any of a number of ``queries``."""
    return Neighbours(np.empty((queries, 0), np.int64), np.empty((queries, 0), np.float32))
