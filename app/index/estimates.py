"""The error of an estimated similarity.

Of a vector x with the error e = x - x', x' being what its code stands for, and a probe q = s x + u,
the estimate is q.x' = s (1 - x.e) - u.e: a share of s that is nearly the same for all x, and
an error that has nothing to do with u.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.index.base import Vectors
from app.index.codes import Codes

_ERROR: Final = 0.0095  # of normal coordinates: the mean square of e
_SURE: Final = 5.0  # standard deviations: an error so large is seen once in 3.5 million


@dataclass(frozen=True, slots=True)
class Errors:
    """The errors of one set of codes: the least ``share`` of a similarity that its estimate has on
    average, the standard deviation ``own`` of that share, and the second moments ``others``
    (d, d) of e.
    """

    share: float
    own: float
    others: NDArray[np.float32]

    @classmethod
    def of(cls, codes: Codes, vectors: Vectors) -> "Errors":
        """Measured on some of the ``vectors`` (n, d), and at least those of vectors that lie in no
        direction more than in another.
        """
        errors = vectors - codes.decoded(vectors)
        shares = 1 - np.einsum("nd,nd->n", vectors, errors)
        dimension = vectors.shape[1]
        return cls(
            share=min(float(shares.mean()), 1 - _ERROR),
            own=max(float(shares.std()), float(np.sqrt(_ERROR / dimension))),
            others=np.asarray(errors.T @ errors / len(vectors), np.float32),
        )

    def least(self, queries: Vectors, similarities: Vectors) -> Vectors:
        """The least estimate (b,) that a vector has whose similarity to each of ``queries`` (b, d)
        is one of ``similarities`` (b,) or higher.
        """
        others = np.sqrt(np.einsum("bd,de,be->b", queries, self.others, queries))
        least: Vectors = self.share * similarities - _SURE * np.maximum(self.own, others)
        return least
