"""The index of large galleries: it scans codes, then compares the best of them exactly.

The exact index reads 512 bytes a person for each search, and codes are 64. So codes say who may be
among the nearest, and the vectors decide among these. The list is long enough where its last
estimate is so far below the k-th nearest that nobody outside of the list can be nearer. Where it is
not, a longer list is taken, and then everybody is compared.

Vectors are in their short form here, 256 bytes a person.
"""

from dataclasses import dataclass
from threading import Lock
from typing import Final

import faiss
import numpy as np
from numpy.typing import NDArray

from app.index.base import Keys, Neighbours, Vectors
from app.index.codes import Codes, can_code
from app.index.estimates import Errors
from app.index.flat import VECTORS, FlatIndex, nearest, nobody
from app.index.short import STEPS, Short, lengthened, shortened

LISTED: Final = 512
"""The short list. With a million people around LFW's it is enough for the five nearest in 99 of 100
searches, of strangers and of people enrolled; 256 in 60, and 1,024 cost 0.3 ms more."""
_EACH: Final = 32  # on the list for each neighbour that is wanted, where these are many
_LONGER: Final = 8  # how much longer the second list is
_STEP: Final = 4096  # rows coded at a time: 4 ms of a core (128 dimensions); a change waits for it
_PART: Final = 4096  # rows in float32 or float64 at a time: more do not fit into a core's cache
_SAMPLE: Final = 4096  # rows that errors are measured on
_BACK: Final = 2  # the part of ``large_from`` below which codes are given up


@dataclass(frozen=True, slots=True)
class Searches:
    """The number of queries answered from a ``short`` list, and by comparing everybody."""

    short: int = 0
    everybody: int = 0


class LargeIndex(FlatIndex):
    """An exact index that, from ``large_from`` vectors on, keeps them in their short form and has
    codes in addition.

    ``tend`` makes the codes, a few rows at a time, while searches compare everybody; they are used
    once each row has its own. A change of one row costs as much as the row is long, whatever the
    size.
    """

    def __init__(self, dimension: int, *, large_from: int, listed: int = LISTED) -> None:
        super().__init__(dimension)
        self._can_code = can_code(dimension)
        self._dimension = dimension
        self._large_from = large_from
        self._listed = listed
        self._is_short = False
        self._codes: Codes | None = None
        self._errors: Errors | None = None  # once every row has its code
        self._counting = Lock()
        self.searches = Searches()

    @property
    def engine(self) -> str:
        """``large`` once it searches by codes."""
        return "flat" if self._errors is None else "large"

    def put(self, keys: Keys, vectors: Vectors) -> None:
        """Insert or replace: ``keys`` (n,) without repetition, ``vectors`` (n, d). O(n d^2), and
        O(N d) where the index becomes large.
        """
        if not self._is_short and self._can_code:
            there = len(self.table.there(keys))
            if len(self) + len(keys) - there >= self._large_from:
                self._shorten()
        if not self._is_short:
            super().put(keys, vectors)
            return
        rows = self.table.place(keys)
        for start in range(0, len(keys), _PART):
            part = slice(start, start + _PART)
            self.table.write(VECTORS, rows[part], shortened(vectors[part]))
        if self._codes is not None:
            coded = len(self) if self._errors is not None else len(self._codes)
            self._code(self._codes, rows[rows < coded])

    def remove(self, keys: Keys) -> None:
        """Take out ``keys`` (n,). O(n d), and O(N d) where the index becomes small."""
        holes = np.unique(np.array(self.table.remove(keys), np.int64))
        if self._is_short and len(self) < self._large_from // _BACK:
            self._codes = self._errors = None
            self._lengthen()
        if self._codes is None:
            return
        self._codes.shorten(len(self))
        self._code(self._codes, holes[holes < len(self._codes)])

    def tend(self) -> bool:
        """Code some more rows where there are enough; whether more is left to do.

        One thread at a time calls it, and others may search in the same moment.
        """
        if self._errors is not None or len(self) < self._large_from or not self._can_code:
            return False
        if self._codes is None:
            self._codes = Codes(self._dimension)
            self._codes.reserve(len(self))
        coded = len(self._codes)
        self._code(self._codes, np.arange(coded, min(coded + _STEP, len(self))))
        if len(self._codes) == len(self):
            sample = np.arange(0, len(self), max(1, len(self) // _SAMPLE))
            self._errors = Errors.of(self._codes, self._some(sample))
        return self._errors is None

    def _code(self, codes: Codes, rows: NDArray[np.int64]) -> None:
        for start in range(0, len(rows), _STEP):
            some = rows[start : start + _STEP]
            codes.put(some, self._some(some))

    def _shorten(self) -> None:
        self.table.recast(VECTORS, np.int16, shortened)
        self._is_short = True

    def _lengthen(self) -> None:
        self.table.recast(VECTORS, np.float32, lengthened)
        self._is_short = False

    def _some(self, rows: NDArray[np.int64]) -> Vectors:
        if not self._is_short:
            return super()._some(rows)
        short: Short = self.table.column(VECTORS)[rows]
        return lengthened(short)

    def _nearest(self, queries: Vectors, k: int) -> Neighbours:
        """The nearest from short lists, for the queries whose list is known to be enough."""
        if self._codes is None or self._errors is None or k > self._listed:
            return self._of_everybody(queries, k)
        keys = np.empty((len(queries), k), np.int64)
        similarities = np.empty((len(queries), k), np.float32)
        left = np.arange(len(queries))
        first = max(self._listed, _EACH * k)
        for listed in (first, first * _LONGER):
            keys[left], similarities[left], last = self._best(self._codes, queries[left], k, listed)
            sure = last < self._errors.least(queries[left], similarities[left, -1])
            left = left[~sure & (listed < len(self))]
            if not len(left):
                break
        if len(left):
            best = self._of_everybody(queries[left], k)
            keys[left], similarities[left] = best.keys, best.similarities
        self._count(len(queries) - len(left), len(left))
        return Neighbours(keys, similarities)

    def _of_everybody(self, queries: Vectors, k: int) -> Neighbours:
        if not self._is_short:
            return super()._nearest(queries, k)
        in_steps, rows = queries / np.float32(STEPS), self.table.column(VECTORS)
        best = nobody(len(queries))
        for start in range(0, len(self), _PART):
            some = rows[start : start + _PART].astype(np.float32)
            similarities, places = faiss.knn(
                in_steps, some, min(k, len(some)), metric=faiss.METRIC_INNER_PRODUCT
            )
            best = nearest(best, Neighbours(self.table.keys[start + places], similarities), k)
        return best

    def _best(
        self, codes: Codes, queries: Vectors, k: int, listed: int
    ) -> tuple[Keys, Vectors, Vectors]:
        """The keys (b, k) and similarities (b, k) of the best on each query's list, best first, and
        the last estimate (b,) on it.
        """
        estimates, rows = codes.nearest(queries, listed)
        similarities = np.empty(rows.shape, np.float32)
        for query, row, similarity in zip(queries, rows, similarities, strict=True):
            np.dot(self._some(row), query, out=similarity)
        best = np.argsort(-similarities, axis=1, kind="stable")[:, :k]
        return (
            self.table.keys[np.take_along_axis(rows, best, axis=1)],
            np.take_along_axis(similarities, best, axis=1),
            estimates[:, -1],
        )

    def _count(self, short: int, everybody: int) -> None:
        with self._counting:
            was = self.searches
            self.searches = Searches(was.short + short, was.everybody + everybody)
