"""Images that are themselves the sample: how the service fits them, done to training data too."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.vision.preprocess import Preprocessing, fit_whole
from app.vision.types import RgbImage
from training.datasets.base import Images

MEAN, SCALE = 127.5, 1 / 127.5


def grey(size: int) -> Preprocessing:
    """Light strokes on dark, ``size`` px square, numbers in -1..1; goes into the manifest as is."""
    return Preprocessing(width=size, height=size, channels="L", mean=(MEAN,), scale=(SCALE,))


def fitted(images: Iterable[NDArray[np.uint8]], size: int) -> Images:
    """Grey images (H, W) of 0..255 as the service would fit them: (n, size, size, 1)."""
    how = grey(size)
    return np.stack([fitted_rgb(np.repeat(x[:, :, None], 3, axis=2), how) for x in images])


def fitted_rgb(image: RgbImage, how: Preprocessing) -> Images:
    """One image (H, W, 3) as grey as the service would make it: (size, size, 1)."""
    return np.asarray(Image.fromarray(fit_whole(image, how)).convert("L"))[:, :, None]
