"""Vectors as codes of four bits for every dimension, in the order of their rows.

FAISS scans them in the registers of the processor (fast scan: André, Kermarrec and Le Scouarnec,
2017), some 200 million a second on one core. A scan gives an estimate of each similarity.

Nothing is trained. After a random rotation any coordinate of unit vectors is nearly normal. The 16
best levels for a normal number are known (Max, 1960), so they are the same for every model.
"""

from functools import cache
from typing import Any, Final

import faiss
import numpy as np
from numpy.typing import NDArray

from app.index.base import Vectors
from app.index.pages import ask_for_large_pages

_Bytes = NDArray[np.uint8]

_LEAST_DIMENSIONS: Final = 8  # fewer are not nearly normal
_MOST_DIMENSIONS: Final = 512  # beyond, FAISS rounds estimates more the more parts they have
_BLOCK: Final = 32  # rows whose codes FAISS interleaves
_HALF: Final = _BLOCK // 2
_CELLS: Final = 256  # of the table that finds the nearest level
_EDGE: Final = 4.0  # deviations that it reaches
_POSITIVE: Final = (0.1284, 0.3881, 0.6568, 0.9424, 1.2562, 1.6181, 2.0690, 2.7326)
_LEVELS: Final = np.array([*(-each for each in reversed(_POSITIVE)), *_POSITIVE], np.float32)
"""A mean square error of 0.0095 of a normal number."""


def can_code(dimension: int) -> bool:
    """Whether vectors of this many dimensions have codes."""
    return dimension % 4 == 0 and _LEAST_DIMENSIONS <= dimension <= _MOST_DIMENSIONS


class Codes:
    """The codes of rows without holes, d / 2 bytes each. Not thread-safe.

    They are written into FAISS's own memory, because FAISS can only append; at each start
    ``scan_check.fault`` tries whether the installed FAISS reads them as they are written.
    """

    def __init__(self, dimension: int) -> None:
        self._scale = np.float32(np.sqrt(dimension))
        self._rotation = _rotation(dimension)
        self._index: Any = faiss.IndexPQFastScan(
            dimension, dimension, 4, faiss.METRIC_INNER_PRODUCT
        )
        levels = np.tile(_LEVELS / self._scale, dimension)
        faiss.copy_array_to_vector(levels, self._index.pq.centroids)
        self._index.is_trained = True

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def put(self, rows: NDArray[np.int64], vectors: Vectors) -> None:
        """Write the codes of ``vectors`` (n, d) at ``rows`` (n,), each once; those that follow the
        last row lengthen the codes. O(n d^2).
        """
        if not len(rows):
            return
        self._resize(max(len(self), int(rows.max()) + 1))
        nibbles = self._nibbles(vectors).reshape(len(rows), -1, 2)
        stored, late = self._blocks(), rows % _BLOCK >= _HALF
        for some, kept, shift in ((~late, 240, 0), (late, 15, 4)):
            block, place = rows[some] // _BLOCK, _PLACES[rows[some] % _HALF]
            others = stored[block, :, :, place] & kept
            stored[block, :, :, place] = others | nibbles[some] << shift

    def shorten(self, count: int) -> None:
        """Keep the first ``count`` rows alone."""
        self._resize(min(count, len(self)))

    def nearest(self, queries: Vectors, count: int) -> tuple[Vectors, NDArray[np.int64]]:
        """The ``count`` highest estimates for each of ``queries`` (b, d), best first, and their
        rows; fewer where there are fewer rows. Releases the GIL.
        """
        estimates, rows = self._index.search(self._rotated(queries), min(count, len(self)))
        return estimates, rows

    def decoded(self, vectors: Vectors) -> Vectors:
        """The vectors (n, d) that the codes of ``vectors`` (n, d) stand for: an estimate is the
        inner product with them.
        """
        rotated = (_LEVELS / self._scale)[self._nibbles(vectors)]
        return np.asarray(rotated @ self._rotation, np.float32)

    def _rotated(self, vectors: Vectors) -> Vectors:
        return np.ascontiguousarray(vectors @ self._rotation.T, np.float32)

    def _nibbles(self, vectors: Vectors) -> _Bytes:
        """The number (n, d) of the level nearest to each coordinate."""
        cells = (self._rotated(vectors) * self._scale + _EDGE) * np.float32(_CELLS / (2 * _EDGE))
        return np.asarray(_nearest_levels()[np.clip(cells, 0, _CELLS - 1).astype(np.uint8)])

    def reserve(self, count: int) -> None:
        """Make room for ``count`` rows at once, so that the system can give it in large pages."""
        codes, size = self._index.codes, -(-count // _BLOCK) * _BLOCK * self._index.code_size
        if size > codes.size():
            codes.resize(size)
            ask_for_large_pages(int(codes.get()), size)

    def _resize(self, count: int) -> None:
        self.reserve(count)
        self._index.ntotal, self._index.ntotal2 = count, -(-count // _BLOCK) * _BLOCK

    def _blocks(self) -> _Bytes:
        """All codes, in place. A block is 32 rows: for each two numbers of a row it has the first
        number of all 32 rows, then the second. The later 16 rows are in the high bits.
        """
        codes = self._index.codes
        stored: _Bytes = faiss.rev_swig_ptr(codes.get(), codes.size())
        return stored.reshape(-1, self._index.code_size, 2, _HALF)


_PLACES: Final = np.arange(_HALF).reshape(2, 8).T.ravel().argsort()
"""The place of each row of half a block: rows 0, 8, 1, 9 and so on, for a shuffle of registers."""


@cache
def _nearest_levels() -> _Bytes:
    """The number of the level nearest to the middle of each cell."""
    middles = (np.arange(_CELLS) + 0.5) * (2 * _EDGE / _CELLS) - _EDGE
    return np.asarray(np.abs(middles[:, None] - _LEVELS).argmin(axis=1), np.uint8)


@cache
def _rotation(dimension: int) -> Vectors:
    """One random rotation (d, d) for all vectors."""
    normal = np.random.default_rng(dimension).standard_normal((dimension, dimension))
    rotation: Vectors = np.linalg.qr(normal)[0].astype(np.float32)
    return rotation
