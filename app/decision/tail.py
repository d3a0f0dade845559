"""The far tail of the impostor scores: a generalised Pareto distribution on the exceedances.

Balkema and de Haan (1974), Pickands (1975): whatever the distribution, what exceeds a high
threshold tends to this family. The fit is maximum likelihood with the largest values censored, so
that a few mislabelled pairs (the same person under two names looks like a perfect impostor) count
as "at least this large" and no more.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float64]
_STEPS: Final = 2000


@dataclass(frozen=True, slots=True)
class Tail:
    """P(X - threshold > y | X > threshold) = (1 + shape y / scale) ** (-1 / shape)."""

    threshold: float
    shape: float
    scale: float

    def survival(self, values: _Floats) -> _Floats:
        """P(X > values | X > threshold) for ``values`` at or above the threshold."""
        inner = np.maximum(1 + self.shape * (values - self.threshold) / self.scale, 0)
        with np.errstate(divide="ignore"):
            return np.asarray(inner ** (-1 / self.shape), np.float64)


def fit_tail(scores: _Floats, threshold: float, *, censored: int) -> Tail:
    """Fit the exceedances of ``threshold`` among ``scores``; the ``censored`` largest count as
    "at least as large as the largest of the others".

    With t = shape / scale the likelihood is maximal at shape = (A + m B) / n, where A sums
    log(1 + t y) over the n uncensored, m are censored and B is log(1 + t y) at their bound
    (Grimshaw 1993 for m = 0): one dimension is left, which is searched on a grid.
    """
    excess = np.sort(scores[scores > threshold]) - threshold
    if len(excess) - censored < 30:
        raise ValueError(f"{len(excess)} exceedances are too few to fit a tail; 30 are needed")
    seen = excess[: len(excess) - censored]
    largest, mean = float(seen[-1]), float(seen.mean())
    below = -np.geomspace(1e-4, 0.999, _STEPS)[::-1] / largest
    above = np.geomspace(1e-4, 10, _STEPS) / mean
    best = max((_profile(t, seen, censored) for t in [*below, *above]), key=lambda fit: fit[0])
    return Tail(threshold, best[1], best[2])


def _profile(t: float, seen: _Floats, censored: int) -> tuple[float, float, float]:
    """Log likelihood, shape and scale at the best shape for this t."""
    logs = np.log1p(t * seen)
    total = float(logs.sum()) + censored * float(logs[-1])
    shape = total / len(seen)
    scale = shape / t
    likelihood = -len(seen) * (np.log(scale) + 1) - float(logs.sum())
    return float(likelihood), shape, float(scale)
