"""The lines and bars that a report draws."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from app.decision.gallery_rates import GalleryRates
from app.evaluation.operating import kept_first, larger
from app.evaluation.rates import fnir, fpir, thresholds
from app.evaluation.trials import Floats, Trials

_BINS: Final = 50
_TARGETS: Final = np.geomspace(0.5, 1e-5, 48)


@dataclass(frozen=True, slots=True)
class Measured:
    """FPIR and FNIR of these images at each similarity, with their intervals."""

    similarity: list[float]
    fpir: list[float]
    fpir_low: list[float]
    fpir_high: list[float]
    fnir: list[float]
    fnir_low: list[float]
    fnir_high: list[float]


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The rates that a calibration states for a gallery of ``persons``: FPIR with its interval at
    each similarity, whether that is extrapolated, and the FNIR to expect from these images.
    """

    persons: int
    similarity: list[float]
    fpir: list[float]
    fpir_low: list[float]
    fpir_high: list[float]
    extrapolated: list[bool]
    fnir: list[float]


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many mated probes, and how many strangers' best, lie between each two ``edges``; scores
    beyond -1 and 1 count there.
    """

    edges: list[float]
    mated: list[int]
    strangers: list[int]


@dataclass(frozen=True, slots=True)
class Curves:
    """``measured`` at N; ``one_threshold`` the same with one threshold for all probes; ``kith`` as
    calibrated at N, and ``larger`` for the larger gallery.
    """

    measured: Measured
    one_threshold: Measured
    kith: Calibrated
    larger: Calibrated
    histogram: Histogram


def curves(trials: Trials, plain: Trials, rates: GalleryRates, *, factor: float) -> Curves:
    """All of them; ``plain`` are the trials by similarity, and the larger gallery has ``factor``
    times as many persons.
    """
    return Curves(
        _measured(trials),
        _measured(plain),
        _calibrated(trials, rates, 1),
        _calibrated(trials, rates, factor),
        _histogram(trials),
    )


def _measured(trials: Trials) -> Measured:
    at = thresholds(trials).tolist()
    strangers = [fpir(trials, each) for each in at]
    mated = [fnir(trials, each) for each in at]
    return Measured(
        at,
        [each.rate for each in strangers],
        [each.low for each in strangers],
        [each.high for each in strangers],
        [each.rate for each in mated],
        [each.low for each in mated],
        [each.high for each in mated],
    )


def _calibrated(trials: Trials, rates: GalleryRates, factor: float) -> Calibrated:
    kept, typical = kept_first(trials, rates, factor), larger(rates, factor)
    points = [typical.threshold(float(target)) for target in _TARGETS]
    reached = [point for point in points if point.similarity <= 1]
    return Calibrated(
        typical.persons,
        [point.similarity for point in reached],
        [point.target for point in reached],
        [point.interval[0] for point in reached],
        [point.interval[1] for point in reached],
        [point.extrapolated for point in reached],
        [kept.fnir(point.similarity) for point in reached],
    )


def _histogram(trials: Trials) -> Histogram:
    mated, strangers = trials.own[trials.mated].clip(-1, 1), trials.best.clip(-1, 1)
    both: Floats = np.concatenate([mated, strangers])
    low, high = np.floor(both.min() * 20 - 1) / 20, np.ceil(both.max() * 20 + 1) / 20
    edges = np.linspace(low, high, _BINS + 1)
    return Histogram(
        edges.tolist(),
        np.histogram(mated, edges)[0].tolist(),
        np.histogram(strangers, edges)[0].tolist(),
    )
