"""The gallery's own evidence: how alike its people look to each other, seen by its own cameras.

A bundle is calibrated on photographs of all kinds; where one camera and one light take every
picture, strangers resemble each other more. Measured with SFace, the standardised shape of the
impostor scores stays what it was (to 0.1 deviations at one in 100,000, under darkness and noise,
one-sided light, low resolution with JPEG, a colour cast); only its mean and deviation move. The
people of a gallery are strangers to each other, so their similarities tell both, without a label.

Few people tell little: mean and deviation are drawn towards the bundle's (empirical Bayes), and
what stays uncertain is averaged over, which raises the rate and so the threshold.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.decision.moments import Moments

_Floats = NDArray[np.float64]
_Vectors = NDArray[np.float32]

_MEAN_PRIOR: Final = 0.6
"""How far a camera moves the mean, in deviations: 0 to 0.9 in the four cameras of the bench."""
_DEVIATION_PRIOR: Final = 0.15
"""How far it moves the logarithm of the deviation: 0.05 to 0.2 in the same."""
_MEAN_NOISE: Final = 0.7
_DEVIATION_NOISE: Final = 0.2
"""Standard error of both from the choice of n people, times sqrt(n): measured over 300 galleries
each of 5, 20 and 80 people, 0.4 to 0.9 and 0.1 to 0.3. The pairs' own noise comes on top."""


@dataclass(frozen=True, slots=True)
class SiteEvidence:
    """Similarities of a gallery's fused vectors, each person to each other: mean and deviation."""

    persons_by_templates: Mapping[int, int]
    mean: float
    deviation: float

    @property
    def persons(self) -> int:
        """How many people were compared with each other."""
        return sum(self.persons_by_templates.values())


class SiteStatistics:
    """Keeps the evidence of a gallery up as people come and go, in O(d^2) a person.

    Sums and second moments of the fused vectors hold all that is needed: the sum over i, j of
    (f_i . f_j)^2 is the squared norm of the sum of f f^T. Not thread-safe.
    """

    def __init__(self, dimension: int) -> None:
        self._sum = np.zeros(dimension)
        self._second = np.zeros((dimension, dimension))
        self._templates: Counter[int] = Counter()

    def add(self, fused: _Vectors, templates: NDArray[np.int64]) -> None:
        """People with these unit vectors (n, d), made from so many templates each (n,)."""
        self._change(fused, templates, 1)

    def remove(self, fused: _Vectors, templates: NDArray[np.int64]) -> None:
        """Take back what was added with just these vectors and numbers of templates."""
        self._change(fused, templates, -1)

    def evidence(self) -> SiteEvidence:
        """As of now; ``mean`` and ``deviation`` are 0 with fewer than two people."""
        persons = {k: n for k, n in self._templates.items() if n}
        count = sum(persons.values())
        if count < 2:
            return SiteEvidence(persons, 0.0, 0.0)
        pairs = count * (count - 1)
        mean = (float(self._sum @ self._sum) - count) / pairs
        square = (float((self._second**2).sum()) - count) / pairs
        return SiteEvidence(persons, mean, float(np.sqrt(max(square - mean**2, 0.0))))

    def _change(self, fused: _Vectors, templates: NDArray[np.int64], sign: int) -> None:
        rows = fused.astype(np.float64)
        self._sum += sign * rows.sum(axis=0)
        self._second += sign * (rows.T @ rows)
        for k in templates.tolist():
            self._templates[k] += sign


@dataclass(frozen=True, slots=True)
class SiteFit:
    """The moments at a site, and how uncertain they are.

    ``mean_error`` is in deviations, ``deviation_error`` of the deviation's logarithm. ``shift`` and
    ``stretch`` say how far the site's own similarities are from the bundle's, before any shrinking:
    in the bundle's deviations, and as a factor.
    """

    moments: Moments
    mean_error: float
    deviation_error: float
    shift: float
    stretch: float
    persons: int

    def to_dict(self) -> dict[str, Any]:
        """For people to read."""
        return {
            "persons": self.persons,
            "mean": self.moments.mean,
            "deviation": self.moments.deviation,
            "shift": self.shift,
            "stretch": self.stretch,
            "mean_error": self.mean_error,
            "deviation_error": self.deviation_error,
        }


def fit_site(bundle: Moments, evidence: SiteEvidence) -> SiteFit:
    """What the bundle's moments become in this gallery; the bundle's own with fewer than two."""
    n = evidence.persons
    if n < 2:
        return SiteFit(bundle, 0.0, 0.0, 0.0, 1.0, n)
    mean = evidence.mean / _mean_of_inverse_lengths(bundle, evidence)
    shift = (mean - bundle.mean) / bundle.deviation
    stretch = max(evidence.deviation, 1e-3) / bundle.deviation
    pairs = n * (n - 1) / 2
    mean_weight, mean_error = _shrunk(_MEAN_PRIOR**2, _MEAN_NOISE**2 / n + 1 / pairs)
    weight, error = _shrunk(_DEVIATION_PRIOR**2, _DEVIATION_NOISE**2 / n + 0.5 / pairs)
    moments = Moments(
        bundle.mean + mean_weight * shift * bundle.deviation,
        bundle.deviation * float(stretch**weight),
        bundle.coherence,
    )
    return SiteFit(moments, mean_error, error, shift, stretch, n)


def _shrunk(prior: float, noise: float) -> tuple[float, float]:
    """The weight of an observation by the variances of both, and the noise it brings along."""
    weight = prior / (prior + noise)
    return weight, float(weight * np.sqrt(noise))


def _mean_of_inverse_lengths(bundle: Moments, evidence: SiteEvidence) -> float:
    """Mean over pairs of 1 / (r_i r_j): both sides are fused here, where a probe is one image."""
    templates = np.array(list(evidence.persons_by_templates), np.float64)
    persons = np.array(list(evidence.persons_by_templates.values()), np.float64)
    inverse = 1 / bundle.length_of(templates)
    n = persons.sum()
    return float(((persons @ inverse) ** 2 - persons @ inverse**2) / (n * (n - 1)))
