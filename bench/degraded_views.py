"""Degrades an aligned face as a camera may, in one way at a time and always the same.

Training degrades its images at random and by other code (``training.transforms``); these are
fixed, so that a figure means the same next year. A crop is (112, 112, 3) RGB of 0 to 255.
"""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Crop = NDArray[np.uint8]
View = Callable[[Crop, np.random.Generator], Crop]
CLEAN: Final = "clean"
_NOISE: Final = 7.0  # grey levels of read noise
_GREY: Final = 128


def _to_bytes(pixels: NDArray[np.float64]) -> Crop:
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def reduced(crop: Crop, side: int) -> Crop:
    """Averaged to ``side`` px and enlarged again."""
    image = Image.fromarray(crop)
    small = image.resize((side, side), Image.Resampling.BOX)
    return np.asarray(small.resize(image.size, Image.Resampling.BILINEAR), np.uint8)


def compressed(crop: Crop, quality: int) -> Crop:
    """Through a JPEG encoder."""
    file = BytesIO()
    Image.fromarray(crop).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"), np.uint8)


def moved(crop: Crop, pixels: int) -> Crop:
    """The mean of ``pixels`` positions side by side: the head moved while the shutter was open."""
    edge = pixels // 2
    wide = np.pad(crop.astype(np.float64), ((0, 0), (edge, edge), (0, 0)), mode="edge")
    return _to_bytes(np.mean([wide[:, i : i + crop.shape[1]] for i in range(pixels)], axis=0))


def dark(crop: Crop, rng: np.random.Generator) -> Crop:
    """15 % of the light, and the sensor's noise."""
    return _to_bytes(crop * 0.15 + rng.normal(0, _NOISE, crop.shape))


def covered(crop: Crop) -> Crop:
    """The lower half behind a flat grey: a mask, a scarf."""
    out = crop.copy()
    out[crop.shape[0] // 2 :] = _GREY
    return out


VIEWS: Final[Mapping[str, View]] = {
    CLEAN: lambda crop, _: crop,
    "28 px": lambda crop, _: reduced(crop, 28),
    "20 px": lambda crop, _: reduced(crop, 20),
    "28 px + JPEG 20": lambda crop, _: compressed(reduced(crop, 28), 20),
    "motion 9 px": lambda crop, _: moved(crop, 9),
    "15 % light + noise": dark,
    "lower half covered": lambda crop, _: covered(crop),
}


def seen(crop: Crop, row: int, name: str) -> Crop:
    """The crop of image number ``row`` as ``name`` shows it."""
    return VIEWS[name](crop, np.random.default_rng((7, row)))
