"""Omniglot (Lake, Salakhutdinov and Tenenbaum, Science 2015): one npz file, or its own folders.

In the npz file ``images`` is packbits along the last axis of (n, 105, 105), true where there is
ink; ``labels`` (n,) number the characters. The folders are as its authors publish them, dark ink on
white: ``images_background/Greek/character01/0394_01.png``.
"""

from pathlib import Path

import numpy as np

from training.datasets.base import ImageSet
from training.datasets.folder import read_images
from training.datasets.whole import fitted, fitted_rgb, grey
from training.errors import TrainingError

_SIDE = 105


def load(path: Path, size: int) -> ImageSet:
    """All drawings of the file or folder ``path``, ink light on dark."""
    return load_folders(path, size) if path.is_dir() else load_file(path, size)


def load_folders(folder: Path, size: int) -> ImageSet:
    """Every PNG below ``folder``; an identity is the folder it lies in, alphabet/character."""
    drawings = [(str(x.parent.relative_to(folder)), x) for x in sorted(folder.rglob("*.png"))]
    if not drawings:
        raise TrainingError(f"{folder} holds no PNG; Omniglot's are in alphabet/character/*.png.")
    how = grey(size)
    return read_images(folder, drawings, lambda x: fitted_rgb(255 - x, how))


def load_file(path: Path, size: int) -> ImageSet:
    """The npz file."""
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
