"""The interface of an index: integer keys, unit vectors, nearest first."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

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

    def __len__(self) -> int: ...
