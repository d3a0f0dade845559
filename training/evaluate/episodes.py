"""N-way 1-shot classification (Vinyals et al., arXiv:1606.04080): an example each, then a probe."""

import numpy as np

from training.datasets.base import Labels
from training.errors import TrainingError
from training.evaluate.identification import Rows, unit_rows


def one_shot(z: Rows, labels: Labels, *, ways: int, episodes: int, seed: int) -> float:
    """Share of probes whose nearest of ``ways`` examples is of their own identity.

    An episode draws ``ways`` identities, two images of each: one is the example, one the probe.
    """
    found, counts = np.unique(labels, return_counts=True)
    able = found[counts >= 2]
    if len(able) < ways:
        raise TrainingError(f"{ways}-way needs {ways} identities with two images: {len(able)}.")
    rng, unit = np.random.default_rng(seed), unit_rows(z)
    rows = {int(c): np.flatnonzero(labels == c) for c in able}
    right = 0
    for _ in range(episodes):
        drawn = [
            rng.choice(rows[int(c)], 2, replace=False)
            for c in rng.choice(able, ways, replace=False)
        ]
        example, probe = np.array(drawn).T
        nearest = (unit[probe] @ unit[example].T).argmax(axis=1)
        right += int((nearest == np.arange(ways)).sum())
    return right / (episodes * ways)
