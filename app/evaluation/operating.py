"""The error rates at one threshold, here and in a gallery ten times as large."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from app.decision.calibration import Calibration, GallerySize, Threshold
from app.evaluation.rates import Rate, fnir, fpir
from app.evaluation.trials import Flags, Floats, Trials

Verdict = Literal["consistent", "exceeded", "stricter"]
"""The stated rate lies inside the measured interval; below it; above it."""

_GRID: Final = 513


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The decisions that Kith would make for the mated probes and for the strangers."""

    identified: int
    wrong_person: int
    ambiguous: int
    unknown: int
    stranger_named: int
    stranger_ambiguous: int
    stranger_unknown: int


@dataclass(frozen=True, slots=True)
class ThresholdResult:
    """A threshold and what these images show at it. ``stated`` is the interval that the calibration
    gives its rate, ``extrapolated`` that its data do not reach so far: None where no calibration
    set the threshold.
    """

    similarity: float
    stated: tuple[float, float] | None
    extrapolated: bool | None
    fpir: Rate
    fnir: Rate
    outcomes: Outcomes


@dataclass(frozen=True, slots=True)
class Larger:
    """The same target in a larger gallery, from the calibration: nothing of it was measured.

    ``fpir_scaled`` is the rate at the same threshold by 1 - (1 - FPIR)^factor from the images' own
    strangers alone, with its interval.
    """

    persons: int
    similarity: float
    stated: tuple[float, float]
    extrapolated: bool
    fnir: float
    fpir_scaled: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A target FPIR: Kith's threshold for it, what was measured there, and the larger gallery."""

    target: float
    here: ThresholdResult
    verdict: Verdict
    larger: Larger


def threshold_result(
    trials: Trials, similarity: float, *, margin: float, stated: Threshold | None = None
) -> ThresholdResult:
    """The rates of these trials at ``similarity``; ``stated`` is the calibration that set it."""
    return ThresholdResult(
        similarity,
        stated.interval if stated else None,
        stated.extrapolated if stated else None,
        fpir(trials, similarity),
        fnir(trials, similarity),
        outcomes(trials, similarity, margin=margin),
    )


def outcomes(trials: Trials, threshold: float, *, margin: float) -> Outcomes:
    """``app.decision.open_set.decide`` on every probe at once."""
    mated = trials.mated
    own, best, second = trials.own[mated], trials.best[mated], trials.second[mated]
    named, ambiguous = _decided(
        np.maximum(own, best), np.maximum(np.minimum(own, best), second), threshold, margin
    )
    right = named & trials.first[mated]
    stranger, unclear = _decided(trials.best, trials.second, threshold, margin)
    return Outcomes(
        identified=int(right.sum()),
        wrong_person=int((named & ~right).sum()),
        ambiguous=int(ambiguous.sum()),
        unknown=int((~named & ~ambiguous).sum()),
        stranger_named=int(stranger.sum()),
        stranger_ambiguous=int(unclear.sum()),
        stranger_unknown=int((~stranger & ~unclear).sum()),
    )


def operating_point(
    trials: Trials, calibration: Calibration, size: GallerySize, target: float, *, factor: int
) -> OperatingPoint:
    """``target`` in this gallery of ``size``, and in one ``factor`` times as large."""
    stated = calibration.threshold(target, size)
    here = threshold_result(
        trials, stated.similarity, margin=calibration.ambiguity_margin, stated=stated
    )
    later = calibration.threshold(target, times(size, factor))
    kept = KeptFirst(trials, calibration, times(size, factor - 1))
    scaled = [1 - (1 - rate) ** factor for rate in _measured(fpir(trials, later.similarity))]
    larger = Larger(
        persons=size.persons * factor,
        similarity=later.similarity,
        stated=later.interval,
        extrapolated=later.extrapolated,
        fnir=kept.fnir(later.similarity),
        fpir_scaled=(scaled[0], scaled[1], scaled[2]),
    )
    return OperatingPoint(target, here, verdict(here.fpir, target), larger)


def times(size: GallerySize, factor: int) -> GallerySize:
    """A gallery of ``factor`` times as many persons, with as many templates each."""
    return GallerySize({k: persons * factor for k, persons in size.persons_by_templates.items()})


class KeptFirst:
    """FNIR to expect when more people come: who is first today must also beat all of them.

    P(nobody of the newcomers reaches s) is 1 - FPIR(s) in a gallery of the newcomers alone.
    """

    def __init__(self, trials: Trials, calibration: Calibration, newcomers: GallerySize) -> None:
        own = trials.own[trials.mated & trials.first]
        grid = np.linspace(-1.0, 1.0, _GRID)
        rates = calibration.fpirs(grid.tolist(), newcomers)
        self._own = np.sort(own)
        stays = 1 - np.interp(self._own, grid, rates)
        # How many are first and reach each of the sorted similarities, on average.
        self._stay = np.append(np.cumsum(stays[::-1])[::-1], 0.0)
        self._mated = int(trials.mated.sum())

    def fnir(self, threshold: float) -> float:
        """The share of mated probes that are below ``threshold`` or no longer first."""
        from_here = int(np.searchsorted(self._own, threshold, side="left"))
        return 1 - float(self._stay[from_here]) / self._mated


def _decided(
    top: Floats, runner_up: Floats, threshold: float, margin: float
) -> tuple[Flags, Flags]:
    """Which are named and which are ambiguous."""
    reaches = top >= threshold
    ambiguous = reaches & (runner_up >= threshold) & (top - runner_up <= margin)
    return reaches & ~ambiguous, ambiguous


def _measured(rate: Rate) -> tuple[float, float, float]:
    return rate.rate, rate.low, rate.high


def verdict(measured: Rate, target: float) -> Verdict:
    """Compare a measured FPIR with the one that was stated."""
    if target < measured.low:
        return "exceeded"
    return "stricter" if target > measured.high else "consistent"
