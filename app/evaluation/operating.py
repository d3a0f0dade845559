"""The error rates at one threshold, here and in a larger gallery."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from app.decision.gallery_rates import GalleryRates, typical_norm
from app.decision.rates import ProbeRates, Threshold
from app.evaluation.outcomes import Outcomes, outcomes
from app.evaluation.rates import Rate, fnir, fpir, mean_share
from app.evaluation.trials import Trials

Verdict = Literal["consistent", "exceeded", "stricter"]
"""The stated rate lies inside the measured interval; below it; above it."""


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
    """The same target in a larger gallery, estimated from the calibration: nothing of it was
    measured. ``fnir_interval`` is the 95 % interval of ``fnir`` over the choice of people.

    ``fpir_scaled`` is the rate at the same threshold by 1 - (1 - FPIR)^factor from the images' own
    strangers alone, with its interval.
    """

    persons: int
    similarity: float
    stated: tuple[float, float]
    extrapolated: bool
    fnir: float
    fnir_interval: tuple[float, float]
    fpir_scaled: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A target FPIR: Kith's threshold for it, what was measured there, and the larger gallery."""

    target: float
    here: ThresholdResult
    verdict: Verdict
    larger: Larger

    def missed(self, *, in_larger: bool) -> tuple[float, float, float]:
        """FNIR and its 95 % interval, as measured here or as estimated in the larger gallery."""
        if in_larger:
            return self.larger.fnir, *self.larger.fnir_interval
        return self.here.fnir.rate, self.here.fnir.low, self.here.fnir.high


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


def operating_point(
    trials: Trials, rates: GalleryRates, target: float, *, margin: float, factor: float
) -> OperatingPoint:
    """``target`` in this gallery, which has these ``rates``, and in one ``factor`` times as large.
    ``margin`` as in ``outcomes``.
    """
    stated, grown = rates.typical.threshold(target), larger(rates, factor)
    here = threshold_result(trials, stated.similarity, margin=margin, stated=stated)
    later, kept = grown.threshold(target), kept_first(trials, rates, factor)
    scaled = [1 - (1 - rate) ** factor for rate in _measured(fpir(trials, later.similarity))]
    expected = Larger(
        persons=grown.persons,
        similarity=later.similarity,
        stated=later.interval,
        extrapolated=later.extrapolated,
        fnir=kept.fnir(later.similarity),
        fnir_interval=kept.interval(later.similarity),
        fpir_scaled=(scaled[0], scaled[1], scaled[2]),
    )
    return OperatingPoint(target, here, verdict(here.fpir, target), expected)


class KeptFirst:
    """FNIR to expect when more people come: who is first today must also beat all of them.

    P(nobody of the newcomers reaches s) is 1 - FPIR(s) in a gallery of the newcomers alone.
    """

    def __init__(self, trials: Trials, newcomers: ProbeRates) -> None:
        first = trials.mated & trials.first
        order = np.argsort(trials.own[first], kind="stable")
        self._own = trials.own[first][order]
        stays = 1 - np.array(newcomers.fpirs(self._own.tolist()))
        self._stays, self._persons = stays, trials.owner[first][order]
        self._other_persons = trials.owner[trials.mated & ~trials.first]
        # How many are first and reach each of the sorted similarities, on average.
        self._stay = np.append(np.cumsum(stays[::-1])[::-1], 0.0)
        self._mated = int(trials.mated.sum())

    def fnir(self, threshold: float) -> float:
        """The share of mated probes that are below ``threshold`` or no longer first."""
        from_here = int(np.searchsorted(self._own, threshold, side="left"))
        return 1 - float(self._stay[from_here]) / self._mated

    def interval(self, threshold: float) -> tuple[float, float]:
        """The 95 % interval of ``fnir`` over the choice of people."""
        missed = np.where(self._own >= threshold, 1 - self._stays, 1.0)
        expected = np.concatenate([missed, np.ones(len(self._other_persons))])
        owner = np.concatenate([self._persons, self._other_persons])
        return mean_share(expected, owner)[1:]


def larger(rates: GalleryRates, factor: float) -> ProbeRates:
    """The rates of a typical probe in a gallery of ``factor`` times as many people who are like
    these.
    """
    spread = rates.cohort.spread
    grown = replace(spread, persons=spread.persons * factor)
    norm = typical_norm(rates.bundle.typical, grown)
    return replace(rates.typical, norm=norm, persons=round(rates.size.persons * factor))


def kept_first(trials: Trials, rates: GalleryRates, factor: float) -> KeptFirst:
    """The FNIR to expect when people come until the gallery is ``factor`` times as large."""
    newcomers = round(rates.size.persons * (factor - 1))
    return KeptFirst(trials, larger(rates, factor).among(newcomers))


def _measured(rate: Rate) -> tuple[float, float, float]:
    return rate.rate, rate.low, rate.high


def verdict(measured: Rate, target: float) -> Verdict:
    """Compare a measured FPIR with the one that was stated."""
    if target < measured.low:
        return "exceeded"
    return "stricter" if target > measured.high else "consistent"
