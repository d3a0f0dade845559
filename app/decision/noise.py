"""The noise of a similarity: the margin within which two candidates are as good as each other."""

import numpy as np
from numpy.typing import NDArray

_Vectors = NDArray[np.float32]


def score_noise(embeddings: _Vectors, again: _Vectors, labels: NDArray[np.generic]) -> float:
    """Twice the standard deviation of how far a mated similarity moves when only pixels change.

    ``embeddings`` and ``again`` (n, d) are unit rows of the same samples, seen twice
    (``app.vision.again``); ``labels`` (n,) name the person. Each sample is compared with the next
    one of its person: the two candidates that a margin must separate are both near the probe, and
    similarities of strangers move differently. Rounded to 4 places. ``ValueError`` where nobody
    has two samples.
    """
    partner = _mated_partner(labels)
    mated = partner >= 0
    if not mated.any():
        raise ValueError("nobody has two images that can be used")
    moved = (embeddings - again)[mated]
    difference = np.einsum("nd,nd->n", moved, embeddings[partner[mated]])
    return round(float(2 * difference.std()), 4)


def _mated_partner(labels: NDArray[np.generic]) -> NDArray[np.int64]:
    """For each sample the row of the next one of the same person, or -1."""
    partner = np.full(len(labels), -1)
    order = np.argsort(labels, kind="stable")
    follows = labels[order[:-1]] == labels[order[1:]]
    partner[order[:-1][follows]] = order[1:][follows]
    return partner
