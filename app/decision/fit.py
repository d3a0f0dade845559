"""Makes a calibration from labelled embeddings: every probe against every other person, fused.

The interval comes from the number of *identities*, not of pairs: eight million pairs of four
thousand people are four thousand people's worth of evidence. Each curve's bounds are a bootstrap
over the enrolled identities and over the probes' identities, added as if independent, which errs on
the wide side.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.decision.calibration import Calibration, RateCurve
from app.decision.fusion import fuse_groups
from app.decision.tail import Tail, fit_tail

_Floats = NDArray[np.float64]
_Vectors = NDArray[np.float32]

TAIL_SHARE: Final = 1e-3
"""The share of impostor scores that the fitted tail describes; below it lies the empirical body."""
CENSORED_SHARE: Final = 1e-2
"""The share of the exceedances that may be label errors: they count as "at least this large"."""
_LEAST_TAIL: Final = 200  # fewer exceedances fit badly; a small set gets a longer tail instead
_SUPPORT: Final = 30  # an FMR is supported while at least this many impostors reach it
_Z: Final = 1.96  # 95 %
_WIDER_PER_DECADE: Final = 0.35  # of the bounds' logarithm, beyond the data
_LOWEST_LOG_FMR: Final = np.log(1e-12)
_RESAMPLES: Final = 200
_LEAST_IDENTITIES: Final = 50


def fit(
    embeddings: _Vectors,
    labels: NDArray[np.str_],
    *,
    contract_id: str,
    data: str,
    margin: float,
    templates: tuple[int, ...] = (1, 2, 3, 5, 8),
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Calibration:
    """Calibrate on ``embeddings`` (n, d), unit rows, of the identities ``labels`` (n,).

    ``margin`` is the noise of a score (see ``score_noise``). A number of templates that fewer than
    50 identities have is left out. ``ValueError`` when there are fewer than 50 identities.
    """
    rng = np.random.default_rng(seed)
    names, identity = np.unique(labels, return_inverse=True)
    if len(names) < _LEAST_IDENTITIES:
        raise ValueError(
            f"{len(names)} identities are too few to calibrate on; {_LEAST_IDENTITIES} are needed"
        )
    order = rng.permutation(len(labels))
    probes = order[np.unique(identity[order], return_index=True)[1]]
    curves, support = {}, {}
    for step, k in enumerate(templates):
        enrolled, owners = _fused(embeddings[order], identity[order], k)
        if len(owners) < _LEAST_IDENTITIES:
            continue
        scores = embeddings[probes] @ enrolled.T
        impostor = identity[probes][:, None] != owners[None, :]
        curves[k] = _curve(scores, impostor, rng)
        support[str(k)] = {"identities": len(owners), "pairs": int(impostor.sum())}
        if progress:
            progress((step + 1) / len(templates))
    evidence: dict[str, Any] = {
        "data": data,
        "contract_id": contract_id,
        "images": len(labels),
        "identities": len(names),
        "by_templates": support,
        "seed": seed,
    }
    return Calibration(curves, margin, evidence)


def score_noise(one: _Vectors, other: _Vectors, enrolled: _Vectors) -> float:
    """How far a score moves when nothing but the picture's noise changes: the margin of ambiguity.

    ``one`` and ``other`` (n, d) are the same probes seen twice (mirrored), ``enrolled`` (n, d) who
    they are compared with. Twice the standard deviation of the difference of two such scores.
    """
    difference = np.sum(one * enrolled, axis=1) - np.sum(other * enrolled, axis=1)
    return float(2 * difference.std())


def _fused(
    embeddings: _Vectors, identity: NDArray[np.int64], k: int
) -> tuple[_Vectors, NDArray[np.int64]]:
    """The identities with at least k images, each fused from its first k."""
    order = np.argsort(identity, kind="stable")
    starts = np.searchsorted(identity[order], identity[order])
    first = order[np.arange(len(order)) - starts < k]
    owners, vectors, counts = fuse_groups(embeddings[first], identity[first])
    whole = counts == k
    return vectors[whole], owners[whole]


def _curve(scores: _Vectors, impostor: NDArray[np.bool_], rng: np.random.Generator) -> RateCurve:
    values = np.sort(scores[impostor].astype(np.float64))
    count = len(values)
    share = max(TAIL_SHARE, min(0.1, _LEAST_TAIL / count))
    threshold = float(np.quantile(values, 1 - share))
    exceedances = round(share * count)
    tail = fit_tail(values, threshold, censored=max(2, round(CENSORED_SHARE * exceedances)))
    grid, log_fmr = _grid(values, tail, share)
    spread = _spread(scores, impostor, grid, log_fmr, count=count, rng=rng)
    low = np.minimum.accumulate(log_fmr - _Z * spread)
    high = np.minimum.accumulate(np.minimum(0, log_fmr + _Z * spread))
    return RateCurve(grid, log_fmr, low, high, _SUPPORT / count)


def _grid(values: _Floats, tail: Tail, share: float) -> tuple[_Floats, _Floats]:
    """Similarities and log FMR: empirical quantiles below the tail's threshold, the fit above."""
    body = np.concatenate([np.linspace(0.999, 0.1, 60), np.geomspace(0.1, share, 60)[1:]])
    body_similarity = np.quantile(values, 1 - body)
    reach = np.linspace(tail.threshold, 1.0, 400)[1:]
    with np.errstate(divide="ignore"):
        tail_log = np.log(share) + np.log(tail.survival(reach))
    kept = tail_log > _LOWEST_LOG_FMR
    similarity = np.concatenate([body_similarity, reach[kept]])
    similarity, index = np.unique(similarity, return_index=True)
    log_fmr = np.concatenate([np.log(body), tail_log[kept]])[index]
    return similarity, np.minimum.accumulate(log_fmr)


def _spread(
    scores: _Vectors,
    impostor: NDArray[np.bool_],
    grid: _Floats,
    log_fmr: _Floats,
    *,
    count: int,
    rng: np.random.Generator,
) -> _Floats:
    """Standard deviation of the log FMR at each grid point, from resampled identities.

    Where fewer than 30 impostors are left to count, it grows by 0.35 a decade of FMR.
    """
    expected = np.exp(log_fmr) * count
    supported = np.flatnonzero(expected >= _SUPPORT)
    points = np.unique(supported[np.linspace(0, len(supported) - 1, 24).astype(int)])
    reached = [(scores > grid[i]) & impostor for i in points]
    rows = _log_deviation(np.array([r.sum(axis=1) for r in reached]), rng)
    columns = _log_deviation(np.array([r.sum(axis=0) for r in reached]), rng)
    known = np.interp(grid, grid[points], np.hypot(rows, columns))
    decades = np.maximum(0, np.log10(_SUPPORT) - log_fmr / np.log(10) - np.log10(count))
    return np.asarray(known + _WIDER_PER_DECADE * decades, np.float64)


def _log_deviation(counts: NDArray[np.int64], rng: np.random.Generator) -> _Floats:
    """Bootstrap over identities: ``counts`` (points, identities) of impostors reached."""
    identities = counts.shape[1]
    weights = rng.multinomial(identities, np.full(identities, 1 / identities), _RESAMPLES)
    totals = np.maximum(weights @ counts.T, 0.5)
    return np.asarray(np.log(totals).std(axis=0), np.float64)
