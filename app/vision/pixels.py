"""Any mode that a file can have, to eight-bit RGB: deep, palette, CMYK and transparent pixels."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.errors import UnsupportedImage

_DEEP: Final = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")
_PLAIN: Final = ("1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr", "HSV")
_CLEAR: Final = ("LA", "La", "PA", "RGBA", "RGBa")
_NEUTRAL: Final = (128, 128, 128)
"""Mid-grey: dark ink and light ink on a transparent sheet both stay visible."""


def to_rgb(image: Image.Image) -> Image.Image:
    """``image`` (loaded) as mode RGB; UnsupportedImage for a colour space that is not read."""
    if image.mode in _DEEP:
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB")
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


def _eight_bits(deep: NDArray[np.generic]) -> NDArray[np.uint8]:
    """The high byte of 16 bits; 32-bit integers and floats are scaled by the range they use.

    Files do not say what white is there: 1.0, 255, 65535 or the type's largest, so the smallest
    of these that holds every value is taken.
    """
    if deep.dtype.itemsize == 2:
        return (deep.astype(np.uint16) >> 8).astype(np.uint8)
    values = np.nan_to_num(deep.astype(np.float64), posinf=0.0, neginf=0.0)
    whites = (1.0, 255.0, 65535.0) if deep.dtype.kind == "f" else (255.0, 65535.0)
    peak = float(values.max(initial=0.0))
    white = next((w for w in whites if peak <= w), max(peak, 2.0**31))
    return (np.clip(values / white, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
