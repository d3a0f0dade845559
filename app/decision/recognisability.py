"""How well a face can be recognised, and the strangers of a face that cannot be.

An embedder gives a unit vector for whatever it is shown. Those of faces that cannot be recognised
are near each other (Deng et al., arXiv:2106.04112), so that strangers who are spoilt as a template
is would be named as its person far more often than stated. Here is what separates them, learned
from photographs that were spoilt in many ways (``app.vision.spoiling``):

- *Recognisability* is a logistic function of the embedding: whether its person is still nearer to
  it than 99 of 100 strangers are.
- *Spoilt strangers*, by the kind of damage: what standardised scores they have at a person. A
  candidate has to stand out among those of every kind, as well as among the people of the gallery:
  the lowest score decides. It is a matter of the template alone: at one of a whole face spoilt
  strangers score as all others do, and nothing is lost there, however dark the probe is.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.decision.fusion import Vectors
from app.decision.numbers import Floats

_LIFT: Final = (0.7, 2.5)
"""Standardised scores that are added, at least and at most: 1.4 and the logit of a whole face. With
0.7 for all one in ten people in the dark is lost, and with 1.5 for all strangers in a zoomed lens
are named 50 times as often as stated (LFW, plain SFace)."""
_LIFT_AT_NO_LOGIT: Final = 1.4
_RAISED: Final = 1.5
"""By how much the logits are raised for each by which a gallery's middle is below that of whole
faces: all its people came through one bad camera, and none of them stands out for it."""
_SPREAD: Final = 2.2
"""How many times as much as learned embeddings vary beyond the learned axes. Kinds of damage that
were never seen lie there: with 1, a zoomed lens is at 15 times the stated rate, with 2.2 at 4."""
_LEAST_VARIANCE: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Recognisability:
    """Learned from faces whole and spoilt in k ``kinds`` of ways. Immutable; safe to share.

    The logit of the recognisability of an embedding e is ``weights`` (d,) . e + ``bias``, and that
    of a whole face ``whole_weights`` . e + ``whole_bias``. ``typical`` (d,) is the mean of whole
    faces. The standardised scores of spoilt strangers of one kind at a person who is v away from
    the middle of a gallery have the mean ``means`` (k, d) . v, and the variance |``axes``
    (k, r, d) v|^2 + ``floors`` (k,) |v|^2: their covariance by its largest r axes, and what all
    others have in common.
    """

    kinds: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: float
    whole_weights: NDArray[np.float32]
    whole_bias: float
    typical: NDArray[np.float32]
    means: NDArray[np.float32]
    axes: NDArray[np.float32]
    floors: NDArray[np.float32]

    def of(self, vectors: Vectors | Floats) -> Floats:
        """The recognisability (n,) of unit ``vectors`` (n, d): 0 (anybody) to 1."""
        return np.asarray(1 / (1 + np.exp(-(vectors @ self.weights + self.bias))), np.float64)

    def among(self, persons: float, total: Floats, weight: float) -> "SpoiltStrangers":
        """Spoilt strangers in a gallery of ``persons`` people, whose vectors have the sum ``total``
        (d,); the bundle's people count as ``weight`` of them.
        """
        middle = (total + weight * self.typical) / (persons + weight)
        below = float(self.whole_weights @ (self.typical - middle))
        return SpoiltStrangers(self, middle, _RAISED * max(below, 0.0))

    @cached_property
    def rows(self) -> NDArray[np.float32]:
        """Means and axes in one matrix, so that a person costs one product."""
        return np.concatenate([self.means, self.axes.reshape(-1, self.axes.shape[2])])


@dataclass(frozen=True, slots=True)
class SpoiltStrangers:
    """Strangers as they were ``learned``, in a gallery whose ``middle`` is (d,), and by how much
    the logits of whole faces are ``raised`` there.
    """

    learned: Recognisability
    middle: Floats
    raised: float

    def at(self, people: Vectors | Floats) -> "SpoiltScores":
        """The scores that spoilt strangers have at ``people`` (n, d)."""
        learned, away = self.learned, (people - self.middle).astype(np.float32)
        kinds, rank, _ = learned.axes.shape
        all_at_once = np.asarray(away @ learned.rows.T, np.float64)
        mean, along = all_at_once[:, :kinds], all_at_once[:, kinds:]
        beyond = _SPREAD * (away * away).sum(axis=1, dtype=np.float64)
        variance = (along.reshape(len(people), kinds, rank) ** 2).sum(axis=2)
        variance += beyond[:, None] * learned.floors
        whole = people @ learned.whole_weights + learned.whole_bias + self.raised
        lift = np.asarray(np.clip(whole + _LIFT_AT_NO_LOGIT, *_LIFT), np.float64)
        return SpoiltScores(mean, np.sqrt(np.maximum(variance, _LEAST_VARIANCE)), lift)

    def z(self, people: Vectors | Floats, z: Floats) -> Floats:
        """The score (n,) among spoilt strangers of those whose standardised score at ``people``
        (n, d) is ``z`` (n,), a pair a row.
        """
        return self.at(people).z(z)


@dataclass(frozen=True, slots=True)
class SpoiltScores:
    """The ``mean`` (n, k) and the ``deviation`` (n, k) of the standardised scores that spoilt
    strangers of k kinds have at n people, and what is added for these: ``lift`` (n,).
    """

    mean: Floats
    deviation: Floats
    lift: Floats

    def z(self, z: Floats) -> Floats:
        """The score (n,) among spoilt strangers of a standardised score ``z`` (n,) at each of the
        people; it rises with that.
        """
        lowest = ((z[:, None] - self.mean) / self.deviation).min(axis=1)
        return np.asarray(lowest + self.lift, np.float64)

    def rows(self, rows: NDArray[np.intp]) -> "SpoiltScores":
        """Those of some of the people."""
        return SpoiltScores(self.mean[rows], self.deviation[rows], self.lift[rows])

    def put(self, row: int, one: "SpoiltScores") -> None:
        """Replace those of one of the people, in place."""
        self.mean[row], self.deviation[row] = one.mean[0], one.deviation[0]
        self.lift[row] = one.lift[0]
