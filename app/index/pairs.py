"""Which of very many vectors lie near each other, without ever holding all pairs of them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.index.base import Vectors

_Limits = NDArray[np.float64]

_BLOCK_CELLS: Final = 2**24  # similarities at once: 64 MB


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

    Exact, in O(n^2 d) time and O(n) memory: 50 seconds of a core for 100,000 vectors of 128, half a
    second for 10,000 (measured).
    """
    count = len(vectors)
    least = np.nextafter(limits.astype(np.float32), np.float32(-np.inf))  # never above the limit
    block = max(1, _BLOCK_CELLS // max(count, 1))
    best = Pairs(np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0, np.float32))
    for start in range(0, count, block):
        similarity = vectors[start : start + block] @ vectors[start:].T
        rows, columns = np.nonzero(similarity >= least[start : start + block, None])
        found = Pairs(rows + start, columns + start, similarity[rows, columns])
        both = np.maximum(limits[found.one], limits[found.other])
        best = _nearest(best, found.where((rows < columns) & (found.similarity >= both)), most)
    return best


def nearest_other(vectors: Vectors) -> Vectors:
    """The similarity (n,) of each of unit ``vectors`` (n, d) to the nearest other one; minus 2
    where there is no other. As ``near_pairs`` in time and memory.
    """
    count = len(vectors)
    block = max(1, _BLOCK_CELLS // max(count, 1))
    best = np.full(count, -2, np.float32)
    for start in range(0, count, block):
        similarity = vectors[start : start + block] @ vectors[start:].T
        np.fill_diagonal(similarity, -2)
        rows, columns = best[start : start + block], best[start:]
        np.maximum(rows, similarity.max(axis=1), out=rows)
        np.maximum(columns, similarity.max(axis=0), out=columns)
    return best


def nearest_of(some: Vectors, vectors: Vectors, most: int) -> Vectors:
    """The similarities (m, k) of each of ``some`` (m, d) to the ``most`` nearest of ``vectors``
    (n, d), best first.
    """
    most = min(most, len(vectors))
    block = max(1, _BLOCK_CELLS // max(len(vectors), 1))
    parts = [np.empty((0, most), np.float32)]
    for start in range(0, len(some), block):
        similarity = some[start : start + block] @ vectors.T
        nearest = np.partition(similarity, -most, axis=1)[:, -most:]
        parts.append(-np.sort(-nearest, axis=1))
    return np.concatenate(parts)


def _nearest(some: Pairs, more: Pairs, most: int) -> Pairs:
    one = np.concatenate([some.one, more.one])
    other = np.concatenate([some.other, more.other])
    similarity = np.concatenate([some.similarity, more.similarity])
    order = np.lexsort((other, one, -similarity))[:most]
    return Pairs(one[order], other[order], similarity[order])
