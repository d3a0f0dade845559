"""Distances under a mapping: classes against each other, and neighbourhoods of the input."""

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import trustworthiness

from training.datasets.base import Images, Labels
from training.evaluate.identification import Rows

Matrix = NDArray[np.float64]


def pair_means(z: Rows, labels: Labels) -> tuple[float, float]:
    """Mean Euclidean distance of similar and of dissimilar pairs; ``z`` (n, d), ``labels`` (n,)."""
    distances = distance_matrix(z)
    same = labels[:, None] == labels[None, :]
    upper = np.triu(np.ones_like(same), 1)
    return float(distances[upper & same].mean()), float(distances[upper & ~same].mean())


def distance_matrix(z: Rows) -> Matrix:
    """Euclidean distances of all rows (n, n)."""
    square = (z.astype(np.float64) ** 2).sum(axis=1)
    gap = square[:, None] + square[None, :] - 2 * z.astype(np.float64) @ z.T.astype(np.float64)
    distances: Matrix = np.sqrt(np.maximum(gap, 0))
    return distances


def neighbourhoods(images: Images, z: Rows, *, neighbours: int = 10) -> float:
    """Trustworthiness (Venna and Kaski, 2001), 0..1: neighbours in ``z`` were so as pixels."""
    pixels = images.reshape(len(images), -1).astype(np.float32)
    return float(trustworthiness(pixels, z, n_neighbors=neighbours))
