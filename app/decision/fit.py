"""Makes a calibration from labelled embeddings: everybody's images against everybody else.

Each image is a probe that all other people's centroids standardise, as a gallery's would. People
count equally, however many images they have, and so does the evidence: sixteen million pairs of
four thousand people are four thousand people's worth. The rate's standard error is that of dyadic
data, in which all pairs that share a person may go together.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.decision.calibration import (
    FEWEST_PEOPLE,
    LEAST_DEVIATION,
    LEAST_MATED,
    Calibration,
)
from app.decision.cohort import Cohort
from app.decision.fusion import Fused, fuse_persons
from app.decision.impostor_tail import LAW_ERROR, SUPPORT, ImpostorTail
from app.decision.pareto import Pareto, fit_pareto
from app.decision.standardise import NO_WEIGHT, Norms

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
_LOWEST_LOG_FMR: Final = float(np.log(1e-12))
_STEP: Final = 0.05  # of z; the logarithm of the rate is straight to 0.0003 in between
_FURTHEST: Final = 40.0
_BINS: Final = 40_000
_MOST_Z: Final = 20.0
_MOST_IMAGES: Final = 20_000
_BLOCK: Final = 256


@dataclass(frozen=True, slots=True)
class ScoredPairs:
    """Images against people who are somebody else: which two people (``dyad``, the same number in
    both directions), standardised score ``z`` and ``weight``, (n,) each.
    """

    dyad: _Keys
    z: _Floats
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
    or none with two images, or where everybody looks the same.
    """
    names, identity = np.unique(labels, return_inverse=True)
    if len(names) < FEWEST_PEOPLE:
        raise ValueError(
            f"{len(names)} identities are too few to calibrate on; {FEWEST_PEOPLE} are needed"
        )
    rows = np.argsort(identity, kind="stable")
    rows = rows[_few_enough(identity[rows])]
    vectors, identity = embeddings[rows], np.unique(identity[rows], return_inverse=True)[1]
    people = fuse_persons(vectors, identity)
    spread = Cohort.of(people.vectors).spread
    if spread.deviation <= LEAST_DEVIATION:
        raise ValueError("everybody looks the same: the embeddings do not separate people")
    tail = _tail(ImpostorTrials.of(vectors, identity), progress or (lambda _: None))
    evidence: dict[str, Any] = {
        "data": data,
        "contract_id": contract_id,
        "images": len(rows),
        "identities": int(identity[-1]) + 1,
        "identities_with_several_images": int((np.bincount(identity) > 1).sum()),
        "image_pairs": (len(rows) ** 2 - int((np.bincount(identity) ** 2).sum())) // 2,
        "supported_fmr": tail.supported_fmr,
    }
    mated = mated_similarity(vectors, identity)
    return Calibration(spread, tail, mated, margin, evidence)


def mated_similarity(vectors: _Vectors, identity: _Keys) -> float:
    """The mean similarity of two different images of one person, each person counting once;
    ``ValueError`` if nobody has two images.
    """
    order = np.argsort(identity, kind="stable")
    starts, count = np.unique(identity[order], return_index=True, return_counts=True)[1:]
    sums = np.add.reduceat(vectors[order].astype(np.float64), starts, axis=0)
    several = count > 1
    if not several.any():
        raise ValueError("nobody has two images")
    whole, k = np.einsum("md,md->m", sums, sums)[several], count[several]
    return max(float(((whole - k) / (k * (k - 1))).mean()), LEAST_MATED)


def _few_enough(identity: _Keys) -> NDArray[np.bool_]:
    """Which images of sorted ``identity`` to keep: the first r of each, first identities first."""
    rank = np.arange(len(identity)) - np.searchsorted(identity, identity)
    most = max(int(np.searchsorted(np.cumsum(np.bincount(rank)), _MOST_IMAGES, "right")), 1)
    kept = rank < most
    return np.asarray(kept & (np.cumsum(kept) <= _MOST_IMAGES))


@dataclass(frozen=True, slots=True)
class ImpostorTrials:
    """Probes ``vectors`` (n, d) of the persons ``identity`` (n,), numbered 0 to ``persons`` - 1,
    each against all ``enrolled`` people but its own person.
    """

    vectors: _Vectors
    identity: _Keys
    enrolled: Fused
    persons: int

    @classmethod
    def of(cls, vectors: _Vectors, identity: _Keys) -> "ImpostorTrials":
        """Enrolled are those of several images, unless they are fewer than 50: then everybody.

        Strangers reach the centroid of several images more often, at the same score: 1.1 times at
        one in a thousand, 1.26 times at one in 100,000 (LFW). A promise is an upper bound.
        """
        people, persons = fuse_persons(vectors, identity), int(identity.max()) + 1
        several = people.templates > 1
        if several.sum() < FEWEST_PEOPLE:
            several[:] = True
        enrolled = Fused(people.owners[several], people.vectors[several], people.templates[several])
        return cls(vectors, identity, enrolled, persons)

    @property
    def dyads(self) -> float:
        """The number of pairs of persons of whom one is enrolled, or both."""
        enrolled = len(self.enrolled.owners)
        return enrolled * (enrolled - 1) / 2 + enrolled * (self.persons - enrolled)

    def blocks(self, done: Callable[[float], None]) -> Iterator[ScoredPairs]:
        """Every image against every enrolled other person, who are its cohort: each pair of persons
        weighs 1, in both directions together where both are enrolled.
        """
        probes = np.arange(len(self.vectors))
        is_enrolled = np.isin(self.identity, self.enrolled.owners)
        seen = 0
        for rows, itself in ((probes[is_enrolled], 1), (probes[~is_enrolled], 0)):
            for start in range(0, len(rows), _BLOCK):
                block = rows[start : start + _BLOCK]
                yield self._scored(block, others=len(self.enrolled.owners) - itself)
                seen += len(block)
                done(seen / len(probes))

    def _scored(self, rows: _Keys, *, others: int) -> ScoredPairs:
        """The probes of ``rows`` (b,), of whose persons all or none are enrolled, against each of
        the ``others``.
        """
        owners, own = self.enrolled.owners, self.identity[rows, None]
        similarity = (self.vectors[rows] @ self.enrolled.vectors.T).astype(np.float64)
        strangers = owners[None, :] != own
        mean = similarity.sum(axis=1, where=strangers, keepdims=True) / others
        squares = (similarity**2).sum(axis=1, where=strangers, keepdims=True) - others * mean**2
        z = Norms(others, mean, np.maximum(squares, 0.0), NO_WEIGHT).z(similarity)
        dyad = np.minimum(own, owners) * self.persons + np.maximum(own, owners)
        both_ways = 0.5 if others < len(owners) else 1.0
        each = both_ways / np.bincount(self.identity)[own]
        weight = np.broadcast_to(each, z.shape)
        return ScoredPairs(dyad[strangers], z[strangers], weight[strangers])


def _tail(trials: ImpostorTrials, progress: Callable[[float], None]) -> ImpostorTail:
    share = max(TAIL_SHARE, min(0.1, _LEAST_TAIL / trials.dyads))
    bins = np.zeros(_BINS)
    for pairs in trials.blocks(lambda done: progress(done / 2)):
        place = np.clip((pairs.z + _MOST_Z) * (_BINS / 2 / _MOST_Z), 0, _BINS - 1).astype(np.int64)
        bins += np.bincount(place, pairs.weight, _BINS)
    reached = np.cumsum(bins[::-1])[::-1] / trials.dyads
    body = _Body(np.linspace(-_MOST_Z, _MOST_Z, _BINS + 1)[:-1], reached)
    near = body.quantile(max(share, _NEAR_SHARE))
    pairs = _pairs_above(trials, near, lambda done: progress((1 + done) / 2))
    threshold = body.quantile(share)
    above = pairs.z > threshold
    pareto = fit_pareto(
        pairs.z[above],
        pairs.weight[above],
        threshold=threshold,
        censored=DOUBLE_NAMES * 2 * trials.dyads / (trials.persons - 1),
    )
    z, log_fmr = _rates(body, pareto, share)
    return ImpostorTail(
        z, log_fmr, _spread(pairs, z, log_fmr, trials.persons), SUPPORT / trials.dyads
    )


def _pairs_above(trials: ImpostorTrials, near: float, done: Callable[[float], None]) -> ScoredPairs:
    found = []
    for pairs in trials.blocks(done):
        kept = pairs.z > near
        found.append((pairs.dyad[kept], pairs.z[kept], pairs.weight[kept]))
    return ScoredPairs(*(np.concatenate(column) for column in zip(*found, strict=True)))


@dataclass(frozen=True, slots=True)
class _Body:
    """The share of impostors (falling) that reach each score ``z`` (rising)."""

    z: _Floats
    share: _Floats

    def quantile(self, share: float) -> float:
        """The score that this share reaches."""
        return float(np.interp(-share, -self.share, self.z))


def _rates(body: _Body, pareto: Pareto, share: float) -> tuple[_Floats, _Floats]:
    """Scores and log FMR: as counted below the tail's threshold, as fitted above."""
    # Not up to the threshold: two points must not become one when they are rounded.
    below = np.arange(body.quantile(0.999), pareto.threshold - _STEP / 2, _STEP)
    counted = np.log(np.interp(below, body.z, body.share))
    above = pareto.threshold + np.arange(0, _FURTHEST, _STEP)
    fitted = np.log(share) + pareto.log_survival(above)
    above, fitted = above[fitted > _LOWEST_LOG_FMR], fitted[fitted > _LOWEST_LOG_FMR]
    falling = np.minimum.accumulate(np.concatenate([counted, fitted]))
    return np.concatenate([below, above]), falling


def _spread(pairs: ScoredPairs, z: _Floats, log_fmr: _Floats, persons: int) -> _Floats:
    """Standard error of the log FMR at each score; beyond the data it grows by the decade."""
    log_support = np.log(SUPPORT / (persons * (persons - 1) / 2))
    highest = max(float(log_fmr[z > pairs.z.min()][0]), log_support)
    points = np.interp(-np.linspace(highest, log_support, 16), -log_fmr, z)
    known = [_dyadic_error(pairs, float(point), persons) for point in points]
    decades = np.maximum(0, (log_support - log_fmr) / np.log(10))
    measured = np.interp(z, points, np.maximum.accumulate(known))
    return np.asarray(np.hypot(measured + _WIDER_PER_DECADE * decades, LAW_ERROR), np.float64)


def _dyadic_error(pairs: ScoredPairs, point: float, persons: int) -> float:
    """Standard error of log P(z > point): pairs that share a person may go together.

    Fafchamps and Gubert (2007): with c the part of a dyad's pairs that reach the point and R the
    sum of c over a person's dyads, var(sum c) = sum R^2 - sum c^2, less what the mean accounts for.
    """
    kept = pairs.z > point
    keys, place = np.unique(pairs.dyad[kept], return_inverse=True)
    reached = np.bincount(place, pairs.weight[kept])
    total = reached.sum()
    by_person = np.bincount(keys // persons, reached, persons)
    by_person += np.bincount(keys % persons, reached, persons)
    variance = ((by_person**2).sum() - (reached**2).sum()) / total**2 - 4 / persons
    return float(np.sqrt(max(variance, 1 / total)))
