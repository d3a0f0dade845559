"""Learns recognisability from embeddings of faces, whole and spoilt."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.decision.fusion import Vectors
from app.decision.numbers import Floats
from app.decision.recognisability import Recognisability

LEAST_FACES: Final = 40
"""Faces of one kind from which on their similarities have a deviation worth stating."""
_RANK: Final = 16
_RIDGE: Final = 3.0
"""The cost of the squares of the weights. 1 to 10 find equally many spoilt faces of people and of
kinds that were not seen, where 1 % of whole ones are lost, and 30 finds less (LFW, plain SFace)."""
_STEPS: Final = 30
_NEAR: Final = 1e-8


def fit_recognisability(
    whole: Vectors, spoilt: Vectors, kinds: NDArray[np.str_]
) -> Recognisability | None:
    """Learn from unit embeddings of ``whole`` faces (n, d) and of ``spoilt`` ones (m, d), spoilt in
    the ways ``kinds`` (m,). Whole and spoilt count alike, and so does every kind.

    None where no kind has 40 faces, or where there are no whole ones.
    """
    names, which = np.unique(kinds, return_inverse=True)
    counts = np.bincount(which, minlength=len(names))
    kept = np.flatnonzero(counts >= LEAST_FACES)
    if not len(kept) or not len(whole):
        return None
    used = np.isin(which, kept)
    spoilt, which = spoilt[used].astype(np.float64), which[used]
    each = 0.5 / len(kept) / counts[which]
    weight = np.concatenate([np.full(len(whole), 0.5 / len(whole)), each])
    rows = np.concatenate([whole.astype(np.float64), spoilt])
    is_whole = np.repeat([1.0, 0.0], [len(whole), len(spoilt)])
    logistic = _logistic(rows, is_whole, weight * len(rows))
    parts = [_strangers(spoilt[which == kind]) for kind in kept]
    means, axes, floors = (np.array(part, np.float32) for part in zip(*parts, strict=True))
    return Recognisability(
        tuple(str(names[kind]) for kind in kept),
        logistic[:-1].astype(np.float32),
        float(logistic[-1]),
        means,
        axes,
        floors,
    )


def _logistic(rows: Floats, is_whole: Floats, weight: Floats) -> Floats:
    """Weights (d,) and bias of a logistic regression with a ridge, by Newton's method."""
    rows = np.column_stack([rows, np.ones(len(rows))])
    ridge = np.full(rows.shape[1], _RIDGE)
    ridge[-1] = 0.0  # the bias is free
    found = np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        expected = 1 / (1 + np.exp(-rows @ found))
        curve = weight * expected * (1 - expected)
        slope = rows.T @ (weight * (is_whole - expected)) - ridge * found
        step = np.linalg.solve((rows * curve[:, None]).T @ rows + np.diag(ridge), slope)
        found += step
        if float(np.abs(step).max()) < _NEAR:
            break
    return found


def _strangers(faces: Floats) -> tuple[Floats, Floats, float]:
    """The mean (d,) of ``faces`` (n, d), and their covariance as axes (r, d) and a floor."""
    mean = faces.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(faces.T, bias=True))
    rank = min(_RANK, len(values) - 1)
    floor = max(float(values[:-rank].mean()), 0.0)
    above = np.sqrt(np.maximum(values[-rank:] - floor, 0.0))
    return mean, (vectors[:, -rank:] * above).T, floor
