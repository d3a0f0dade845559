"""How the templates of a person become the one vector that probes are compared with.

The centroid of the unit templates, at unit length. Measured on 430 persons with 3 templates each
and 6,522 probes of LFW with SFace, detection and identification rate at FPIR 1 % / 0.1 %: maximum
over templates 0.9935 / 0.979, mean of scores 0.9932 / 0.987, centroid 0.9948 / 0.991; and the
search has one vector a person instead of several.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Keys = NDArray[np.int64]

ROUNDING = 2e-6
"""Similarities that differ by no more are equal. Float32 products of the same unit vectors of 128
and 512 numbers were found up to 5e-7 from the exact value; the error depends on the processor, the
BLAS and how many rows are multiplied at once.
"""
_CANCELLED = 1e-6  # a sum this short is the rounding of float32 templates, not a direction


@dataclass(frozen=True, slots=True)
class Fused:
    """One row a person: ``owners`` (m,) ascending, unit centroids ``vectors`` (m, d), and of how
    many ``templates`` (m,) each was made.
    """

    owners: Keys
    vectors: Vectors
    templates: Keys


def together(parts: Sequence[Fused]) -> Fused:
    """The persons of ``parts``, one or more, one part after the other."""
    return Fused(
        np.concatenate([each.owners for each in parts]),
        np.concatenate([each.vectors for each in parts]),
        np.concatenate([each.templates for each in parts]),
    )


def fuse(templates: Vectors) -> NDArray[np.float32]:
    """The unit centroid (d,) of unit ``templates`` (k, d), k at least 1."""
    owners = np.zeros(len(templates), np.int64)
    fused: NDArray[np.float32] = fuse_persons(templates, owners).vectors[0]
    return fused


def fuse_persons(templates: Vectors, owners: Keys) -> Fused:
    """Fuse ``templates`` (n, d) by ``owners`` (n,).

    Templates that cancel out give the first of them, so that no person is without a direction. The
    sums are in float64, in which a few float32 numbers add up exactly: the order in which a
    database returns a person's templates leaves no trace.
    """
    if not len(owners):
        none = np.empty(0, np.int64)
        return Fused(none, np.empty((0, templates.shape[1]), np.float32), none)
    order = np.argsort(owners, kind="stable")
    keys, starts, counts = np.unique(owners[order], return_index=True, return_counts=True)
    sums = np.add.reduceat(templates[order].astype(np.float64), starts, axis=0)
    lengths = np.sqrt(np.einsum("md,md->m", sums, sums))
    cancelled = lengths < _CANCELLED
    sums[cancelled] = templates[order[starts[cancelled]]]
    sums /= np.where(cancelled, 1, lengths)[:, None]
    return Fused(keys, sums.astype(np.float32), counts.astype(np.int64))
