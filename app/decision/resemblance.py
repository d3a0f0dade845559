"""Persons who are nearer to each other than strangers should be.

The score of two persons is the cosine of their centroids, standardised once by what the one has to
all others and once by what the other has. A pair is rare where both say so. Further names of the
two are not among these others, as in an identification.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.decision.fusion import Vectors
from app.decision.gallery_rates import GalleryRates
from app.decision.numbers import Floats
from app.decision.rates import MOST_MASKED, ProbeRates
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
        """The similarity (n,) that each person's nearest one has at least where anybody is nearer
        than strangers are at this rate. The limit itself is lower the more names are taken out, and
        lowest where all are as near as the nearest.
        """
        z = self.rates.bundle.tail.z_at(float(np.log(fmr / self.rates.factor)))
        if not np.isfinite(z) or z < 0:  # nobody, or whoever it may be
            return np.full(len(self.norms.mean), np.copysign(np.inf, z))
        names = range(1, max(min(MOST_MASKED, int(self.norms.persons)), 1) + 1)
        limits = [self.norms.similarity(z, together=each) for each in names]
        return np.asarray(np.min(limits, axis=0), np.float64)

    def judging(self, rows: Rows, nearest: Floats | Vectors, fmr: float) -> Sequence[ProbeRates]:
        """The rates of strangers to each person of ``rows`` (r,), by all but further names of them:
        ``nearest`` (r, k) are their highest similarities to others, best first.
        """
        norms, tail, factor = self.norms.rows(rows), self.rates.bundle.tail, self.rates.factor
        return [
            ProbeRates(norms.one(place), tail, 1, factor).unmasked(row, fmr)
            for place, row in enumerate(nearest.tolist())
        ]
