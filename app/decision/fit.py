"""Makes a calibration from labelled embeddings: everybody's images against everybody else's.

Identities count equally, however many images they have, and so does the evidence: eight million
pairs of four thousand people are four thousand people's worth. The rate's standard error is that of
dyadic data, in which all pairs that share a person may go together.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.decision.calibration import Calibration
from app.decision.moments import Moments, measure_moments
from app.decision.shape import SUPPORT, ScoreShape
from app.decision.tail import Tail, fit_tail

_Floats = NDArray[np.float64]
_Vectors = NDArray[np.float32]
_Keys = NDArray[np.int64]

TAIL_SHARE: Final = 1e-3
"""The share of impostor scores that the fitted tail describes; below it lies the empirical body."""
DOUBLE_NAMES: Final = 5e-3
"""The share of identities that may be somebody else's second name. That many of the largest scores,
counted in pairs of identities, are censored: the fit knows only that they are "at least this
large"."""
_LEAST_TAIL: Final = 200  # fewer pairs of identities fit badly; a small set gets a longer tail
_NEAR_SHARE: Final = 0.02  # the spread is measured from here on up, and taken as constant below
_WIDER_PER_DECADE: Final = 0.35  # of log_spread, beyond the data
_LAW_ERROR: Final = 0.1  # of log_fmr, because the law of ``moments`` is not exact
_LOWEST_LOG_FMR: Final = float(np.log(1e-12))
_STEP: Final = 0.05  # deviations; the logarithm of the rate is straight to 0.0003 in between
_FURTHEST: Final = 40.0
_BINS: Final = 40_000  # of similarity, from -1 to 1
_LEAST_IDENTITIES: Final = 50
_MOST_IMAGES: Final = 20_000
_BLOCK: Final = 256


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of images of different identities: which two (as one key), similarity and weight."""

    dyad: _Keys
    similarity: _Floats
    weight: _Floats


def fit(
    embeddings: _Vectors,
    labels: NDArray[np.str_],
    *,
    contract_id: str,
    data: str,
    margin: float,
    progress: Callable[[float], None] | None = None,
) -> Calibration:
    """Calibrate on ``embeddings`` (n, d), unit rows, of the identities ``labels`` (n,).

    ``margin`` is the noise of a score (``app.decision.noise``). Above 20,000 images, those of the
    richest identities are left out first. ``ValueError`` when there are fewer than 50 identities,
    or none with two images.
    """
    names, identity = np.unique(labels, return_inverse=True)
    if len(names) < _LEAST_IDENTITIES:
        raise ValueError(
            f"{len(names)} identities are too few to calibrate on; {_LEAST_IDENTITIES} are needed"
        )
    rows = np.argsort(identity, kind="stable")
    rows = rows[_few_enough(identity[rows])]
    vectors, identity = embeddings[rows], np.unique(identity[rows], return_inverse=True)[1]
    moments = measure_moments(vectors, identity)
    shape = _shape(vectors, identity, moments, progress or (lambda _: None))
    evidence: dict[str, Any] = {
        "data": data,
        "contract_id": contract_id,
        "images": len(rows),
        "identities": int(identity[-1]) + 1,
        "identities_with_several_images": int((np.bincount(identity) > 1).sum()),
        "image_pairs": (len(rows) ** 2 - int((np.bincount(identity) ** 2).sum())) // 2,
        "supported_fmr": shape.supported_fmr,
    }
    return Calibration(moments, shape, margin, evidence)


def _few_enough(identity: _Keys) -> NDArray[np.bool_]:
    """Which images of sorted ``identity`` to keep: the first r of each, first identities first."""
    rank = np.arange(len(identity)) - np.searchsorted(identity, identity)
    most = max(int(np.searchsorted(np.cumsum(np.bincount(rank)), _MOST_IMAGES, "right")), 1)
    kept = rank < most
    return np.asarray(kept & (np.cumsum(kept) <= _MOST_IMAGES))


def _shape(
    vectors: _Vectors, identity: _Keys, moments: Moments, progress: Callable[[float], None]
) -> ScoreShape:
    identities = int(identity[-1]) + 1
    dyads = identities * (identities - 1) / 2
    share = max(TAIL_SHARE, min(0.1, _LEAST_TAIL / dyads))
    bins = np.zeros(_BINS)
    for similarity, weight, _ in _blocks(vectors, identity, lambda done: progress(done / 2)):
        place = np.clip((similarity + 1) * (_BINS / 2), 0, _BINS - 1).astype(np.int64)
        bins += np.bincount(place, weight, _BINS)
    body = _Body(np.linspace(-1, 1, _BINS + 1)[:-1], np.cumsum(bins[::-1])[::-1] / dyads)
    near = body.quantile(max(share, _NEAR_SHARE))
    pairs = _pairs_above(vectors, identity, near, lambda done: progress((1 + done) / 2))
    threshold = body.quantile(share)
    above = pairs.similarity > threshold
    tail = fit_tail(
        pairs.similarity[above],
        pairs.weight[above],
        threshold=threshold,
        censored=DOUBLE_NAMES * identities,
    )
    similarity, log_fmr = _rates(body, tail, share, moments.deviation)
    spread = _spread(pairs, similarity, log_fmr, identities)
    deviations = (similarity - moments.mean) / moments.deviation
    return ScoreShape(deviations, log_fmr, spread, SUPPORT / dyads)


@dataclass(frozen=True, slots=True)
class _Body:
    """The share of impostors (falling) that reach each similarity (rising)."""

    similarity: _Floats
    share: _Floats

    def quantile(self, share: float) -> float:
        """The similarity that this share reaches."""
        return float(np.interp(-share, -self.share, self.similarity))


def _blocks(
    vectors: _Vectors, identity: _Keys, done: Callable[[float], None]
) -> Iterator[tuple[_Floats, _Floats, _Keys]]:
    """Similarity, weight and identities (as one key) of every pair of images of two identities.

    A pair weighs so that each pair of identities weighs 1. Rows are sorted by ``identity``.
    """
    each = 1 / np.bincount(identity)[identity]
    identities = int(identity[-1]) + 1
    for start in range(0, len(vectors), _BLOCK):
        block = slice(start, start + _BLOCK)
        later = identity[block, None] < identity[None, start:]
        similarity = (vectors[block] @ vectors[start:].T)[later].astype(np.float64)
        weight = (each[block, None] * each[None, start:])[later]
        key = (identity[block, None] * identities + identity[None, start:])[later]
        yield similarity, weight, key
        done(min(1.0, (start + _BLOCK) / len(vectors)))


def _pairs_above(
    vectors: _Vectors, identity: _Keys, near: float, done: Callable[[float], None]
) -> _Pairs:
    found = []
    for similarity, weight, key in _blocks(vectors, identity, done):
        kept = similarity > near
        found.append((key[kept], similarity[kept], weight[kept]))
    key, similarity, weight = (np.concatenate(column) for column in zip(*found, strict=True))
    return _Pairs(key, similarity, weight)


def _rates(body: _Body, tail: Tail, share: float, deviation: float) -> tuple[_Floats, _Floats]:
    """Similarities and log FMR: as counted below the tail's threshold, as fitted above."""
    step = _STEP * deviation
    # Not up to the threshold: two points must not become one when they are rounded.
    below = np.arange(body.quantile(0.999), tail.threshold - step / 2, step)
    counted = np.log(np.interp(below, body.similarity, body.share))
    above = tail.threshold + np.arange(0, _FURTHEST * deviation, step)
    fitted = np.log(share) + tail.log_survival(above)
    above, fitted = above[fitted > _LOWEST_LOG_FMR], fitted[fitted > _LOWEST_LOG_FMR]
    falling = np.minimum.accumulate(np.concatenate([counted, fitted]))
    return np.concatenate([below, above]), falling


def _spread(pairs: _Pairs, similarity: _Floats, log_fmr: _Floats, identities: int) -> _Floats:
    """Standard error of the log FMR at each similarity; beyond the data it grows by the decade."""
    dyads = identities * (identities - 1) / 2
    log_support = np.log(SUPPORT / dyads)
    highest = max(float(log_fmr[similarity > pairs.similarity.min()][0]), log_support)
    points = np.interp(-np.linspace(highest, log_support, 16), -log_fmr, similarity)
    known = [_dyadic_error(pairs, float(point), identities) for point in points]
    decades = np.maximum(0, (log_support - log_fmr) / np.log(10))
    measured = np.interp(similarity, points, np.maximum.accumulate(known))
    return np.asarray(np.hypot(measured + _WIDER_PER_DECADE * decades, _LAW_ERROR), np.float64)


def _dyadic_error(pairs: _Pairs, point: float, identities: int) -> float:
    """Standard error of log P(similarity > point): pairs that share a person may go together.

    Fafchamps and Gubert (2007): with c the part of a dyad's pairs that reach the point and R the
    sum of c over a person's dyads, var(sum c) = sum R^2 - sum c^2, less what the mean accounts for.
    """
    kept = pairs.similarity > point
    keys, place = np.unique(pairs.dyad[kept], return_inverse=True)
    reached = np.bincount(place, pairs.weight[kept])
    total = reached.sum()
    by_person = np.bincount(keys // identities, reached, identities)
    by_person += np.bincount(keys % identities, reached, identities)
    variance = ((by_person**2).sum() - (reached**2).sum()) / total**2 - 4 / identities
    return float(np.sqrt(max(variance, 1 / total)))
