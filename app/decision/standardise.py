"""Standardised scores: how far a person stands out among all that a probe is compared with.

A mate does not belong to the strangers who judge them, so the candidate is taken out of the cohort.
With w people, mean M and squares T = sum (s_i - M)^2, the candidate's similarity s among them and
u = s - M, the others have the mean M - u / (w - 1) and the squares T - u^2 w / (w - 1): the outlier
test of Grubbs (1950). So few strangers leave their own mean and deviation open, for which Student's
t allows. The bundle's cohort adds to both as ``Weight`` says: a normal-inverse-gamma prior, whose
predictive distribution that is. With v degrees of freedom

    t^2 / v = x / (1 - x),  x = u^2 w / ((w - 1) T),

or (w - 1) / w times u^2 / T for a candidate who is not among the w - 1. The normal quantile of the
same tail probability is Wallace's (1959), z = (8v + 1) / (8v + 3) sqrt(v log(1 + t^2 / v)).
All together is one closed form, and so is its inverse.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.decision.cohort import Spread
from app.decision.numbers import Floats

Rows = NDArray[np.intp] | NDArray[np.bool_] | slice

_LEAST_SQUARES: Final = 1e-12  # the similarity of float32 vectors is known to about 1e-7
_ALMOST_ALL: Final = 1 - 1e-12
MOST_RAISED: Final = 0.7
"""How far the people of a gallery can raise a score above what the bundle's people give it: by
people who are picked for it, strangers are named about ten times as often as stated at the most."""
_MANY: Final = 1e9  # people who leave nothing open


@dataclass(frozen=True, slots=True)
class Weight:
    """The number of persons that the bundle's cohort counts as: in the ``mean`` of a probe's
    similarities, and in their ``spread``.
    """

    mean: float
    spread: float


NO_WEIGHT: Final = Weight(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Norms:
    """The ``mean`` (n,) of each probe's similarities to ``persons`` people and to the bundle's, who
    count with ``weight``, and the sum of their ``squares`` (n,) about it. ``inside``: the
    candidates are among these people. ``bound`` is how alike the bundle's people are: scores are at
    most 0.7 above those by its mean and deviation.
    """

    persons: float
    mean: Floats
    squares: Floats
    weight: Weight
    inside: bool = True
    bound: Spread | None = None

    @classmethod
    def known(cls, mean: Floats, deviation: Floats) -> "Norms":
        """Norms of probes whose ``mean`` (n,) and ``deviation`` (n,) are no estimates."""
        return cls(0.0, mean, _MANY * deviation**2, Weight(_MANY, _MANY), inside=False)

    def z(self, similarity: Floats) -> Floats:
        """The standardised score of each ``similarity``, (n,) or to be broadcast with it; higher is
        closer, and it rises with the similarity.
        """
        away = similarity - self.mean
        share = away**2 / np.maximum(self.squares, _LEAST_SQUARES)
        if self.inside:
            logs = -np.log1p(-np.minimum(share * self._growth, _ALMOST_ALL))
        else:
            logs = np.log1p(share / self._growth)
        v = self._freedom
        z = np.copysign(_wallace(v) * np.sqrt(v * logs), away)
        if self.bound is not None:
            by_the_bundle = (similarity - self.bound.mean) / self.bound.deviation
            z = np.minimum(z, by_the_bundle + MOST_RAISED)
        return np.asarray(z, np.float64)

    def similarity(self, z: Floats | float, *, together: int = 1) -> Floats:
        """The similarity (n,) with the standardised score ``z``: the inverse of ``z``.

        Where candidates are inside, ``together`` of the people have this similarity, and none of
        these is among the strangers who judge them.
        """
        v = self._freedom - (together - 1)
        growth = 1 + 1 / (self._known_mean - (together - 1))
        logs = np.square(z / _wallace(v)) / v
        share = growth * np.expm1(logs)
        if self.inside:
            part, all_over_left = -np.expm1(-logs), 1 + together * (growth - 1)
            share = (1 - part) * all_over_left / growth + part * together
            share = part / (share * all_over_left)
        away = np.copysign(np.sqrt(np.maximum(self.squares, _LEAST_SQUARES) * share), z)
        found = self.mean + away
        if self.bound is not None:
            lifted = self.bound.mean + (z - MOST_RAISED) * self.bound.deviation
            found = np.maximum(found, lifted)
        return np.asarray(found, np.float64)

    def joined(self, similarity: Floats) -> "Norms":
        """The norms of a cohort that one more person belongs to, of this ``similarity`` (n,)."""
        w = self.weight.mean + self.persons
        mean = self.mean + (similarity - self.mean) / (w + 1)
        squares = self.squares + (similarity - self.mean) ** 2 * w / (w + 1)
        return replace(self, persons=self.persons + 1, mean=mean, squares=squares)

    def without(self, similarity: Floats) -> "Norms":
        """The norms of a cohort without one of its people, of this ``similarity`` (n,).

        A person whose templates changed after the cohort was read has another similarity by now;
        what the bundle's people add to the squares stays.
        """
        w = self.weight.mean + self.persons
        mean = self.mean - (similarity - self.mean) / (w - 1)
        squares = self.squares - (similarity - self.mean) ** 2 * w / (w - 1)
        if self.bound is not None:
            squares = np.maximum(squares, self.weight.spread * self.bound.deviation**2)
        return replace(self, persons=self.persons - 1, mean=mean, squares=squares)

    def one(self, row: int) -> "Norms":
        """The norm of one probe: n is 1."""
        return self.rows(slice(row, row + 1))

    def rows(self, rows: Rows) -> "Norms":
        """The norms of some of the probes."""
        return replace(self, mean=self.mean[rows], squares=self.squares[rows])

    @classmethod
    def joint(cls, parts: "Sequence[Norms]") -> "Norms":
        """The norms of all probes of ``parts``, which are of one cohort."""
        mean = np.concatenate([each.mean for each in parts])
        squares = np.concatenate([each.squares for each in parts])
        return replace(parts[0], mean=mean, squares=squares)

    def error(self, z: float) -> float:
        """The standard error of ``z`` that all probes of a gallery share, for the bundle's people
        count in each: what they leave open of another camera. The choice of the gallery's own
        people moves each probe's score another way, and Student's t allows for it.
        """
        mean = np.sqrt(self.weight.mean) / self._known_mean
        return float(np.hypot(mean, z * np.sqrt(self.weight.spread / 2) / self._freedom))

    @property
    def _others(self) -> float:
        """The people who judge a candidate."""
        return max(self.persons - 1, 0.0) if self.inside else self.persons

    @property
    def _known_mean(self) -> float:
        """The persons that the mean rests on, without the candidate."""
        return self.weight.mean + self._others

    @property
    def _freedom(self) -> float:
        """The degrees of freedom of the spread."""
        return self.weight.spread + self._others

    @property
    def _growth(self) -> float:
        """By how much, w / (w - 1), the variance of one more person exceeds the others' own."""
        return 1 + 1 / self._known_mean


def _wallace(v: float) -> float:
    return (8 * v + 1) / (8 * v + 3)
