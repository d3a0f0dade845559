"""Photographs that ship with packages, and a pipeline on them without any download of images."""

import numpy as np
import skimage.data
from matplotlib.cbook import get_sample_data
from PIL import Image

from app.vision.types import RgbImage


def astronaut() -> RgbImage:
    """512 x 512, one face near the upper left."""
    return np.asarray(skimage.data.astronaut(), np.uint8)


def admiral() -> RgbImage:
    """512 x 600, one face."""
    with Image.open(str(get_sample_data("grace_hopper.jpg", asfileobj=False))) as image:
        return np.asarray(image.convert("RGB"), np.uint8)


def resized(image: RgbImage, factor: float) -> RgbImage:
    """``image`` enlarged or shrunk."""
    size = (round(image.shape[1] * factor), round(image.shape[0] * factor))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS), np.uint8)
