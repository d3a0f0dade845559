"""From crops to the tensor that an embedder takes, as its bundle's manifest says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.vision.types import AlignedCrop, RgbImage


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How pixels become numbers: ``(x - mean) * scale`` a channel, in ``channels`` order.

    ``size`` is (width, height). ``resize`` and ``background`` (0 to 255) say how a whole image
    that is the sample is fitted: ``stretch`` to the size, or ``contain`` within it. ``invert``
    turns dark on light into light on dark first.
    """

    size: tuple[int, int]
    channels: Literal["RGB", "BGR", "L"]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    resize: Literal["stretch", "contain"]
    background: int
    invert: bool


def to_blob(crops: Sequence[AlignedCrop], how: Preprocessing) -> NDArray[np.float32]:
    """``crops`` (n of height, width, 3) as one (n, c, height, width) float32 tensor."""
    stacked = np.stack([_channels(crop, how) for crop in crops]).astype(np.float32)
    if any(how.mean) or any(scale != 1 for scale in how.scale):
        stacked = (stacked - np.array(how.mean, np.float32)) * np.array(how.scale, np.float32)
    return np.ascontiguousarray(stacked.transpose(0, 3, 1, 2), np.float32)


def fit_whole(image: RgbImage, how: Preprocessing) -> AlignedCrop:
    """A whole image that is itself the sample, at the embedder's size."""
    width, height = how.size
    source = Image.fromarray(255 - image if how.invert else image)
    if how.resize == "stretch":
        return np.asarray(source.resize(how.size, Image.Resampling.BILINEAR), np.uint8)
    factor = min(width / source.width, height / source.height)
    inner = (max(1, round(source.width * factor)), max(1, round(source.height * factor)))
    canvas = Image.new("RGB", how.size, (how.background,) * 3)
    placed = source.resize(inner, Image.Resampling.BILINEAR)
    canvas.paste(placed, ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return np.asarray(canvas, np.uint8)


def _channels(crop: AlignedCrop, how: Preprocessing) -> NDArray[np.uint8]:
    if how.channels == "L":
        return np.asarray(Image.fromarray(crop).convert("L"), np.uint8)[:, :, None]
    return crop if how.channels == "RGB" else crop[:, :, ::-1]
