"""Whether a calibration's numbers can be those of any faces, so that most edited numbers are found.
The mean and the deviation of strangers' similarities are not: only the manifest's SHA-256 shows
that somebody changed them.

What is asked for follows from what the numbers are, not from models that were seen. With x and y
unit vectors in d dimensions that are drawn alike, and m their mean:

- the mean of x.y is |m|^2, which is not negative; among n people it is down to -1 / (n - 1),
- the variance of x.y is at least (1 - mean)^2 / d; the choice of n people takes at most about 2 / n
  from that,
- two pictures of one person are on average no less alike than two pictures of two people (Jensen);
  fused from many pictures, two people may be more alike than that,
- the tail is of standardised scores: their mean is 0, and their deviation 1; its standard error
  does not fall as pairs become rarer, and n people have n(n - 1) / 2 pairs to see,
- nobody's cosine is above 1: the threshold of one person at 1 % is a cosine that somebody can have.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from app.decision.calibration import FEWEST_PEOPLE, Calibration
from app.decision.impostor_tail import LAW_ERROR, SUPPORT, ImpostorTail
from app.decision.numbers import shown
from app.decision.rates import ProbeRates
from app.decision.standardise import Norms

_TARGET: Final = 0.01
_SIZES: Final = (1, 10, 100, 1_000, 10_000, 100_000)
_LEAST_ABOVE: Final = 1.0
"""Deviations above the mean at which one stranger in 100 may be at least. Two values that are met
equally often have 1.0 there, a circle's cosines 1.41, a normal distribution 2.33."""
_MOST_MARGIN: Final = 2.0  # deviations; shipped: 0.3 to 0.4
_OF_UNKNOWN: Final = 0.25  # of the least deviation, where nobody says of how many people it is
_MEAN_OFF: Final = 0.02
_DEVIATIONS: Final = (0.96, 1.05)
"""Within these a tail is standardised. Fits of 50 to 1,000 people of LFW, and of people made of
numbers, are off by 0.0007 at most and have 0.9999 to 1.012."""
_ROUGH_MEAN_OFF: Final = 0.25
_ROUGH_DEVIATIONS: Final = (0.75, 1.5)
"""The same of the former format, and of fewer than 50 people: shipped ones are off by 0.0001 and
have 0.999, three digits are off by 0.002 and have 0.78."""
_ROUNDED: Final = 2e-4  # a column has four places
_FIT: Final = 1e-3  # how far a supported rate may be from what the people's pairs support
_POINTS: Final = 20_001


def check_plausible(calibration: Calibration, *, dimension: int) -> None:
    """``ValueError`` names the number that cannot be right, for embeddings of ``dimension``.

    Where the evidence does not say of how many people it is, it was not measured by Kith: then the
    tail's own mean and deviation are not asked for, and a quarter of the deviation is enough.
    """
    people = _people(calibration.evidence)
    _check_spread(calibration, people, dimension)
    _check_margin(calibration)
    if people is not None:
        is_fitted = people >= FEWEST_PEOPLE  # of fewer no rate is promised
        _check_standardised(calibration, exactly=is_fitted and not calibration.is_former)
        if is_fitted or calibration.is_former:
            _check_support(calibration, people)
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


def _check_spread(calibration: Calibration, people: int | None, dimension: int) -> None:
    typical, mated = calibration.typical, calibration.mated_similarity
    lowest = -1 / ((people or FEWEST_PEOPLE) - 1) - 1e-6
    if not lowest <= typical.mean:
        raise ValueError(
            f"the mean similarity of two strangers is {typical.mean:g}; {lowest:.4f} or more is "
            "right"
        )
    least = (1 - typical.mean) / np.sqrt(dimension)
    least = np.sqrt(max(least**2 - 2 / people, 0)) if people else _OF_UNKNOWN * least
    if not typical.deviation >= least:
        raise ValueError(
            f"the deviation of strangers' similarities is {typical.deviation:g}; with their mean, "
            f"{typical.mean:g}, in {dimension} dimensions, {least:.4f} or more is right"
        )
    if calibration.is_former and mated < typical.mean:  # its mean is of pictures
        raise ValueError(
            f"mated_similarity is {mated:g}: two pictures of one person would be less alike than "
            f"two people; their mean, {typical.mean:g}, or more is right"
        )


def _check_margin(calibration: Calibration) -> None:
    margin, deviation = calibration.ambiguity_margin, calibration.typical.deviation
    if margin > _MOST_MARGIN * deviation:
        raise ValueError(
            f"ambiguity_margin is {margin:g}: the noise of a score would hide who it is of; at "
            f"most {_MOST_MARGIN * deviation:.4f}, two deviations of strangers' similarities, is "
            "right"
        )


def _check_standardised(calibration: Calibration, *, exactly: bool) -> None:
    """Integrate by parts: the mean is z_0 plus the integral of P(Z > z), and so on. Scores below
    the first of the column are taken to be at it.
    """
    tail = calibration.tail
    # Nobody is beyond where the rate is 1e-12; there one last number may lie far off.
    end = float(np.interp(-np.log(1e-12), -tail.log_fmr, tail.z))
    z = np.linspace(tail.z[0], end, _POINTS)
    reached = np.exp(tail.log_rate(z))
    mean = float(z[0] + np.trapezoid(reached, z))
    square = float(z[0] ** 2 + np.trapezoid(2 * z * reached, z))
    deviation = float(np.sqrt(max(square - mean**2, 0)))
    off = _MEAN_OFF if exactly else _ROUGH_MEAN_OFF
    least, most = _DEVIATIONS if exactly else _ROUGH_DEVIATIONS
    if not (abs(mean) <= off and least <= deviation <= most):
        raise ValueError(
            f"tail.z and tail.log_fmr make scores of mean {mean:.3f} and deviation "
            f"{deviation:.3f}; standardised ones have 0 and 1"
        )


def _check_support(calibration: Calibration, people: int) -> None:
    """How rare a rate the evidence of this many people shows, and how surely."""
    tail, evidence = calibration.tail, calibration.evidence
    several = evidence.get("identities_with_several_images")
    enrolled = people  # of the former format, and where few have several images
    if not calibration.is_former:
        if calibration.typical.persons != people:
            raise ValueError(
                f"strangers.persons is {calibration.typical.persons:g}, and evidence.identities "
                f"{people}; the same number is right"
            )
        if type(several) is int and FEWEST_PEOPLE <= several <= people:
            enrolled = several
        _check_spreads(tail)
    pairs = enrolled * (enrolled - 1) / 2 + enrolled * (people - enrolled)
    least = SUPPORT / pairs
    stated = {"tail.supported_fmr": tail.supported_fmr}
    if "supported_fmr" in evidence:
        stated["evidence.supported_fmr"] = evidence["supported_fmr"]
    for name, found in stated.items():
        if not isinstance(found, float) or not least * (1 - _FIT) <= found <= least * (1 + _FIT):
            raise ValueError(
                f"{name} is {shown(found)}; {least:.4g}, at which {SUPPORT} of the pairs of "
                f"{people} people are seen, of whom {enrolled} are enrolled, is right"
            )


def _check_spreads(tail: ImpostorTail) -> None:
    falls = np.diff(tail.log_spread) < -_ROUNDED
    if falls.any():
        at = int(np.argmax(falls)) + 1
        raise ValueError(
            f"tail.log_spread[{at}] is {tail.log_spread[at]:g}; no less than the one before it, "
            f"{tail.log_spread[at - 1]:g}, is right"
        )
    if not tail.log_spread[0] >= LAW_ERROR - _ROUNDED:
        raise ValueError(
            f"tail.log_spread[0] is {tail.log_spread[0]:g}; {LAW_ERROR}, by which the tails of "
            "galleries differ, or more is right"
        )


def _check_thresholds(calibration: Calibration) -> None:
    """The mean strangers have falls under nobody's threshold, whatever the gallery's size."""
    typical = calibration.typical
    norm = Norms.known(np.array([typical.mean]), np.array([typical.deviation]))
    least = typical.mean + _LEAST_ABOVE * typical.deviation
    found = [
        ProbeRates(norm, calibration.tail, size).threshold(_TARGET).similarity for size in _SIZES
    ]
    if not found[0] <= 1:
        raise ValueError(
            f"the mean of strangers' similarities is {typical.mean:g} and their deviation "
            f"{typical.deviation:g}: no similarity is high enough for one person and a "
            "false-positive rate of 1 %; a cosine is at most 1"
        )
    for size, similarity in zip(_SIZES, found, strict=True):
        if not similarity >= least:
            raise ValueError(
                f"tail.log_fmr leads to the threshold {similarity:.4f} for {size:,} persons at a "
                f"false-positive rate of 1 %; {least:.4f}, a deviation above the mean, or more is "
                "right"
            )
