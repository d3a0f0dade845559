"""Persons who are nearer to each other than strangers should be.

The score of two persons is the cosine of their centroids, standardised once by what the one has to
all others and once by what the other has. A pair is rare where both say so.
"""

from dataclasses import dataclass

import numpy as np

from app.decision.fusion import Vectors
from app.decision.gallery_rates import GalleryRates
from app.decision.numbers import Floats
from app.decision.standardise import Norms, Rows


@dataclass(frozen=True, slots=True)
class Members:
    """The people of a gallery, n of them, each judged by all others."""

    rates: GalleryRates
    norms: Norms

    @classmethod
    def of(cls, rates: GalleryRates, vectors: Vectors) -> "Members":
        """The people of unit ``vectors`` (n, d), who are the cohort of ``rates``."""
        return cls(rates, rates.norms(vectors, without=np.ones(len(vectors))))

    def limits(self, fmr: float) -> Floats:
        """The similarity (n,) that strangers reach with each person at this rate. A pair is as rare
        where its similarity reaches the limits of both.
        """
        z = self.rates.bundle.tail.z_at(float(np.log(fmr / self.rates.factor)))
        return self.norms.similarity(z) if np.isfinite(z) else np.full(len(self.norms.mean), np.inf)

    def pair_fmr(self, one: Rows, other: Rows, similarity: Floats) -> Floats:
        """How often two strangers are as alike as each pair (p,): the higher rate of its two."""
        z = np.minimum(*(self.norms.rows(rows).z(similarity) for rows in (one, other)))
        log_fmr = self.rates.bundle.tail.log_rate(z) + np.log(self.rates.factor)
        return np.asarray(np.exp(np.minimum(log_fmr, 0.0)), np.float64)
