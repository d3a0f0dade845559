"""The rate at which an impostor's score lies a number of standard deviations above its mean.

One shape serves persons of any number of templates: measured on six halves of LFW with SFace, the
standardised scores of 1 to 8 fused templates agree to 0.05 deviations down to one in 10,000.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.decision.numbers import Floats, column, number

_COLUMNS: Final = ("deviations", "log_fmr", "log_spread")
SUPPORT: Final = 30
"""A rate is supported while at least this many pairs of identities were seen to reach it."""
_UNSEEN: Final = 3.7  # -log(0.025): the rule of three, two-sided
_LEAST_LOG_FMR: Final = -300.0  # far below any rate that is seen; its exponential is above zero
_MOST_DEVIATIONS: Final = 20_000.0  # a cosine's, of the least deviation that moments have
_BOUNDS: Final = {
    "deviations": (-_MOST_DEVIATIONS, _MOST_DEVIATIONS),
    "log_fmr": (_LEAST_LOG_FMR, 0.0),
    "log_spread": (0.0, 100.0),
}
_ALMOST_ONE: Final = 1 - 1e-9
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(7)  # to average over a normal error
_WEIGHTS /= _WEIGHTS.sum()


@dataclass(frozen=True, slots=True)
class ScoreShape:
    """The false-match rate (natural logarithm) against standardised similarity.

    ``deviations`` (n,) rises, ``log_fmr`` (n,) falls; ``log_spread`` (n,) is the standard error of
    ``log_fmr``. Below ``supported_fmr``, at which 30 pairs of identities were seen, the fitted tail
    speaks.
    """

    deviations: Floats
    log_fmr: Floats
    log_spread: Floats
    supported_fmr: float

    def log_rate(self, deviations: Floats) -> Floats:
        """The logarithm of the share of impostors whose score reaches ``deviations``."""
        return np.asarray(np.interp(deviations, self.deviations, self.log_fmr), np.float64)

    def spread(self, deviations: Floats) -> Floats:
        """The standard error of ``log_rate`` there."""
        return np.asarray(np.interp(deviations, self.deviations, self.log_spread), np.float64)

    def bound(self, deviations: Floats, errors: float) -> Floats:
        """``log_rate`` plus ``errors`` standard errors; if positive, also a bound for unseen pairs.

        If none of n pairs reached a score, 97.5 % confidence still allows a rate of 3.7 / n:
        sisters and twins lie beyond any fitted tail, and the tail itself says nothing of them.
        """
        if not errors:
            return self.log_rate(deviations)
        moved = self.log_rate(deviations) + errors * self.spread(deviations)
        if errors < 0:
            return moved
        unseen = np.log(self.supported_fmr * _UNSEEN / SUPPORT)
        return np.asarray(np.logaddexp(moved, unseen), np.float64)

    def averaged(self, mean_error: float, deviation_error: float) -> "ScoreShape":
        """The rate to expect where the mean is known to ``mean_error`` deviations only, and the
        logarithm of the deviation to ``deviation_error``; the spread grows as much.
        """
        if not mean_error and not deviation_error:
            return self
        further = abs(self.deviations[-1]) * np.expm1(3 * deviation_error) + 3 * mean_error
        deviations = np.linspace(
            self.deviations[0], self.deviations[-1] + further, len(self.log_fmr)
        )
        mean, stretch = np.meshgrid(mean_error * _NODES, np.exp(deviation_error * _NODES))
        moved = (deviations[:, None] - mean.ravel()) / stretch.ravel()
        rates = np.exp(self.log_rate(moved)) @ np.outer(_WEIGHTS, _WEIGHTS).ravel()
        slope = -np.gradient(self.log_rate(deviations), deviations)
        error = slope * np.hypot(mean_error, deviation_error * deviations)
        log_fmr = np.minimum(0.0, np.log(rates))
        return ScoreShape(
            deviations, log_fmr, np.hypot(self.spread(deviations), error), self.supported_fmr
        )

    def raised(self, factor: float) -> "ScoreShape":
        """All rates ``factor`` times as high, and at most 1."""
        log_fmr = np.minimum(self.log_fmr + np.log(factor), 0.0)
        supported = min(self.supported_fmr * factor, _ALMOST_ONE)
        return replace(self, log_fmr=log_fmr, supported_fmr=supported)

    def to_dict(self) -> dict[str, Any]:
        """The shape as JSON values."""
        columns = {name: getattr(self, name).round(4).tolist() for name in _COLUMNS}
        return {"supported_fmr": self.supported_fmr, **columns}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "ScoreShape":
        """From ``to_dict``; ``ValueError`` or ``KeyError`` where it is no falling rate."""
        deviations, log_fmr, spread = (
            column(content[name], f"shape.{name}", *_BOUNDS[name]) for name in _COLUMNS
        )
        supported = number(content["supported_fmr"], "shape.supported_fmr", 0, 1)
        if not deviations.shape == log_fmr.shape == spread.shape:
            lengths = (len(each) for each in (deviations, log_fmr, spread))
            raise ValueError(
                "the shape's columns differ in length: "
                + ", ".join(f"{name} {n}" for name, n in zip(_COLUMNS, lengths, strict=True))
            )
        if len(deviations) < 2:
            raise ValueError(f"shape.deviations has {len(deviations)} numbers; 2 or more are right")
        _check_order("deviations", deviations, np.diff(deviations) > 0, "more than")
        _check_order("log_fmr", log_fmr, np.diff(log_fmr) <= 0, "no more than")
        if not 0 < supported < 1:
            raise ValueError(f"shape.supported_fmr is {supported!r}; between 0 and 1 is right")
        return cls(deviations, log_fmr, spread, supported)


def _check_order(name: str, values: Floats, kept: NDArray[np.bool_], word: str) -> None:
    """``ValueError`` names the first of ``values`` (n,) whose step (n - 1,) is not ``kept``."""
    if not kept.all():
        at = int(np.argmin(kept)) + 1
        raise ValueError(
            f"shape.{name}[{at}] is {float(values[at])!r}; {word} the one before it, "
            f"{float(values[at - 1])!r}, is right"
        )
