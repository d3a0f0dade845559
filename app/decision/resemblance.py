"""Persons who are nearer to each other than strangers should be.

The score of two persons is the cosine of their centroids, standardised once by what the one has to
all others and once by what the other has. A pair is rare where both say so. Further names of the
two are not among these others, as in an identification.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from app.decision.calibration import Calibration
from app.decision.cohort import Cohort
from app.decision.fusion import ROUNDING, Fused, Vectors
from app.decision.gallery_rates import GalleryRates
from app.decision.numbers import Floats
from app.decision.rates import MOST_MASKED, GallerySize, ProbeRates, comparison_rate
from app.decision.standardise import Norms, Rows

SMALL_GALLERY: Final = 500
"""People among whom second names are looked for. Among more, one in twenty who has a second name
changes the deviation of a gallery's similarities by less than one in a hundred."""
_CHANCE: Final = 0.001
"""The share of galleries in which two strangers may be taken for one person, at most."""


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
        z = self.rates.z_at(fmr)
        if not np.isfinite(z) or z < 0:  # it takes nobody, or anybody
            return np.full(len(self.norms.mean), np.copysign(np.inf, z))
        names = range(1, max(min(MOST_MASKED, int(self.norms.persons)), 1) + 1)
        limits = [self.norms.similarity(z, together=each) for each in names]
        return np.asarray(np.min(limits, axis=0), np.float64)

    def judging(self, rows: Rows, nearest: Floats | Vectors, fmr: float) -> Sequence[ProbeRates]:
        """The rates of strangers to each person of ``rows`` (r,), by all but further names of them:
        ``nearest`` (r, k) are their highest similarities to others, best first.
        """
        norms, tail, factor = self.norms.rows(rows), self.rates.bundle.tail, self.rates.factor
        spoilt = self.rates.spoilt
        return [
            ProbeRates(norms.one(place), tail, 1, factor, spoilt).unmasked(row, fmr)
            for place, row in enumerate(nearest.tolist())
        ]


def second_names(bundle: Calibration, cohort: Cohort, people: Fused) -> Mapping[int, int]:
    """Those of ``people`` who are nearer to somebody of a lower key than any two strangers are in
    999 of 1,000 galleries, or as near as two names of one person: the keys of both. The people are
    the ``cohort``. In small galleries; else nobody.
    """
    count = len(people.owners)
    if not 2 <= count <= SMALL_GALLERY:
        return {}
    rates = GalleryRates(bundle, cohort, GallerySize(count, int(people.templates.sum())))
    members = Members.of(rates, people.vectors)
    rate = comparison_rate(_CHANCE, count * (count - 1) // 2)
    vectors = people.vectors.astype(np.float64)
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -np.inf)
    once = bundle.same_person(people.templates, np.ones_like(people.templates)) - ROUNDING
    rows = np.flatnonzero(alike.max(axis=1) >= np.minimum(members.limits(rate), once))
    nearest = -np.sort(-alike[rows], axis=1)[:, : min(MOST_MASKED, count - 1)]
    judging = members.judging(rows, nearest, rate)
    limits = np.array([each.limit(rate) for each in judging], np.float64)
    one, other = np.meshgrid(people.templates[rows], people.templates[rows])
    bounds = np.minimum(np.maximum.outer(limits, limits), bundle.same_person(one, other) - ROUNDING)
    near = alike[np.ix_(rows, rows)] >= bounds
    found: dict[int, int] = {}
    keys = people.owners[rows].tolist()
    for at, key in enumerate(keys):
        first = [keys[each] for each in np.flatnonzero(near[at, :at]) if keys[each] not in found]
        if first:
            found[key] = first[0]
    return found
