"""From the samples of a PNG to strips of eight-bit colours and alpha."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.vision.formats.png_header import GREY_ALPHA, PALETTE, RGB, RGBA, Picture
from app.vision.pixels import Samples, Span, Strip, bands, span_of

_Band = tuple[slice, Samples]
_Words = Callable[[], Iterator[_Band]]


def plain_strips(picture: Picture, image: Image.Image) -> Iterator[Strip]:
    """Strips of samples of eight bits, or of fewer that were stretched to eight."""
    table = None if picture.exponent is None else _curve(np.arange(256) / 255, picture.exponent)
    for rows, samples in bands(image):
        if picture.colour == PALETTE:
            alpha = None if picture.palette_alpha is None else picture.palette_alpha[samples]
            yield Strip(rows, _looked_up(table, picture.palette)[samples], alpha)
            continue
        whole = np.atleast_3d(samples * np.uint8(255) if samples.dtype == np.bool_ else samples)
        colours, alpha = whole[..., : _colours(picture)], whole[..., _colours(picture) :]
        transparent = _transparency(picture, colours)
        colours = _looked_up(table, colours)
        yield Strip(rows, colours, alpha[..., 0] if alpha.size else transparent)


def _looked_up(table: NDArray[np.uint8] | None, samples: Samples) -> NDArray[np.uint8]:
    return samples if table is None else table[samples]


def deep_strips(picture: Picture, words: _Words) -> Iterator[Strip]:
    """Strips of samples of 16 bits; a first pass finds their white."""
    count = _colours(picture)
    peaks = np.max([samples.max(axis=(0, 1)) for _, samples in words()], axis=0)
    white = _white(picture, float(peaks[:count].max()))
    table, opaque = _table(white, picture.exponent), _table(white, None)
    if peaks[count:].any() and peaks[-1] > white:
        opaque = _table(65535.0, None)
    for rows, samples in words():
        colours, alpha = samples[..., :count], samples[..., count:]
        transparent = _transparency(picture, colours)
        yield Strip(rows, table[colours], opaque[alpha[..., 0]] if alpha.size else transparent)


def words_of(picture: Picture, image: Image.Image, low: Image.Image | None) -> Iterator[_Band]:
    """(rows, width, channels) of 16 bits, from what ``_load`` gave."""
    if low is not None:
        for (rows, high), (_, rest) in zip(bands(image), bands(low), strict=True):
            yield rows, high.astype(np.uint16) << 8 | rest
    elif picture.colour == GREY_ALPHA:
        for rows, pairs in bands(image):
            yield rows, np.ascontiguousarray(pairs).view(">u2").astype(np.uint16)
    else:
        for rows, grey in bands(image):
            yield rows, grey[..., None]


def _colours(picture: Picture) -> int:
    return 3 if picture.colour in (RGB, RGBA) else 1


def _transparency(picture: Picture, colours: Samples) -> NDArray[np.uint8] | None:
    if picture.key is None or len(picture.key) != colours.shape[2]:
        return None
    key = picture.key.astype(colours.dtype)
    alpha: NDArray[np.uint8] = (colours != key).any(axis=2) * np.uint8(255)
    return alpha


def _white(picture: Picture, peak: float) -> float:
    """The sample of 16 bits that is white. ``sBIT`` states how many bits the camera had; samples
    should fill all 16 nevertheless, but in many files they do not.
    """
    if picture.significant is None:
        return span_of(0.0, peak, bits=16, kind="u").white
    white = 2.0**picture.significant - 1
    return white if peak <= white else 65535.0


def _table(white: float, exponent: float | None) -> NDArray[np.uint8]:
    """(65536,) uint8: the eight-bit value of each 16-bit sample."""
    if exponent is None:
        return Span(0.0, white).table()
    return _curve(np.arange(1 << 16) / white, exponent)


def _curve(shares: NDArray[np.float64], exponent: float | None) -> NDArray[np.uint8]:
    bent = np.clip(shares, 0.0, 1.0) ** (exponent or 1.0)
    return (bent * 255.0 + 0.5).astype(np.uint8)
