"""The meaning of similarities: the impostor tail (1:N) and the learned pair threshold (1:1).

The tail is fitted by the code that the service uses. It needs 50 identities; a set of ten digits
has too few to promise anything, so there the curve is the plain empirical one and its interval is
everything from "never" to "always", which the service then shows its operator.
"""

from dataclasses import asdict, replace

import numpy as np
from numpy.typing import NDArray

from app.decision.calibration import Calibration
from app.decision.fit import fit
from app.decision.moments import measure_moments
from app.decision.noise import score_noise
from app.decision.shape import ScoreShape
from training.datasets.base import ImageSet
from training.errors import TrainingError
from training.evaluate.identification import Rows, unit_rows
from training.losses.threshold import PairThreshold, fit_threshold
from training.sampler import siamese_pairs

_LEAST_IDENTITIES = 50
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
    if len(data.identities) >= _LEAST_IDENTITIES:
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
    different = np.triu(data.labels[:, None] != data.labels[None, :])
    scores = (z @ z.T)[different].astype(np.float64)
    if len(scores) < _LEAST_PAIRS:
        raise TrainingError(f"{len(scores)} impostor pairs are too few to calibrate on.")
    moments = measure_moments(z, data.labels)
    evidence = {
        "data": source,
        "contract_id": contract_id,
        "images": len(data),
        "identities": len(data.identities),
        "note": f"fewer than {_LEAST_IDENTITIES} identities: no rate is promised",
    }
    standard = (scores - moments.mean) / moments.deviation
    return Calibration(moments, _shape(standard), margin, evidence)


def _shape(standard: NDArray[np.float64]) -> ScoreShape:
    """Quantiles of standardised scores (n,), and a straight line in the logarithm beyond them."""
    rates = np.geomspace(0.999, 10 / len(standard), 100)
    # Rounded as the file rounds, where two that are nearly one would be one and not rise.
    deviations, index = np.unique(np.quantile(standard, 1 - rates).round(4), return_index=True)
    log_fmr = np.log(rates[index])
    slope = (log_fmr[-1] - log_fmr[len(log_fmr) // 2]) / (
        deviations[-1] - deviations[len(log_fmr) // 2]
    )
    beyond = deviations[-1] + (_NEVER - log_fmr[-1]) / slope
    deviations, log_fmr = np.append(deviations, beyond), np.append(log_fmr, _NEVER)
    return ScoreShape(deviations, log_fmr, np.full_like(log_fmr, _ANYTHING), _SUPPORTED)
