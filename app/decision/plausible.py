"""Whether a calibration's numbers can be those of any faces, so that one edited number is found.

What is asked for follows from what the numbers are, not from models that were seen. With x and y
unit vectors in d dimensions that are drawn alike, m their mean and C their covariance:

- the mean of x.y is |m|^2, which is not negative; among n people it is down to -1 / (n - 1),
- its variance is 2 m'Cm + |C|^2, which is at least trace(C)^2 / d = (1 - mean)^2 / d; the choice of
  n people takes at most about 2 / n from that,
- two pictures of one person are on average no less alike than two people (Jensen),
- the shape is of standardised scores: its own mean is 0, and its own deviation 1,
- nobody's cosine is above 1: the threshold of one person at 1 % is a cosine that somebody can have.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from app.decision.calibration import Calibration, GallerySize
from app.decision.numbers import shown

_TARGET: Final = 0.01
_SIZES: Final = (1, 10, 100, 1_000, 10_000, 100_000)
_LEAST_ABOVE: Final = 1.0
"""Deviations above the mean at which one stranger in 100 may be at least. Two values that are met
equally often have 1.0 there, a circle's cosines 1.41, a normal distribution 2.33."""
_MOST_MARGIN: Final = 2.0  # deviations; shipped: 0.3 to 0.4
_OF_UNKNOWN: Final = 0.25  # of the least deviation, where nobody says of how many people it is
_LEAST_PEOPLE: Final = 50  # of whom ``kith models calibrate`` makes a calibration
_MEAN_OFF: Final = 0.25
_DEVIATIONS: Final = (0.75, 1.5)
"""Within these a shape is standardised: shipped ones are off by 0.0001, and 0.999. A few dozen
people's fitted tails are off by more."""
_POINTS: Final = 20_001


def check_plausible(calibration: Calibration, *, dimension: int) -> None:
    """``ValueError`` names the number that cannot be right, for embeddings of ``dimension``.

    Where the evidence does not say of how many people it is, it was not measured by Kith: then the
    shape's own mean and deviation are not asked for, and a quarter of the deviation is enough.
    """
    people = _people(calibration.evidence)
    _check_moments(calibration, people, dimension)
    _check_margin(calibration)
    if people is not None:
        _check_standardised(calibration)
    _check_thresholds(calibration)


def _people(evidence: Mapping[str, Any]) -> int | None:
    if "identities" not in evidence:
        return None
    people = evidence["identities"]
    if isinstance(people, bool) or not isinstance(people, int) or not 2 <= people < 2**53:
        raise ValueError(
            f"evidence.identities is {shown(people)}; the number of people is right, 2 or more"
        )
    return people


def _check_moments(calibration: Calibration, people: int | None, dimension: int) -> None:
    moments = calibration.moments
    lowest = -1 / ((people or _LEAST_PEOPLE) - 1) - 1e-6
    if not lowest <= moments.mean:
        raise ValueError(
            f"moments.mean is {moments.mean:g}; strangers' similarities have a mean of "
            f"{lowest:.4f} or more"
        )
    least = (1 - moments.mean) / np.sqrt(dimension)
    least = np.sqrt(max(least**2 - 2 / people, 0)) if people else _OF_UNKNOWN * least
    if moments.deviation < least:
        raise ValueError(
            f"moments.deviation is {moments.deviation:g}; with the mean {moments.mean:g}, in "
            f"{dimension} dimensions, {least:.4f} or more is right"
        )
    if moments.coherence < moments.mean:
        raise ValueError(
            f"moments.coherence is {moments.coherence:g}: two pictures of one person would be less "
            f"alike than two people; moments.mean, {moments.mean:g}, or more is right"
        )


def _check_margin(calibration: Calibration) -> None:
    margin, deviation = calibration.ambiguity_margin, calibration.moments.deviation
    if margin > _MOST_MARGIN * deviation:
        raise ValueError(
            f"ambiguity_margin is {margin:g}: the noise of a score would hide who it is of; at "
            f"most {_MOST_MARGIN * deviation:.4f}, two of moments.deviation, is right"
        )


def _check_standardised(calibration: Calibration) -> None:
    """Integrate by parts: the mean is z_0 plus the integral of P(Z > z), and so on. Scores below
    the first of the deviations are taken to be at it.
    """
    shape = calibration.shape
    # Nobody is beyond where the rate is 1e-12; there one last number may lie far off.
    end = float(np.interp(-np.log(1e-12), -shape.log_fmr, shape.deviations))
    z = np.linspace(shape.deviations[0], end, _POINTS)
    reached = np.exp(shape.log_rate(z))
    mean = float(z[0] + np.trapezoid(reached, z))
    square = float(z[0] ** 2 + np.trapezoid(2 * z * reached, z))
    deviation = float(np.sqrt(max(square - mean**2, 0)))
    if not (abs(mean) <= _MEAN_OFF and _DEVIATIONS[0] <= deviation <= _DEVIATIONS[1]):
        raise ValueError(
            f"shape.deviations and shape.log_fmr make scores of mean {mean:.3f} and deviation "
            f"{deviation:.3f}; standardised ones have 0 and 1"
        )


def _check_thresholds(calibration: Calibration) -> None:
    """The mean strangers have falls under nobody's threshold, whatever the gallery's size."""
    moments = calibration.moments
    least = moments.mean + _LEAST_ABOVE * moments.deviation
    found = [calibration.threshold(_TARGET, GallerySize({1: size})).similarity for size in _SIZES]
    if not found[0] <= 1:
        raise ValueError(
            f"moments.deviation is {moments.deviation:g}: no similarity is high enough for one "
            "person and a false-positive rate of 1 %; a cosine is at most 1"
        )
    for size, similarity in zip(_SIZES, found, strict=True):
        if not similarity >= least:
            raise ValueError(
                f"shape.log_fmr leads to the threshold {similarity:.4f} for {size:,} persons at a "
                f"false-positive rate of 1 %; {least:.4f}, a deviation above the mean, or more is "
                "right"
            )
