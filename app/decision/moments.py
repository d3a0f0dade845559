"""Mean and deviation of an impostor's similarity, for persons fused from any number of templates.

Let x be a probe, t and t' two templates of another person, and the coherence the mean of t.t'. The
mean of k templates has squared length r_k^2 = coherence + (1 - coherence) / k, and the score with
their unit centroid divides by r_k: its mean is mean / r_k. Its deviation does not change, because
the correlation of x.t and x.t' is as large as the coherence: what fusing averages away, dividing by
r_k brings back. Measured with SFace on six halves of LFW's development train identities, k = 2, 3,
5, 8: the law's mean is 0.002 (0.02 deviations) too low on average and at most 0.004, its deviation
0.0004 too high; for the rate the two cancel.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.decision.numbers import Floats, number

Vectors = NDArray[np.float32]
Keys = NDArray[np.int64]

_LEAST_COHERENCE: Final = 1e-3
_LEAST_DEVIATION: Final = 1e-4  # the similarity of float32 vectors is known to about 1e-7


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of an impostor's similarity to one template; each person counts once, however many
    templates they have.
    """

    mean: float
    deviation: float
    coherence: float

    def mean_of(self, templates: Floats) -> Floats:
        """The mean similarity of an impostor to persons with ``templates`` templates each."""
        return np.asarray(self.mean / self.length_of(templates), np.float64)

    def length_of(self, templates: Floats) -> Floats:
        """r_k: the length of the mean of ``templates`` unit templates of one person."""
        return np.asarray(np.sqrt(self.coherence + (1 - self.coherence) / templates), np.float64)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Moments":
        """From the three numbers by name; ``ValueError`` where no similarities can have them."""
        return cls(
            number(content["mean"], "moments.mean", -1, 1),
            number(content["deviation"], "moments.deviation", _LEAST_DEVIATION, 1),
            number(content["coherence"], "moments.coherence", _LEAST_COHERENCE, 1),
        )


def measure_moments(embeddings: Vectors, identity: Keys) -> Moments:
    """The moments of unit ``embeddings`` (n, d) of the persons ``identity`` (n,), 0 to m - 1.

    From sums and second moments, in O(n d^2): no pair of persons is formed. ``ValueError`` if
    nobody has two images, because the similarity of two templates of one person is then unknown,
    and if everybody looks the same.
    """
    rows = embeddings.astype(np.float64)[np.argsort(identity, kind="stable")]
    persons = np.split(rows, np.cumsum(np.bincount(identity))[:-1])
    coherences = [_coherence(own) for own in persons if len(own) > 1]
    if not coherences:
        raise ValueError("nobody has two images")
    total = np.sum([own.mean(axis=0) for own in persons], axis=0)
    second = np.sum([own.T @ own / len(own) for own in persons], axis=0)
    pairs = len(persons) * (len(persons) - 1)
    within = np.sum([(own.mean(axis=0) ** 2).sum() for own in persons])
    mean = float(total @ total - within) / pairs
    within = np.sum([np.mean((own @ own.T) ** 2) for own in persons])
    square = float((second**2).sum() - within) / pairs
    if square - mean**2 <= _LEAST_DEVIATION**2:
        raise ValueError("everybody looks the same: the embeddings do not separate people")
    coherence = max(float(np.mean(coherences)), _LEAST_COHERENCE)
    return Moments(mean, float(np.sqrt(square - mean**2)), coherence)


def _coherence(own: Floats) -> float:
    """The mean of t.t' over two different templates of ``own`` (k, d)."""
    k, whole = len(own), own.sum(axis=0)
    return float(whole @ whole - k) / (k * (k - 1))
