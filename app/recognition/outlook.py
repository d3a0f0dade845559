"""The threshold of a collection as it would be at another target, and in a larger gallery."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from app.decision.rates import UNREACHABLE, ProbeRates, Threshold

_GROWTH: Final = (1, 2, 10, 100)
_STEPS: Final = 121
_SIZES: Final = 25
_LEAST_SHOWN: Final = 1e-6  # rates below it are beyond any calibration


@dataclass(frozen=True, slots=True)
class Sized:
    """The threshold in a gallery of this number of ``persons``, who are like those of today."""

    persons: int
    threshold: Threshold


@dataclass(frozen=True, slots=True)
class Grown(Sized):
    """The same, and the FPIR (0 to 1) ``if_kept``: if the similarity of today stayed."""

    if_kept: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """The thresholds of a typical face ``now`` and at the ``asked`` target, at several sizes of the
    gallery, and the FPIR (0 to 1) at each of ``similarities``; below ``supported`` it is
    extrapolated. ``growth`` is for the target of now, from a tenth of the gallery's size to a
    hundred times as many.
    """

    now: Threshold
    asked: Threshold
    sizes: Sequence[Sized]
    similarities: Sequence[float]
    fpirs: Sequence[float]
    supported: float
    growth: Sequence[Grown]


def outlook_of(rates: ProbeRates, target: float, asked: float) -> Outlook:
    """The outlook by the ``rates`` of a typical face, at the ``target`` of the collection and at
    another that is ``asked`` for, both FPIR.
    """
    persons = max(rates.persons, 1)
    similarities, fpirs = _curve(rates)
    return Outlook(
        rates.threshold(target),
        rates.threshold(asked),
        [_sized(rates, persons * each, asked) for each in _GROWTH],
        similarities,
        fpirs,
        rates.supported,
        list(_growth(rates, persons, rates.threshold(target))),
    )


def _sized(rates: ProbeRates, persons: int, target: float) -> Sized:
    return Sized(persons, rates.among(persons).threshold(target))


def _growth(rates: ProbeRates, persons: int, now: Threshold) -> Iterator[Grown]:
    sizes = np.geomspace(max(persons / 10, 1), persons * _GROWTH[-1], _SIZES)
    for size in np.unique(sizes.astype(int)).tolist():
        there = rates.among(size)
        yield Grown(size, there.threshold(now.target), there.fpir(now.similarity))


def _curve(rates: ProbeRates) -> tuple[list[float], list[float]]:
    """The FPIR at similarities from 0 to where almost no stranger is named."""
    last = min(rates.limit(_LEAST_SHOWN), UNREACHABLE)
    similarities = [float(each) for each in np.linspace(0.0, min(last, 1.0), _STEPS)]
    return similarities, rates.fpirs(similarities)
