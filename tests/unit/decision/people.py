"""People made of numbers: a centre each, images around it, and something common to all."""

import numpy as np
from numpy.typing import NDArray

DIMENSION = 64


def people(
    identities: int, images: int, *, seed: int = 0, common: float = 0.25, noise: float = 0.7
) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
    """Unit vectors (identities * images, 64) and whose they are.

    The more ``common``, the more strangers resemble each other; the more ``noise``, the less the
    images of one person do.
    """
    rng = np.random.default_rng(seed)
    shared = np.zeros(DIMENSION)
    shared[0] = common * np.sqrt(DIMENSION)
    centres = rng.normal(size=(identities, 1, DIMENSION)) + shared
    rows = (centres + noise * rng.normal(size=(identities, images, DIMENSION))).reshape(
        -1, DIMENSION
    )
    labels = np.repeat([f"person {i:05}" for i in range(identities)], images)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), labels
