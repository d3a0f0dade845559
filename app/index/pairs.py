"""Which of very many vectors lie near each other, without ever holding all pairs of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import faiss
import numpy as np
from numpy.typing import NDArray

from app.index.base import Vectors

_Limits = NDArray[np.float64]

_ROWS: Final = 512
_COLUMNS: Final = 2048
"""Similarities at once, 4 MB: where they leave the processor's cache it takes four times as
long."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Rows ``one`` (n,) and ``other`` (n,), the lower number first, and their ``similarity`` (n,),
    the nearest pair first.
    """

    one: NDArray[np.intp]
    other: NDArray[np.intp]
    similarity: Vectors

    def where(self, kept: NDArray[np.bool_]) -> "Pairs":
        """The pairs that are ``kept`` (n,)."""
        return Pairs(self.one[kept], self.other[kept], self.similarity[kept])


def near_pairs(vectors: Vectors, limits: _Limits, *, most: int) -> Pairs:
    """The ``most`` nearest of all pairs of unit ``vectors`` (n, d) whose similarity reaches the
    ``limits`` (n,) of both.

    Exact, in O(n^2 d) time and O(n) memory, as ``nearest_other``.
    """
    least = np.nextafter(limits.astype(np.float32), np.float32(-np.inf))  # never above the limit
    best = Pairs(np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0, np.float32))
    for one, other, similarity in _tiles(vectors):
        rows, columns = np.nonzero(similarity >= least[one, None])
        found = Pairs(rows + one.start, columns + other.start, similarity[rows, columns])
        both = np.maximum(limits[found.one], limits[found.other])
        kept = found.where((found.one < found.other) & (found.similarity >= both))
        if len(kept.one):
            best = _nearest(best, kept, most)
    return best


def nearest_other(vectors: Vectors) -> Vectors:
    """The similarity (n,) of each of unit ``vectors`` (n, d) to the nearest other one; minus 2
    where there is no other.

    O(n^2 d) time and O(n) memory: a second of a core for 30,000 vectors of 128 (measured), so 11
    for 100,000 and 18 minutes for a million.
    """
    best = np.full(len(vectors), -2, np.float32)
    for one, other, similarity in _tiles(vectors):
        if one.stop > other.start:
            rows = np.arange(one.start, one.stop)[:, None]
            similarity[rows == np.arange(other.start, other.stop)] = -2
        np.maximum(best[one], similarity.max(axis=1), out=best[one])
        np.maximum(best[other], similarity.max(axis=0), out=best[other])
    return best


def nearest_of(some: Vectors, vectors: Vectors, most: int) -> tuple[Vectors, NDArray[np.int64]]:
    """The similarities (m, k) of each of ``some`` (m, d) to the ``most`` nearest of ``vectors``
    (n, d), best first, and their rows (m, k). O(m n d) time.
    """
    most = min(most, len(vectors))
    if not len(some) or not most:
        return np.empty((len(some), most), np.float32), np.empty((len(some), most), np.int64)
    similarities, rows = faiss.knn(some, vectors, most, metric=faiss.METRIC_INNER_PRODUCT)
    return similarities, rows


def _tiles(vectors: Vectors) -> Iterator[tuple[slice, slice, Vectors]]:
    """The similarities of all pairs of ``vectors`` (n, d), some at a time, with the rows of the
    ones and of the others. Each pair is there once at least; where a tile lies on the diagonal,
    some are there twice, and each vector with itself. The next tile takes the memory of the last.
    """
    count = len(vectors)
    kept = np.empty((_ROWS, _COLUMNS), np.float32)
    for start in range(0, count, _ROWS):
        one = slice(start, min(start + _ROWS, count))
        for far in range(start, count, _COLUMNS):
            other = slice(far, min(far + _COLUMNS, count))
            similarity = kept.ravel()[: (one.stop - one.start) * (other.stop - other.start)]
            similarity = similarity.reshape(one.stop - one.start, -1)
            np.matmul(vectors[one], vectors[other].T, out=similarity)
            yield one, other, similarity


def _nearest(some: Pairs, more: Pairs, most: int) -> Pairs:
    one = np.concatenate([some.one, more.one])
    other = np.concatenate([some.other, more.other])
    similarity = np.concatenate([some.similarity, more.similarity])
    order = np.lexsort((other, one, -similarity))[:most]
    return Pairs(one[order], other[order], similarity[order])
