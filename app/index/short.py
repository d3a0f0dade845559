"""Vectors in two bytes a number, half of what float32 takes.

A number is kept as the nearest of 32,767 equal steps on each side of 0. That moves the similarity
of two unit vectors by 9e-6 (standard deviation, computed; the dimension does not matter). A vector
that was rounded once comes back bit by bit from then on.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.index.base import Vectors

STEPS: Final = 32767
"""Steps between 0 and 1. ``app.decision.cohort`` counts people in the same ones, so that who was
counted in by a float32 vector is counted out by its short form without a trace."""

Short = NDArray[np.int16]


def shortened(vectors: Vectors) -> Short:
    """The short form (n, d) of ``vectors`` (n, d), whose numbers lie between -1 and 1."""
    steps = vectors.astype(np.float64)
    steps *= STEPS
    return np.rint(steps, out=steps).astype(np.int16)


def lengthened(rows: Short) -> Vectors:
    """The vectors (n, d) that ``rows`` (n, d) stand for."""
    return rows.astype(np.float32) / np.float32(STEPS)
