"""Persons who are nearer to each other than strangers should be.

The score of two fused persons is the cosine of their centroids. Both were made longer, by r_i and
r_j (see ``moments``), so that its mean over strangers is mean / (r_i r_j) and its deviation stays:
the law by which a gallery's own evidence is read.
"""

import numpy as np
from numpy.typing import NDArray

from app.decision.calibration import Calibration

Floats = NDArray[np.float64]


def pair_fmr(calibration: Calibration, similarity: Floats, one: Floats, other: Floats) -> Floats:
    """How often two strangers, of ``one`` (n,) and ``other`` (n,) templates, are this alike."""
    moments = calibration.moments
    mean = moments.mean / (moments.length_of(one) * moments.length_of(other))
    return np.asarray(np.exp(calibration.shape.log_rate((similarity - mean) / moments.deviation)))


def same_person(calibration: Calibration, one: Floats, other: Floats) -> Floats:
    """The mean similarity of two centroids of one person: from there on, a second name is likely.

    Two templates of one person have the mean similarity ``coherence``; fusing made both longer.
    """
    moments = calibration.moments
    return moments.coherence / (moments.length_of(one) * moments.length_of(other))


def stranger_rate(target: float, persons: int) -> float:
    """The FMR of one comparison that keeps the FPIR ``target`` among ``persons`` persons."""
    return float(-np.expm1(np.log1p(-target) / max(persons, 1)))


def least_alike(calibration: Calibration, rate: float, templates: Floats) -> float:
    """A similarity below which no pair of persons of these ``templates`` (n,) is as rare as
    ``rate``: a bound that is quick to check, not the exact one.
    """
    shape, moments = calibration.shape, calibration.moments
    place = int(np.searchsorted(-shape.log_fmr, -np.log(rate)))
    if not place:
        return -1.0  # everybody is
    deviations = shape.deviations[place - 1]
    lengths = moments.length_of(np.array([templates.min(), templates.max()]))
    return float(min(moments.mean / lengths**2) + deviations * moments.deviation)
