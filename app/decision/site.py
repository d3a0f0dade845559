"""The gallery's own evidence: how alike its people look to each other, seen by its own cameras.

A bundle is calibrated on photographs of all kinds; where one camera and one light take every
picture, strangers resemble each other more. Measured with SFace, the standardised shape of the
impostor scores stays what it was (to 0.1 deviations at one in 100,000, under darkness and noise,
one-sided light, low resolution with JPEG, a colour cast); only its mean and deviation move. The
people of a gallery are strangers to each other, so their similarities show both, without a label.

Few people are little evidence: mean and deviation are drawn towards the bundle's (empirical Bayes),
and the rate is averaged over the uncertainty that remains, which raises the threshold.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from app.decision.fusion import Fused
from app.decision.moments import Moments

_MEAN_PRIOR: Final = 0.6
"""How far a camera moves the mean, in deviations: 0 to 0.9 in the four cameras of the bench."""
_DEVIATION_PRIOR: Final = 0.15
"""How far it moves the logarithm of the deviation: 0.05 to 0.2 in the same."""
_MEAN_NOISE: Final = 0.8
_DEVIATION_NOISE: Final = 0.3
"""Standard error of both from the choice of n people, times sqrt(n): measured over 300 galleries
each of 5, 20 and 80 people, 0.4 to 0.9 and 0.1 to 0.3. The pairs' own noise comes on top."""
_DOUBT: Final = 3.0  # standard errors
_TAIL_GROWTH: Final = 0.3
"""A camera that stretches the scores stretches the far ones more, by this share (in logarithms):
bad pictures among good ones. Measured at one in 10,000: 0.0 to 0.35, for stretches 1.01 to 1.13."""
_COHERENCE_PRIOR: Final = 10.0
_LEAST_LENGTH: Final = 1e-3
_BLOCK: Final = 4096  # people whose vectors are in float64 at once


@dataclass(frozen=True, slots=True)
class SiteEvidence:
    """Statistics of a gallery's people: similarities of their fused vectors, over pairs of persons.

    ``inverse_length`` is the mean over pairs of 1 / (r_i r_j), by which fusing raised the mean;
    ``coherence`` is the mean over the ``coherent`` people who have several templates.
    """

    persons: int
    mean: float
    deviation: float
    inverse_length: float
    coherent: int
    coherence: float


class SiteStatistics:
    """Keeps the evidence of a gallery up as people come and go, in O(d^2) a person.

    Sums and second moments of the fused vectors hold all that is needed: the sum over i, j of
    (f_i . f_j)^2 is the squared norm of the sum of f f^T. Not thread-safe.
    """

    def __init__(self, dimension: int) -> None:
        self._sum = np.zeros(dimension)
        self._second = np.zeros((dimension, dimension))
        self._inverse = np.zeros(2)
        self._coherence = 0.0
        self._coherent = 0
        self._persons = 0

    def add(self, people: Fused) -> None:
        """Count these people in."""
        self._change(people, 1)

    def remove(self, people: Fused) -> None:
        """Count out people who were added with just these vectors, templates and lengths."""
        self._change(people, -1)

    def evidence(self) -> SiteEvidence:
        """The evidence now; with fewer than two people all fields but the count are zero."""
        count = self._persons
        coherence = self._coherence / self._coherent if self._coherent else 0.0
        if count < 2:
            return SiteEvidence(count, 0.0, 0.0, 0.0, 0, 0.0)
        pairs = count * (count - 1)
        mean = (float(self._sum @ self._sum) - count) / pairs
        square = (float((self._second**2).sum()) - count) / pairs
        deviation = float(np.sqrt(max(square - mean**2, 0.0)))
        inverse = float(self._inverse[0] ** 2 - self._inverse[1]) / pairs
        return SiteEvidence(count, mean, deviation, inverse, self._coherent, coherence)

    def _change(self, people: Fused, sign: int) -> None:
        for start in range(0, len(people.vectors), _BLOCK):
            rows = people.vectors[start : start + _BLOCK].astype(np.float64)
            self._sum += sign * rows.sum(axis=0)
            self._second += sign * (rows.T @ rows)
        inverse = 1 / np.maximum(people.lengths, _LEAST_LENGTH)
        several = people.templates > 1
        own = 1 / people.templates[several]
        coherence = (people.lengths[several] ** 2 - own) / (1 - own)
        self._persons += sign * len(people.vectors)
        self._inverse += sign * np.array([inverse.sum(), (inverse**2).sum()])
        self._coherent += sign * int(several.sum())
        self._coherence += sign * float(coherence.sum())


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
        return {**asdict(self), "moments": asdict(self.moments)}


def fit_site(bundle: Moments, evidence: SiteEvidence) -> SiteFit:
    """The bundle's moments moved to this gallery; unchanged with fewer than two people.

    The part of the mean shift that one duplicate enrolment (a pair of similarity 1) cannot explain
    widens the prior, so it is shrunk less; likewise the part of a narrower deviation that chance
    cannot explain. Three people's similarities may by chance be nearly equal, and the logarithm of
    a deviation near 0 has no floor; so one more pair is counted, at one of the bundle's deviations.
    Measured on quarters of the calibrating halves at 1 % stated, without and with all that: three
    people of web photographs 1.27 and 0.93 times that, twenty under light from one side 1.75 and
    1.50.
    """
    n = evidence.persons
    if n < 2:
        return SiteFit(bundle, 0.0, 0.0, 0.0, 1.0, n)
    shift = (evidence.mean / evidence.inverse_length - bundle.mean) / bundle.deviation
    deviation = evidence.deviation if n > 2 else bundle.deviation  # one pair has none
    stretch = deviation / bundle.deviation
    pairs = n * (n - 1) / 2
    mean_weight, mean_error = _shrunk(
        _MEAN_PRIOR,
        _MEAN_NOISE**2 / n + 1 / pairs,
        beyond=shift - 1 / (bundle.deviation * pairs),
    )
    seen = float(np.log((pairs * stretch**2 + 1) / (pairs + 1))) / 2
    noise = _DEVIATION_NOISE**2 / n + 0.5 / pairs
    weight, error = _shrunk(_DEVIATION_PRIOR, noise, beyond=-seen - _DOUBT * float(np.sqrt(noise)))
    growth = weight * seen
    moments = Moments(
        bundle.mean + mean_weight * shift * bundle.deviation,
        bundle.deviation * float(np.exp(growth + _TAIL_GROWTH * max(growth, 0.0))),
        _coherence(bundle, evidence),
    )
    return SiteFit(moments, mean_error, error, shift, stretch, n)


def _shrunk(prior: float, noise: float, *, beyond: float) -> tuple[float, float]:
    """The empirical-Bayes weight of an observation, prior^2 / (prior^2 + noise), and the standard
    error that remains. ``noise`` is a variance; ``beyond`` (0 if negative) widens the prior.
    """
    expected = prior**2 + max(beyond, 0.0) ** 2
    weight = expected / (expected + noise)
    return weight, float(weight * np.sqrt(noise))


def _coherence(bundle: Moments, evidence: SiteEvidence) -> float:
    """The site's mated similarity, drawn towards the bundle's, which weighs as ten people."""
    seen = evidence.coherent * evidence.coherence + _COHERENCE_PRIOR * bundle.coherence
    return float(np.clip(seen / (evidence.coherent + _COHERENCE_PRIOR), _LEAST_LENGTH, 1.0))
