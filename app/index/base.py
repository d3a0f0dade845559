"""The interface of an index: integer keys, unit vectors, nearest first."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.index.slots import SlotTable

Keys = NDArray[np.int64]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest entries of each of ``b`` queries, best first.

    ``keys`` (b, k) int64 and ``similarities`` (b, k) float32, the inner product of unit vectors:
    1 is the same direction, higher is closer.
    """

    keys: Keys
    similarities: Vectors


class VectorIndex(Protocol):
    """A set of unit vectors under integer keys; not thread-safe, its owner holds the lock."""

    def put(self, keys: Keys, vectors: Vectors) -> None:
        """Insert or replace: ``keys`` (n,) without repetition, ``vectors`` (n, d)."""
        ...

    def remove(self, keys: Keys) -> None:
        """Take out ``keys`` (n,); a key that is not there is no error."""
        ...

    def get(self, keys: Keys) -> Vectors:
        """The vectors (n, d) of ``keys`` (n,), bit by bit as they were put; all must be there."""
        ...

    def search(self, queries: Vectors, k: int) -> Neighbours:
        """The ``min(k, len(self))`` nearest of each of ``queries`` (b, d)."""
        ...

    def search_among(self, queries: Vectors, k: int, keys: Keys) -> Neighbours:
        """The ``min(k, n)`` nearest to each of ``queries`` (b, d) among ``keys`` (n,), without
        repetition; all keys must be in the index.
        """
        ...

    def tend(self) -> bool:
        """Do a part of the work that makes later searches faster; returns whether more is left.

        One thread at a time calls it, while others may search but none may change anything.
        """
        ...

    @property
    def table(self) -> SlotTable:
        """The keys that are there. Its owner may add columns to it, and writes them after ``put``;
        a removed key's values go with it.
        """
        ...

    @property
    def engine(self) -> str:
        """The name of the engine that answers now."""
        ...

    def __len__(self) -> int: ...
