"""Omniglot (Lake, Salakhutdinov and Tenenbaum, Science 2015) from one npz file.

``images`` is packbits along the last axis of (n, 105, 105), true where there is ink; ``labels``
(n,) number the characters. A folder of images, one folder a character, is read by
:mod:`training.datasets.folder`.
"""

from pathlib import Path

import numpy as np

from training.datasets.base import ImageSet
from training.datasets.whole import fitted
from training.errors import TrainingError

_SIDE = 105


def load(path: Path, size: int) -> ImageSet:
    """All drawings, ink light on dark."""
    try:
        with np.load(path) as file:
            packed, labels = file["images"], file["labels"].astype(np.int64)
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(f"{path} is not Omniglot's npz file: {error}.") from None
    ink = np.unpackbits(packed, axis=-1)[..., :_SIDE] * np.uint8(255)
    found, index = np.unique(labels, return_inverse=True)
    identities = tuple(f"character-{int(c):04d}" for c in found)
    names = tuple(f"omniglot/{i}" for i in range(len(labels)))
    return ImageSet(fitted(ink, size), index.astype(np.int64), identities, names)


def rotated(data: ImageSet) -> ImageSet:
    """Each character turned by 0, 90, 180 and 270 degrees, as four (Santoro et al., 2016)."""
    turned = [np.rot90(data.images, k, axes=(1, 2)) for k in range(4)]
    labels = np.concatenate([data.labels + k * len(data.identities) for k in range(4)])
    identities = tuple(f"{x}@{90 * k}" for k in range(4) for x in data.identities)
    return ImageSet(np.concatenate(turned), labels, identities, data.names * 4)
