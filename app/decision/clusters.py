"""Gathers faces by person, without names.

Two clusters are compared as two persons are, by the cosine of their centroids, and the nearest two
(as near as the fewest strangers are) are joined until no two are nearer than strangers may be. That
is average linkage in the score that is calibrated: single linkage chains strangers through one bad
picture, complete linkage takes a person's two worst pictures for two people.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.decision.fusion import Vectors
from app.decision.gallery_rates import GalleryRates
from app.decision.numbers import Floats
from app.decision.standardise import Norms


def clusters(
    vectors: Vectors, rates: GalleryRates, fmr: float, *, people: Vectors
) -> list[list[int]]:
    """The rows of unit ``vectors`` (n, d) by person, each list rising, the largest first.

    The gallery of ``rates`` standardises the scores. ``people`` (m, d) of it are near to some of
    the faces, and may be who they are of: they do not count for these. Two clusters are joined
    where at most ``fmr`` of strangers are as near to the one, and to the other. Deterministic;
    O(n^3) at worst, a second for a thousand.
    """
    if not len(vectors):
        return []
    found = _Clusters(vectors, rates, fmr, people)
    for row in range(len(vectors)):
        found.compare(row)
    limit = rates.z_at(fmr)
    while len(vectors) > 1:
        one, other = sorted(divmod(int(np.argmax(found.z)), len(vectors)))
        if not found.z[one, other] >= limit:
            break
        found.join(one, other)
    groups = [sorted(rows) for rows in found.members if rows]
    return sorted(groups, key=lambda rows: (-len(rows), rows))


class _Clusters:
    """The ``members`` of each cluster, and the standardised scores ``z`` (n, n) between them, which
    are minus infinity where a cluster was joined to another one.
    """

    def __init__(self, vectors: Vectors, rates: GalleryRates, fmr: float, people: Vectors) -> None:
        count = len(vectors)
        self._rates = rates
        self._fmr = fmr
        self._people = people.astype(np.float64)
        self._sums = vectors.astype(np.float64)
        self._centroids = self._sums.copy()
        self._persons, self._norms = self._norms_of(vectors)
        self._strangers = rates.spoilt
        self._spoilt = None if self._strangers is None else self._strangers.at(vectors)
        self.members = [[row] for row in range(count)]
        self.z = np.full((count, count), -np.inf)

    def join(self, one: int, other: int) -> None:
        """Join the cluster ``other`` to ``one``."""
        self.members[one] += self.members[other]
        self.members[other] = []
        self.z[other, :] = self.z[:, other] = -np.inf
        self._sums[one] += self._sums[other]
        length = max(float(np.linalg.norm(self._sums[one])), 1e-12)
        self._centroids[one] = self._sums[one] / length
        persons, norms = self._norms_of(self._centroids[one : one + 1])
        self._persons[one] = persons[0]
        self._norms.mean[one], self._norms.squares[one] = norms.mean[0], norms.squares[0]
        if self._strangers is not None and self._spoilt is not None:
            self._spoilt.put(one, self._strangers.at(self._centroids[one : one + 1]))
        self.compare(one)

    def compare(self, row: int) -> None:
        """The score of ``row`` and every other cluster: the lowest one of the two norms, and of
        those among spoilt strangers of the two.
        """
        others = np.array(
            [at for at, rows in enumerate(self.members) if rows and at != row], np.intp
        )
        similarity = self._centroids[others] @ self._centroids[row]
        itself = np.full_like(others, row)
        own, theirs = self._scores(itself, similarity), self._scores(others, similarity)
        z = np.minimum(theirs, own)
        if self._spoilt is not None:
            z = np.minimum(z, self._spoilt.rows(itself).z(theirs))
            z = np.minimum(z, self._spoilt.rows(others).z(own))
        self.z[row, others] = self.z[others, row] = z

    def _scores(self, rows: NDArray[np.intp], similarity: Floats) -> Floats:
        """The score of each of ``rows`` (k,) at its ``similarity`` (k,)."""
        z, persons = np.empty(len(rows)), self._persons[rows]
        for each in np.unique(persons):
            at = persons == each
            norms = replace(self._norms.rows(rows[at]), persons=float(each))
            z[at] = norms.z(similarity[at])
        return z

    def _norms_of(self, vectors: Floats | Vectors) -> tuple[Floats, Norms]:
        """The norms without those of the gallery whom the faces may be of, and how many (n,) are
        left for each.
        """
        near = -np.sort(-(vectors @ self._people.T), axis=1)
        rates = zip(self._rates.of(vectors), near.tolist(), strict=True)
        norms = [each.among(1).unmasked(nearest, self._fmr).norm for each, nearest in rates]
        persons = np.array([norm.persons for norm in norms])
        return persons, replace(Norms.joint(norms), inside=False)


def cohesion(vectors: Vectors) -> float | None:
    """The mean similarity of two different ones of ``vectors`` (k, d); None of fewer than two."""
    count = len(vectors)
    if count < 2:
        return None
    whole = vectors.sum(axis=0, dtype=np.float64)
    return float((whole @ whole - count) / (count * (count - 1)))
