"""The meaning of similarities: the impostor tail (1:N) and the learned pair threshold (1:1).

The tail is fitted by the code that the service uses. It needs 50 identities; a set of ten digits
has too few to promise anything, so there the curve is the plain empirical one and its interval is
everything from "never" to "always", which the service then shows its operator.
"""

from dataclasses import asdict, replace

import numpy as np
from numpy.typing import NDArray

from app.decision.calibration import FEWEST_PEOPLE, Calibration
from app.decision.cohort import Cohort, Spread
from app.decision.fit import fit, mated_similarity
from app.decision.fusion import fuse_persons
from app.decision.gallery_rates import gallery_norms
from app.decision.impostor_tail import ImpostorTail
from app.decision.noise import score_noise
from training.datasets.base import ImageSet
from training.errors import TrainingError
from training.evaluate.identification import Rows, unit_rows
from training.losses.threshold import PairThreshold, fit_threshold
from training.sampler import siamese_pairs

_LEAST_PAIRS = 1000
_NEVER = float(np.log(1e-12))
# Standard error of the logarithm of a rate of which nothing is known: a factor of e^6 either way.
_ANYTHING = 3.0
_SUPPORTED = 0.999  # the highest rate of the curve: every threshold below says it is extrapolated
_PAIRS = 20_000


def pair_threshold(z: Rows, data: ImageSet, *, seed: int) -> PairThreshold:
    """Threshold and slope on the cosine distance of pairs of ``data``."""
    rows, flags = siamese_pairs(data.labels, _PAIRS, seed=seed)
    unit = unit_rows(z)
    distances = 1 - (unit[rows[:, 0]] * unit[rows[:, 1]]).sum(axis=1)
    return fit_threshold(distances, flags, distance="cosine")


def calibrate(
    z: Rows,
    again: Rows,
    data: ImageSet,
    *,
    contract_id: str,
    source: str,
    seed: int,
    learned: PairThreshold | None = None,
) -> Calibration:
    """Calibrate on ``z`` (n, d) of unseen identities; ``again`` are the same samples once more.

    The evidence names two thresholds on pairs: ``pair_threshold``, fitted here, and
    ``learned_threshold``, which was ``learned`` with the embedder where the run did so.
    """
    z, again = unit_rows(z), unit_rows(again)
    margin = score_noise(z, again, data.labels)
    names = np.asarray(data.identities)[data.labels]
    if len(data.identities) >= FEWEST_PEOPLE:
        made = fit(z, names, contract_id=contract_id, data=source, margin=margin)
    else:
        made = _empirical(z, data, contract_id=contract_id, source=source, margin=margin)
    evidence = {**made.evidence, "pair_threshold": asdict(pair_threshold(z, data, seed=seed))}
    if learned is not None:
        evidence["learned_threshold"] = asdict(learned)
    return replace(made, evidence=evidence)


def _empirical(
    z: Rows, data: ImageSet, *, contract_id: str, source: str, margin: float
) -> Calibration:
    people = np.unique(data.labels, return_inverse=True)[1]
    centroids = fuse_persons(z, people).vectors
    cohort = Cohort.of(centroids)
    similarity = (z @ centroids.T).astype(np.float64)
    own = np.take_along_axis(similarity, people[:, None], axis=1)
    strangers = np.arange(len(centroids)) != people[:, None]
    if strangers.sum() < _LEAST_PAIRS:
        raise TrainingError(f"{strangers.sum()} impostor pairs are too few to calibrate on.")
    # Of so few, every pair counts: two people's similarities to a third show no spread.
    pairs = similarity[strangers]
    typical = Spread(len(centroids), float(pairs.mean()), float(pairs.std()))
    norms = gallery_norms(cohort, typical, z, without=own[:, 0])
    rows = replace(norms, mean=norms.mean[:, None], squares=norms.squares[:, None], bound=None)
    scores = rows.z(similarity)[strangers]
    evidence = {
        "data": source,
        "contract_id": contract_id,
        "images": len(data),
        "identities": len(data.identities),
        "note": f"fewer than {FEWEST_PEOPLE} identities: no rate is promised",
    }
    return Calibration(typical, _tail(scores), mated_similarity(z, people), margin, evidence)


def _tail(scores: NDArray[np.float64]) -> ImpostorTail:
    """Quantiles of the standardised ``scores`` (n,); a straight line in the logarithm beyond."""
    rates = np.geomspace(0.999, 10 / len(scores), 100)
    # Rounded as the file rounds, where two that are nearly one would be one and not rise.
    at, index = np.unique(np.quantile(scores, 1 - rates).round(4), return_index=True)
    log_fmr = np.log(rates[index])
    slope = (log_fmr[-1] - log_fmr[len(log_fmr) // 2]) / (at[-1] - at[len(log_fmr) // 2])
    beyond = at[-1] + (_NEVER - log_fmr[-1]) / slope
    at, log_fmr = np.append(at, beyond), np.append(log_fmr, _NEVER)
    return ImpostorTail(at, log_fmr, np.full_like(log_fmr, _ANYTHING), _SUPPORTED)
