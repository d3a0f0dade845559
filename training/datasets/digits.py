"""scikit-learn's handwritten digits: 1,797 images of 8 x 8, in the package, no download."""

import numpy as np
from sklearn.datasets import load_digits

from training.datasets.base import ImageSet
from training.datasets.whole import fitted


def load(size: int) -> ImageSet:
    """All digits, enlarged to ``size``."""
    bunch = load_digits()
    images = (bunch.images * (255 / 16)).round().astype(np.uint8)
    names = tuple(f"digits/{i}" for i in range(len(images)))
    labels = bunch.target.astype(np.int64)
    return ImageSet(fitted(images, size), labels, tuple("0123456789"), names)
