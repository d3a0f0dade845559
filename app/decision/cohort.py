"""The cohort: the people whom a probe's similarities are standardised by.

A probe in profile, in the dark or of a child is as near to strangers as its own kind is, and the
enrolled people show how near that is (t-norm: Auckenthaler, Carey and Lloyd-Thomas, 2000). Sums of
their vectors hold all that is needed: over w people, a probe's similarities have the mean p.m and
the mean square p'Sp. That costs O(d^2) a probe, however many people there are.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from app.decision.fusion import Vectors
from app.decision.numbers import Floats

_STEPS: Final = 32767.0
"""Steps of one coordinate, the same as in which large galleries keep vectors (``app.index.short``):
who was counted in by the one form is counted out by the other. Sums of whole numbers are exact,
whatever their order: 4,096 products of two coordinates stay below 2^53, and those of eight billion
people below 2^63. A coordinate moves by at most 2e-5, and a probe's similarity to one of the people
by 9e-6 (standard deviation)."""
_BLOCK: Final = 4096  # people whose vectors are in float64 at once


@dataclass(frozen=True, eq=False)
class Cohort:
    """Sums over ``persons`` unit vectors: of the vectors, ``total`` (d,), and of their outer
    products, ``second`` (d, d).

    Two cohorts are equal where all their sums are.
    """

    persons: float
    total: Floats
    second: Floats

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Cohort)
            and self.persons == other.persons
            and np.array_equal(self.total, other.total)
            and np.array_equal(self.second, other.second)
        )

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def of(cls, vectors: Vectors) -> "Cohort":
        """The cohort of the people of unit ``vectors`` (n, d)."""
        sums = CohortSums(vectors.shape[1])
        sums.add(vectors)
        return sums.cohort()

    def sums(self, probes: Vectors | Floats) -> tuple[Floats, Floats]:
        """The sums over all persons of the similarities of each of ``probes`` (b, d), and of their
        squares: (b,) and (b,).
        """
        total, squares = np.empty(len(probes)), np.empty(len(probes))
        for start in range(0, len(probes), _BLOCK):
            part = slice(start, start + _BLOCK)
            rows = probes[part].astype(np.float64)
            total[part] = rows @ self.total
            squares[part] = np.einsum("bd,bd->b", rows @ self.second, rows)
        return total, squares

    @cached_property
    def spread(self) -> "Spread":
        """The mean and the deviation of a typical person's similarities to the others."""
        return _spread(self)


@dataclass(frozen=True, slots=True)
class Spread:
    """The ``mean`` of the similarities of two of ``persons`` people, and the ``deviation`` of the
    similarities that a typical one of them has to the others. The mean is 0 with fewer than two
    people, and the deviation with fewer than three.
    """

    persons: float
    mean: float
    deviation: float


def _spread(cohort: Cohort) -> Spread:
    """From the sums: over pairs of different people, the mean of s is (|total|^2 - n) / n(n - 1),
    and so on. The variance is that of each person's n - 1 similarities about their own mean,
    divided by n - 2: how far people differ in their means is not a part of it.
    """
    n = cohort.persons
    if n < 2:
        return Spread(n, 0.0, 0.0)
    whole = float(cohort.total @ cohort.total)
    mean = (whole - n) / (n * (n - 1))
    square = (float((cohort.second**2).sum()) - n) / (n * (n - 1))
    own = float(cohort.total @ cohort.second @ cohort.total) - 2 * whole + n
    between = max(own / (n * (n - 1) ** 2) - mean**2, 0.0)
    if n < 3:
        return Spread(n, mean, 0.0)
    variance = max(square - mean**2 - between, 0.0) * (n - 1) / (n - 2)
    return Spread(n, mean, float(np.sqrt(variance)))


class CohortSums:
    """Keeps a cohort up as people come and go, in O(d^2) a person. Not thread-safe.

    The sums are exact, so that they depend on the people in them and not on the way there: every
    replica has the same ones, and a removed person leaves no trace.
    """

    def __init__(self, dimension: int) -> None:
        self._persons = 0
        self._total = np.zeros(dimension, np.int64)
        self._second = np.zeros((dimension, dimension), np.int64)

    def add(self, vectors: Vectors) -> None:
        """Count the people of these unit ``vectors`` (n, d) in."""
        self._change(vectors, 1)

    def remove(self, vectors: Vectors) -> None:
        """Count out people who were added with just these ``vectors`` (n, d)."""
        self._change(vectors, -1)

    def cohort(self) -> Cohort:
        """The cohort now."""
        return Cohort(float(self._persons), self._total / _STEPS, self._second / _STEPS / _STEPS)

    def without(self, vectors: Vectors) -> Cohort:
        """The cohort now, but the people of these ``vectors`` (n, d), who are in it."""
        others = CohortSums(len(self._total))
        others._persons, others._total = self._persons, self._total.copy()
        others._second = self._second.copy()
        others.remove(vectors)
        return others.cohort()

    def _change(self, vectors: Vectors, sign: int) -> None:
        for start in range(0, len(vectors), _BLOCK):
            rows = np.rint(vectors[start : start + _BLOCK].astype(np.float64) * _STEPS)
            self._total += sign * rows.sum(axis=0).astype(np.int64)
            self._second += sign * (rows.T @ rows).astype(np.int64)
        self._persons += sign * len(vectors)
