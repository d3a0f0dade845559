"""How well a face can be recognised, and the strangers of a face that cannot be.

An embedder gives a unit vector for whatever it is shown. Those of faces that cannot be recognised
are near each other (Deng et al., arXiv:2106.04112), so that strangers who are spoilt as a template
is would be named as its person far more often than stated. Here is what tells them apart, learned
from photographs that were spoilt in many ways (``app.vision.spoiling``):

- *Recognisability* is a logistic function of the embedding: of as many whole photographs as spoilt
  ones, the share of whole ones among those that look like this one.
- *Spoilt strangers*, by the kind of damage: what similarities they have to a person. A candidate
  has to stand out among those of every kind, as well as among the people of the gallery: the lowest
  standardised score decides. The better the better one of the two faces can be recognised, the less
  that asks for, because two faces have to be spoilt for a mistake.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.decision.fusion import Vectors
from app.decision.numbers import Floats

_MOST_LIFT: Final = 4.0
"""Standardised scores; a face with so much more evidence of being whole has nothing to fear."""
_LEAST_VARIANCE: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Recognisability:
    """Learned from faces whole and spoilt in k ``kinds`` of ways. Immutable; safe to share.

    The logit of an embedding e is ``weights`` (d,) . e + ``bias``. The similarities of spoilt
    strangers of one kind to a person v have the mean ``means`` (k, d) . v, and the variance
    ``floors`` (k,) + |``axes`` (k, r, d) v|^2: their covariance by its largest r axes, and what all
    others have in common.
    """

    kinds: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: float
    means: NDArray[np.float32]
    axes: NDArray[np.float32]
    floors: NDArray[np.float32]

    def of(self, vectors: Vectors | Floats) -> Floats:
        """The recognisability (n,) of unit ``vectors`` (n, d): 0 (spoilt) to 1 (whole)."""
        return np.asarray(1 / (1 + np.exp(-self.logits(vectors))), np.float64)

    def logits(self, vectors: Vectors | Floats) -> Floats:
        """The logarithm (n,) of the odds that unit ``vectors`` (n, d) are of whole faces."""
        return np.asarray(vectors @ self.weights + self.bias, np.float64)

    def strangers(self, people: Vectors | Floats) -> "SpoiltStrangers":
        """The similarities that spoilt strangers have to ``people`` (n, d)."""
        kinds, rank, _ = self.axes.shape
        all_at_once = np.asarray(people @ self._rows.T, np.float64)
        mean, along = all_at_once[:, :kinds], all_at_once[:, kinds:]
        variance = (along.reshape(len(people), kinds, rank) ** 2).sum(axis=2) + self.floors
        deviation = np.sqrt(np.maximum(variance, _LEAST_VARIANCE))
        return SpoiltStrangers(mean, deviation, self.logits(people))

    def z(self, people: Vectors | Floats, probes: Vectors | Floats, similarity: Floats) -> Floats:
        """The standardised score (n,) of the ``similarity`` (n,) of ``probes`` (n, d) and
        ``people`` (n, d), a pair a row, among spoilt strangers.
        """
        return self.strangers(people).z(similarity, self.logits(probes))

    @cached_property
    def _rows(self) -> NDArray[np.float32]:
        """Means and axes in one matrix, so that a person costs one product."""
        return np.concatenate([self.means, self.axes.reshape(-1, self.axes.shape[2])])


@dataclass(frozen=True, slots=True)
class SpoiltStrangers:
    """The ``mean`` (n, k) and the ``deviation`` (n, k) of the similarities that spoilt strangers of
    k kinds have to n people, whose own logits are ``whole`` (n,).
    """

    mean: Floats
    deviation: Floats
    whole: Floats

    def z(self, similarity: Floats, whole: Floats | float) -> Floats:
        """The standardised score (n,) of the ``similarity`` (n,) to each of the people, of probes
        whose logits are ``whole`` (n,); it rises with the similarity.
        """
        lowest = ((similarity[:, None] - self.mean) / self.deviation).min(axis=1)
        lift = np.clip(np.maximum(self.whole, whole), 0.0, _MOST_LIFT)
        return np.asarray(lowest + lift, np.float64)

    def rows(self, rows: NDArray[np.intp]) -> "SpoiltStrangers":
        """Those of some of the people."""
        return SpoiltStrangers(self.mean[rows], self.deviation[rows], self.whole[rows])

    def put(self, row: int, one: "SpoiltStrangers") -> None:
        """Replace those of one of the people, in place."""
        self.mean[row], self.deviation[row] = one.mean[0], one.deviation[0]
        self.whole[row] = one.whole[0]
