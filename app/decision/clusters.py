"""Gathers faces by person, without names.

Two clusters are compared as two persons are, by the cosine of their centroids, and the nearest two
(as near as the fewest strangers are) are joined until no two are nearer than strangers may be. That
is average linkage in the score that is calibrated: single linkage chains strangers through one bad
picture, complete linkage takes a person's two worst pictures for two people.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.decision.calibration import Calibration

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]


def clusters(vectors: Vectors, calibration: Calibration, rate: float) -> list[list[int]]:
    """The rows of unit ``vectors`` (n, d) by person, each list rising, the largest first.

    Two are joined where at most ``rate`` of strangers are as near. Deterministic; O(n^3) at worst,
    a second for a thousand.
    """
    sums = vectors.astype(np.float64)
    members = [[row] for row in range(len(vectors))]
    deviations = np.full((len(vectors), len(vectors)), -np.inf)
    for row in range(len(vectors)):
        _compare(row, sums, members, calibration, deviations)
    while len(vectors) > 1:
        nearest = int(np.argmax(deviations))
        one, other = sorted(divmod(nearest, len(vectors)))
        at = deviations[one, other : other + 1]
        if np.isneginf(at[0]) or np.exp(calibration.shape.log_rate(at))[0] > rate:
            break
        members[one] += members[other]
        members[other] = []
        sums[one] += sums[other]
        deviations[other, :] = deviations[:, other] = -np.inf
        _compare(one, sums, members, calibration, deviations)
    found = [sorted(rows) for rows in members if rows]
    return sorted(found, key=lambda rows: (-len(rows), rows))


def cohesion(vectors: Vectors) -> float | None:
    """The mean similarity of two different ones of ``vectors`` (k, d); None of fewer than two."""
    count = len(vectors)
    if count < 2:
        return None
    whole = vectors.sum(axis=0, dtype=np.float64)
    return float((whole @ whole - count) / (count * (count - 1)))


def of_fused_probes(calibration: Calibration, images: int) -> Calibration:
    """The calibration for probes that are the centroid of ``images`` images of one person."""
    moments = calibration.moments
    length = float(moments.length_of(np.array([float(images)]))[0])
    return replace(calibration, moments=replace(moments, mean=moments.mean / length))


def _compare(
    row: int,
    sums: Floats,
    members: list[list[int]],
    calibration: Calibration,
    deviations: Floats,
) -> None:
    """How many deviations ``row`` is nearer to every other cluster than strangers are."""
    sizes = np.array([len(rows) for rows in members], np.float64)
    others = np.flatnonzero(sizes)
    others = others[others != row]
    moments = calibration.moments
    norms = np.linalg.norm(sums[others], axis=1) * np.linalg.norm(sums[row])
    similarity = (sums[others] @ sums[row]) / np.maximum(norms, 1e-12)
    lengths = moments.length_of(sizes[others]) * moments.length_of(sizes[row : row + 1])
    above = (similarity - moments.mean / lengths) / moments.deviation
    deviations[row, others] = deviations[others, row] = above
