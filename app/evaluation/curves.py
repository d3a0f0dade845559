"""The lines and bars that a report draws."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from app.decision.calibration import Calibration, GallerySize
from app.evaluation.operating import KeptFirst, times
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
    """How many mated probes, and how many strangers' best, lie between each two ``edges``."""

    edges: list[float]
    mated: list[int]
    strangers: list[int]


@dataclass(frozen=True, slots=True)
class Curves:
    """``measured`` at N; ``kith`` and ``bundle`` as calibrated at N, with and without the gallery's
    own evidence; ``larger`` is ``kith`` for the larger gallery.
    """

    measured: Measured
    kith: Calibrated
    bundle: Calibrated
    larger: Calibrated
    histogram: Histogram


def curves(
    trials: Trials, bundle: Calibration, site: Calibration, size: GallerySize, *, factor: int
) -> Curves:
    """All of them; the larger gallery has ``factor`` times as many persons."""
    return Curves(
        _measured(trials),
        _calibrated(trials, site, size),
        _calibrated(trials, bundle, size),
        _calibrated(trials, site, size, factor=factor),
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


def _calibrated(
    trials: Trials, calibration: Calibration, size: GallerySize, *, factor: int = 1
) -> Calibrated:
    kept = KeptFirst(trials, calibration, times(size, factor - 1))
    larger = times(size, factor)
    points = [calibration.threshold(float(target), larger) for target in _TARGETS]
    reached = [point for point in points if point.similarity <= 1]
    return Calibrated(
        larger.persons,
        [point.similarity for point in reached],
        [point.target for point in reached],
        [point.interval[0] for point in reached],
        [point.interval[1] for point in reached],
        [point.extrapolated for point in reached],
        [kept.fnir(point.similarity) for point in reached],
    )


def _histogram(trials: Trials) -> Histogram:
    mated = trials.own[trials.mated]
    both: Floats = np.concatenate([mated, trials.best])
    low, high = np.floor(both.min() * 20 - 1) / 20, np.ceil(both.max() * 20 + 1) / 20
    edges = np.linspace(low, high, _BINS + 1)
    return Histogram(
        edges.tolist(),
        np.histogram(mated, edges)[0].tolist(),
        np.histogram(trials.best, edges)[0].tolist(),
    )
