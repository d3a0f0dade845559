"""Any mode that a file can have, to eight-bit RGB: deep, palette, CMYK and transparent pixels.

Strip by strip: of a large image only the decoded pixels and the result are held whole.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.errors import UnsupportedImage
from app.vision.types import RgbImage

_DEEP: Final = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")
_PLAIN: Final = ("1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr", "HSV")
_CLEAR: Final = ("LA", "La", "PA", "RGBA", "RGBa")
_NEUTRAL: Final = (128, 128, 128)
"""Mid-grey: dark ink and light ink on a transparent sheet both stay visible."""
_STRIP_PIXELS: Final = 1 << 18


def to_rgb(image: Image.Image) -> RgbImage:
    """``image`` (loaded) as (height, width, 3); UnsupportedImage for a colour space not read."""
    deep = image.mode in _DEEP
    white = (
        max((_white(np.asarray(strip)) for _, strip in _strips(image)), default=1.0)
        if deep
        else 1.0
    )
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for rows, strip in _strips(image):
        if deep:
            pixels[rows] = _eight_bits(np.asarray(strip), white)[..., None]
        else:
            pixels[rows] = np.asarray(_colours(strip))
    return pixels


def _strips(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    height = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, height):
        bottom = min(top + height, image.height)
        yield slice(top, bottom), image.crop((0, top, image.width, bottom))


def _colours(image: Image.Image) -> Image.Image:
    if image.mode in _CLEAR or "transparency" in image.info:
        return _over_neutral(image)
    if image.mode not in _PLAIN:
        raise UnsupportedImage(f"Images of colour mode {image.mode} are not read.")
    return image.convert("RGB")


def _over_neutral(image: Image.Image) -> Image.Image:
    sheet = Image.new("RGB", image.size, _NEUTRAL)
    pixels = image.convert("RGBA")
    sheet.paste(pixels, mask=pixels.getchannel("A"))
    return sheet


def _white(deep: NDArray[np.generic]) -> float:
    """What white is in these 32-bit numbers. Files do not say: 1.0, 255, 65535 or the type's
    largest, so the smallest of these that holds every value is taken.
    """
    if deep.dtype.itemsize == 2:
        return 65535.0
    whites = (1.0, 255.0, 65535.0) if deep.dtype.kind == "f" else (255.0, 65535.0)
    peak = float(_finite(deep).max(initial=0.0))
    return next((w for w in whites if peak <= w), max(peak, 2.0**31))


def _eight_bits(deep: NDArray[np.generic], white: float) -> NDArray[np.uint8]:
    """The high byte of 16 bits; 32-bit integers and floats are scaled by the range they use."""
    if deep.dtype.itemsize == 2:
        return (deep.astype(np.uint16) >> 8).astype(np.uint8)
    return (np.clip(_finite(deep) / white, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)


def _finite(deep: NDArray[np.generic]) -> NDArray[np.float64]:
    return np.nan_to_num(deep.astype(np.float64), posinf=0.0, neginf=0.0)
