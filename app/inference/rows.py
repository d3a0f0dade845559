"""Faces as the detector finds them, one a row: which are the same, and which are none."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
"""(n, 15): x, y, width, height, five landmarks x, y, score."""

_SAME: Final = 0.5  # intersection over union of one face at two levels


def suppress(rows: Rows, threshold: float) -> Rows:
    """Greedy non-maximum suppression: of faces that overlap more than ``threshold``, the surest."""
    rows = rows[np.argsort(-rows[:, 14], kind="stable")]
    kept: list[NDArray[np.float32]] = []
    while len(rows):
        kept.append(rows[0])
        rows = rows[1:][overlap(rows[0], rows[1:]) <= threshold]
    return np.array(kept, np.float32).reshape(-1, 15)


def overlap(one: NDArray[np.float32], others: Rows) -> NDArray[np.float32]:
    """Intersection over union of one box with each of the others."""
    top_left = np.maximum(one[:2], others[:, :2])
    bottom_right = np.minimum(one[:2] + one[2:4], others[:, :2] + others[:, 2:4])
    intersection = np.prod(np.maximum(bottom_right - top_left, 0), axis=1)
    union = one[2] * one[3] + others[:, 2] * others[:, 3] - intersection
    return np.asarray(intersection / np.maximum(union, 1e-9), np.float32)


def seconded(rows: Rows, below: Rows, largest: float) -> Rows:
    """The ``rows`` that are no larger than ``largest`` pixels, or are in ``below`` as well."""
    kept = [max(row[2:4]) <= largest or (overlap(row, below) >= _SAME).any() for row in rows]
    return np.asarray(rows[np.array(kept, bool)])
