"""Samples of any depth, with or without transparency, to eight-bit RGB.

Strip by strip: of a large image only the decoded samples and the result are held whole.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.errors import InvalidImage
from app.vision.types import RgbImage

_NEUTRAL: Final = 128
"""Mid-grey: dark ink and light ink on a transparent sheet both stay visible."""
_STRIP_PIXELS: Final = 1 << 16
_WHITES: Final = (255.0, 1023.0, 4095.0, 16383.0, 65535.0)
"""White of 8, 10, 12, 14 and 16 bits: cameras put the values of their sensor into the low bits of
16- and 32-bit samples, and files do not say so.
"""
_OVERSHOOT: Final = 2.0
"""How far floats may pass white: sharpening and resampling leave values just over 1.0."""
_NOISE: Final = 1 / 8
"""Negative samples up to this share of the peak are noise about black, and no signed range."""
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Samples = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Strip:
    """Some rows of an image: ``colours`` (rows, width, 3 or 1) and ``alpha`` (rows, width), both
    0 to 255. ``alpha`` is None where every pixel is opaque; ``multiplied`` where the colours are
    stored multiplied by it.
    """

    rows: slice
    colours: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None = None
    multiplied: bool = False


def row_strips(width: int, height: int) -> Iterator[slice]:
    """The rows of an image in slices of about 65,536 pixels."""
    step = max(1, _STRIP_PIXELS // width)
    return (slice(top, min(top + step, height)) for top in range(0, height, step))


def bands(image: Image.Image) -> Iterator[tuple[slice, Samples]]:
    """The samples of a loaded Pillow image, some rows at a time."""
    for rows in row_strips(image.width, image.height):
        yield rows, np.asarray(image.crop((0, rows.start, image.width, rows.stop)))


def painted(
    width: int,
    height: int,
    strips: Callable[[], Iterable[Strip]],
    *,
    alpha_may_be_unused: bool = False,
) -> RgbImage:
    """The image over mid-grey. ``InvalidImage`` where every pixel is transparent, as a viewer
    shows nothing; with ``alpha_may_be_unused`` such an image is read as opaque.
    """
    pixels = np.empty((height, width, 3), np.uint8)
    visible = False
    for strip in strips():
        alpha = strip.alpha
        visible |= alpha is None or bool(alpha.any())
        if alpha is None or alpha.min() == 255:
            pixels[strip.rows] = strip.colours
        else:
            _lay_over_neutral(pixels[strip.rows], strip, alpha)
    if visible:
        return pixels
    if not alpha_may_be_unused:
        raise InvalidImage("Every pixel of the image is transparent; save it without transparency.")
    for strip in strips():
        pixels[strip.rows] = strip.colours
    return pixels


def _lay_over_neutral(target: RgbImage, strip: Strip, alpha: NDArray[np.uint8]) -> None:
    """Blend channel by channel, which is three times as fast as all three at once."""
    share = alpha.astype(np.uint16)
    sheet = _NEUTRAL * (255 - share) + np.uint16(127)
    for channel in range(3):
        colour = strip.colours[..., min(channel, strip.colours.shape[2] - 1)]
        light = np.minimum(colour, alpha) * np.uint16(255) if strip.multiplied else colour * share
        target[..., channel] = (light + sheet) // 255


def to_rgb(image: Image.Image) -> RgbImage:
    """A loaded, opaque Pillow image of eight-bit grey, RGB or CMYK."""
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for rows in row_strips(image.width, image.height):
        strip = image.crop((0, rows.start, image.width, rows.stop))
        pixels[rows] = np.asarray(strip.convert("RGB"))
    return pixels


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """``image`` turned as EXIF's ``orientation`` says; the same object if it is 1."""
    turn = _UPRIGHT.get(orientation)
    return image if turn is None else image.transpose(turn)


def upright_pixels(pixels: RgbImage, orientation: int) -> RgbImage:
    """``pixels`` turned and mirrored as ``orientation`` (Exif, 1 to 8) says."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


@dataclass(frozen=True, slots=True)
class Span:
    """Which samples are black and which are white."""

    black: float
    white: float

    def to_bytes(self, samples: Samples) -> NDArray[np.uint8]:
        """Samples of any type as 0 to 255; what is no number is black."""
        if samples.dtype == np.uint8 and self == Span(0.0, 255.0):
            return samples
        if samples.dtype.kind == "u" and samples.dtype.itemsize <= 2:
            return self.table()[samples]
        with np.errstate(over="ignore"):
            scaled = (finite(samples) - self.black) / (self.white - self.black)
        return (np.clip(scaled, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)

    def table(self) -> NDArray[np.uint8]:
        """(65536,) uint8: the value of each 16-bit number; for a full range, its high byte."""
        numbers = np.arange(1 << 16)
        if self == Span(0.0, 65535.0):
            return (numbers >> 8).astype(np.uint8)
        return (np.minimum(numbers / self.white, 1.0) * 255.0 + 0.5).astype(np.uint8)


def span_of(low: float, peak: float, *, bits: int, kind: str) -> Span:
    """The span of samples of which ``low`` is the least and ``peak`` the largest. ``kind`` is
    ``u``, ``i`` or ``f``: unsigned, signed or floating.

    Fewer than 16 bits are what the file says. Of wider samples white is the smallest of
    ``_WHITES`` that holds the peak, of floats 1.0 too, and the peak where none does. Negative
    samples that are more than noise make it a signed range: its black is as far below zero as its
    white is above.
    """
    if kind == "u" and bits < 16:
        return Span(0.0, 2.0**bits - 1)
    signed = -low > peak * _NOISE
    largest = max(peak, -low) if signed else peak
    whites = [(white - 1) / 2 for white in _WHITES] if signed else list(_WHITES)
    if kind == "f":
        white = next((w for w in (1.0, *whites) if largest <= w * _OVERSHOOT), largest)
    else:
        top = 2.0 ** (bits - (kind == "i")) - 1
        steps = [white for white in whites if white < top] + [top] * (bits <= 16)
        white = next((w for w in steps if largest <= w), largest)
    return Span(-white if signed else 0.0, white)


def finite(samples: Samples) -> NDArray[np.float64]:
    """Samples with 0 in place of NaN and infinity."""
    with np.errstate(invalid="ignore"):  # signalling NaN of damaged files
        numbers = samples.astype(np.float64)
    return np.nan_to_num(numbers, nan=0.0, posinf=0.0, neginf=0.0)
