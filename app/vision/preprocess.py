"""From a crop to the numbers that a network takes, exactly as its manifest says.

Training imports these same functions, so that a network is served what it was trained on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.vision.types import AlignedCrop, RgbImage

Channels: TypeAlias = Literal["RGB", "BGR", "L"]
Resize: TypeAlias = Literal["stretch", "contain"]
Blob: TypeAlias = NDArray[np.float32]
"""(n, channels, height, width)."""

_ORDER: Final = {"RGB": slice(None), "BGR": slice(None, None, -1)}


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How pixels become the network's input: ``(pixel - mean) * scale`` for each channel."""

    width: int
    height: int
    channels: Channels = "RGB"
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    scale: tuple[float, ...] = (1.0, 1.0, 1.0)
    resize: Resize = "stretch"
    """How whole images are resized: ``stretch`` to the size, or ``contain`` within it and fill."""
    background: int = 0
    """Grey level of what ``contain`` fills, before ``invert``."""
    invert: bool = False
    """Dark ink on light paper becomes light ink on dark, as in MNIST."""

    @property
    def depth(self) -> int:
        """Number of channels."""
        return len(self.channels)


def fit_whole(image: RgbImage | Image.Image, preprocessing: Preprocessing) -> AlignedCrop:
    """The whole image as one sample, at the network's size; averaged where it shrinks."""
    size = (preprocessing.width, preprocessing.height)
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    if preprocessing.resize == "stretch":
        return np.array(picture.resize(size, Image.Resampling.BILINEAR))
    scale = min(size[0] / picture.width, size[1] / picture.height)
    inner = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    sheet = Image.new("RGB", size, (preprocessing.background,) * 3)
    corner = ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2)
    sheet.paste(picture.resize(inner, Image.Resampling.BILINEAR), corner)
    return np.array(sheet)


def to_blob(crops: Sequence[AlignedCrop], preprocessing: Preprocessing) -> Blob:
    """Crops of (height, width, 3) as one (n, channels, height, width) float32 array."""
    shape = (len(crops), preprocessing.depth, preprocessing.height, preprocessing.width)
    blob = np.empty(shape, np.float32)
    for row, crop in zip(blob, crops, strict=True):
        row[:] = _planes(crop, preprocessing)
    if preprocessing.invert:
        np.subtract(255.0, blob, out=blob)
    blob -= _column(preprocessing.mean)
    blob *= _column(preprocessing.scale)
    return blob


def _planes(crop: AlignedCrop, preprocessing: Preprocessing) -> NDArray[np.uint8]:
    if preprocessing.channels == "L":
        return np.asarray(Image.fromarray(crop).convert("L"))[None]
    return crop[:, :, _ORDER[preprocessing.channels]].transpose(2, 0, 1)


def _column(values: tuple[float, ...]) -> NDArray[np.float32]:
    return np.array(values, np.float32).reshape(1, -1, 1, 1)
