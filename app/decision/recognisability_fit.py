"""Learns recognisability from embeddings of faces, whole and spoilt."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.decision.fusion import Vectors
from app.decision.numbers import Floats
from app.decision.recognisability import Recognisability

LEAST_FACES: Final = 40
"""Faces of one kind from which on their scores have a deviation worth stating."""
_OTHERS: Final = "others"
_RECOGNISED: Final = 2.33
"""The standardised score that one stranger of a hundred has, or more."""
_RANK: Final = 16
_RIDGE: Final = 3.0
"""The cost of the squares of the weights. 1 to 10 find equally many spoilt faces of people and of
kinds that were not seen, where 1 % of whole ones are lost, and 30 finds less (LFW, plain SFace)."""
_STEPS: Final = 30
_NEAR: Final = 1e-8
_LEAST_DEVIATION: Final = 1e-4


def fit_recognisability(
    whole: Vectors, spoilt: Vectors, kinds: NDArray[np.str_], same: Vectors
) -> Recognisability | None:
    """Learn from unit embeddings of ``whole`` faces (n, d) and of ``spoilt`` ones (m, d), spoilt in
    the ways ``kinds`` (m,), and the embeddings ``same`` (m, d) of the same photos as they were.
    Whole and spoilt count alike, and so does every kind.

    None where there are fewer than 40 spoilt faces, or no whole ones.
    """
    if not len(whole) or len(spoilt) < LEAST_FACES:
        return None
    mean, deviation, typical = _to_whole(spoilt, whole)
    own = np.einsum("md,md->m", spoilt, same, dtype=np.float64)
    lost = own - mean < _RECOGNISED * deviation
    names, which, used = _kinds(kinds)
    standard = spoilt[used] / deviation[used, None]
    parts = [_strangers(standard[which == kind]) for kind in range(len(names))]
    means, axes, floors = (np.array(part, np.float32) for part in zip(*parts, strict=True))
    whole_weights, whole_bias = _separating(whole, spoilt, kinds)
    recognised = np.concatenate([whole, spoilt[~lost]])
    weights, bias = _separating(recognised, spoilt[lost], kinds[lost])
    return Recognisability(
        names, weights, bias, whole_weights, whole_bias, typical, means, axes, floors
    )


def _to_whole(spoilt: Vectors, whole: Vectors) -> tuple[Floats, Floats, NDArray[np.float32]]:
    """The mean (m,) and the deviation (m,) of the similarities of each of ``spoilt`` to ``whole``
    faces, and the mean (d,) of these.
    """
    rows, people = spoilt.astype(np.float64), whole.astype(np.float64)
    typical = people.mean(axis=0)
    mean = rows @ typical
    square = np.einsum("md,md->m", rows @ (people.T @ people / len(people)), rows)
    deviation = np.sqrt(np.maximum(square - mean**2, _LEAST_DEVIATION**2))
    return mean, deviation, typical.astype(np.float32)


def _kinds(kinds: NDArray[np.str_]) -> tuple[tuple[str, ...], NDArray[np.intp], NDArray[np.bool_]]:
    """The names of the kinds with 40 faces or more, and of all others together where these have as
    many; which of them each face is of, of those that are ``used`` (m,).
    """
    names, which, counts = np.unique(kinds, return_inverse=True, return_counts=True)
    known = [str(name) for name in names[counts >= LEAST_FACES]]
    few = counts < LEAST_FACES
    if int(counts[few].sum()) >= LEAST_FACES or not known:
        known.append(_OTHERS)
    place = np.cumsum(~few) - 1
    place[few] = len(place) - int(few.sum())
    found = place[which]
    used = found < len(known)
    return tuple(known), found[used], used


def _separating(
    first: Vectors, second: Vectors, kinds: NDArray[np.str_]
) -> tuple[NDArray[np.float32], float]:
    """The weights (d,) and the bias of a logit that ``first`` (n, d) have and ``second`` (m, d), of
    the ``kinds`` (m,), do not.
    """
    if not len(second):
        return np.zeros(first.shape[1], np.float32), 1.0
    names, which, used = _kinds(kinds)
    counts = np.bincount(which, minlength=len(names))
    each = 0.5 / len(names) / counts[which]
    weight = np.concatenate([np.full(len(first), 0.5 / len(first)), each])
    rows = np.concatenate([first, second[used]]).astype(np.float64)
    is_first = np.repeat([1.0, 0.0], [len(first), len(each)])
    found = _logistic(rows, is_first, weight * len(rows))
    return found[:-1].astype(np.float32), float(found[-1])


def _logistic(rows: Floats, is_first: Floats, weight: Floats) -> Floats:
    """Weights (d,) and bias of a logistic regression with a ridge, by Newton's method."""
    rows = np.column_stack([rows, np.ones(len(rows))])
    ridge = np.full(rows.shape[1], _RIDGE)
    ridge[-1] = 0.0  # the bias is free
    found = np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        expected = 1 / (1 + np.exp(-rows @ found))
        curve = weight * expected * (1 - expected)
        slope = rows.T @ (weight * (is_first - expected)) - ridge * found
        step = np.linalg.solve((rows * curve[:, None]).T @ rows + np.diag(ridge), slope)
        found += step
        if float(np.abs(step).max()) < _NEAR:
            break
    return found


def _strangers(faces: Floats | Vectors) -> tuple[Floats, Floats, float]:
    """The mean (d,) of ``faces`` (n, d), and their covariance as axes (r, d) and a floor."""
    mean = faces.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(faces.T, bias=True))
    rank = min(_RANK, len(values) - 1)
    floor = max(float(values[:-rank].mean()), 0.0)
    above = np.sqrt(np.maximum(values[-rank:] - floor, 0.0))
    return mean, (vectors[:, -rank:] * above).T, floor
