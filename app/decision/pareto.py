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
_STEPS: Final = 60  # each way, and once more between the neighbours of the best
_LEAST_SEEN: Final = 30


@dataclass(frozen=True, slots=True)
class Pareto:
    """P(X - threshold > y | X > threshold) = (1 + shape y / scale) ** (-1 / shape)."""

    threshold: float
    shape: float
    scale: float

    def log_survival(self, values: _Floats) -> _Floats:
        """The log of P(X > values | X > threshold) for ``values`` at or above the threshold.

        Minus infinity beyond the end that a negative shape gives the tail.
        """
        inner = 1 + self.shape * (values - self.threshold) / self.scale
        with np.errstate(divide="ignore"):
            return np.asarray(-np.log(np.maximum(inner, 0)) / self.shape, np.float64)


def fit_pareto(values: _Floats, weights: _Floats, *, threshold: float, censored: float) -> Pareto:
    """Fit ``values`` (n,) above ``threshold``, each counting ``weights`` (n,).

    The largest, of ``censored`` weight together, count as "at least as large as the others". With
    t = shape / scale the likelihood is maximal at shape = (A + m B) / n, where A sums log(1 + t y)
    over the n uncensored, m are censored and B is log(1 + t y) at their bound (Grimshaw 1993 for
    m = 0): one dimension is left, which is searched on a grid.
    """
    order = np.argsort(values)
    excess, weight = values[order] - threshold, weights[order]
    seen = np.cumsum(weight[::-1])[::-1] > censored
    if seen.sum() < _LEAST_SEEN:
        raise ValueError(f"{seen.sum()} scores are too few to fit a tail; {_LEAST_SEEN} are needed")
    excess, beyond, weight = excess[seen], float(weight[~seen].sum()), weight[seen]
    best = _likeliest(excess, weight, beyond)
    return Pareto(threshold, best[1], best[2])


def _likeliest(excess: _Floats, weight: _Floats, beyond: float) -> tuple[float, float, float]:
    """Search all possible t coarsely, then finely around the best."""
    mean = float(np.average(excess, weights=weight))
    below = -np.geomspace(1e-4, 0.999, _STEPS)[::-1] / excess[-1]
    looked = np.concatenate([below, np.geomspace(1e-4, 10, _STEPS) / mean])
    best = int(np.argmax([_profile(float(t), excess, weight, beyond)[0] for t in looked]))
    before, after = looked[max(best - 1, 0)], looked[min(best + 1, len(looked) - 1)]
    closer = np.linspace(before, after, _STEPS)
    fits = [
        _profile(float(t), excess, weight, beyond) for t in [looked[best], *closer[closer != 0]]
    ]
    return max(fits, key=lambda fit: fit[0])


def _profile(
    t: float, excess: _Floats, weight: _Floats, beyond: float
) -> tuple[float, float, float]:
    """Log likelihood, shape and scale at the best shape for this t."""
    logs = np.log1p(t * excess)
    count, total = float(weight.sum()), float(weight @ logs)
    shape = (total + beyond * float(logs[-1])) / count
    scale = shape / t
    return -count * (np.log(scale) + 1) - total, shape, float(scale)
