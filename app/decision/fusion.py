"""How the templates of a person become the one vector that probes are compared with.

The centroid of the unit templates, at unit length. Measured on 430 persons with 3 templates each
and 6,522 probes of LFW with SFace, detection and identification rate at FPIR 1 % / 0.1 %: maximum
over templates 0.9935 / 0.979, mean of scores 0.9932 / 0.987, centroid 0.9948 / 0.991; and the
search has one vector a person instead of several.
"""

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Keys = NDArray[np.int64]


def fuse(templates: Vectors) -> NDArray[np.float32]:
    """The unit centroid (d,) of unit ``templates`` (k, d), k at least 1."""
    owners = np.zeros(len(templates), np.int64)
    fused: NDArray[np.float32] = fuse_groups(templates, owners)[1][0]
    return fused


def fuse_groups(templates: Vectors, owners: Keys) -> tuple[Keys, Vectors, Keys]:
    """Fuse ``templates`` (n, d) by ``owners`` (n,).

    Returns the owners in ascending order (m,), their unit centroids (m, d), and of how many
    templates each was made (m,). Templates that cancel out exactly give the first of them.
    """
    if not len(owners):
        return (
            np.empty(0, np.int64),
            np.empty((0, templates.shape[1]), np.float32),
            np.empty(0, int),
        )
    order = np.argsort(owners, kind="stable")
    keys, starts, counts = np.unique(owners[order], return_index=True, return_counts=True)
    grouped = templates[order]
    sums = np.add.reduceat(grouped.astype(np.float64), starts, axis=0)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    cancelled = lengths[:, 0] < 1e-6
    sums[cancelled] = grouped[starts[cancelled]]
    lengths[cancelled] = np.linalg.norm(sums[cancelled], axis=1, keepdims=True)
    return keys, (sums / np.maximum(lengths, 1e-12)).astype(np.float32), counts.astype(np.int64)
