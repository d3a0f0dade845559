"""The pixel format of a PNG, from its chunks: size, depth, colour type, palette, transparency,
gamma.
"""

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidImage
from app.vision.formats.png_chunks import Chunks
from app.vision.limits import ImageLimits

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
_DEPTHS: Final = {
    GREY: (1, 2, 4, 8, 16),
    RGB: (8, 16),
    PALETTE: (1, 2, 4, 8),
    GREY_ALPHA: (8, 16),
    RGBA: (8, 16),
}
_CHANNELS: Final = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
_SCREEN_GAMMA: Final = 2.2
_SAME_GAMMA: Final = 0.05
"""Exponents this close to one are not applied, as in libpng."""
_WITH_PROFILE: Final = (b"sRGB", b"iCCP", b"cICP")


@dataclass(frozen=True, slots=True)
class Picture:
    """The pixel format that the chunks state. ``key`` is the sample that is transparent."""

    width: int
    height: int
    depth: int
    colour: int
    palette: NDArray[np.uint8]
    palette_alpha: NDArray[np.uint8] | None
    key: NDArray[np.int64] | None
    significant: int | None
    exponent: float | None


def picture_of(chunks: Chunks, limits: ImageLimits) -> Picture:
    """``InvalidImage`` or ``PayloadTooLarge`` where the header states what is not read."""
    width, height, depth, colour, method, filtering, interlace = struct.unpack(
        ">IIBBBBB", chunks.header
    )
    limits.check_size(width, height)
    limits.check_samples(width, height, (depth + 7) // 8 * _CHANNELS.get(colour, 1))
    if depth not in _DEPTHS.get(colour, ()) or method or filtering or interlace > 1:
        raise InvalidImage("The PNG is corrupt: its header states a layout that does not exist.")
    alpha = chunks.others.get(b"tRNS")
    return Picture(
        width,
        height,
        depth,
        colour,
        _palette(chunks.others.get(b"PLTE", b""), colour),
        _palette_alpha(alpha) if colour == PALETTE and alpha else None,
        _key(alpha, depth) if alpha and colour in (GREY, RGB) else None,
        _significant(chunks.others.get(b"sBIT", b""), depth),
        _exponent(chunks.others),
    )


def _palette(body: bytes, colour: int) -> NDArray[np.uint8]:
    """(256, 3); black where the file has no entry."""
    if colour == PALETTE and len(body) < 3:
        raise InvalidImage("The PNG is corrupt: it has no palette.")
    entries = np.frombuffer(body[: min(len(body) // 3, 256) * 3], np.uint8).reshape(-1, 3)
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(entries)] = entries
    return palette


def _palette_alpha(body: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(body[:256].ljust(256, b"\xff"), np.uint8)


def _key(body: bytes, depth: int) -> NDArray[np.int64] | None:
    """In samples as Pillow gives them, which stretches 1, 2 and 4 bits to eight."""
    values = np.frombuffer(body[: len(body) // 2 * 2], ">u2").astype(np.int64)
    return values * 255 // ((1 << depth) - 1) if depth < 8 else values


def _significant(body: bytes, depth: int) -> int | None:
    """How many bits of a sample the camera had, of those of 16; the largest of its channels."""
    bits = max(body[:3], default=0)
    return bits if depth == 16 and 0 < bits <= 16 else None


def _exponent(others: dict[bytes, bytes]) -> float | None:
    """The power to which samples (0 to 1) are raised for a screen; None if it changes nothing."""
    body = others.get(b"gAMA", b"")
    if len(body) != 4 or any(name in others for name in _WITH_PROFILE):
        return None
    gamma = int.from_bytes(body, "big") / 100_000
    if not 0.05 <= gamma <= 5.0:
        return None
    exponent = 1 / (gamma * _SCREEN_GAMMA)
    return None if abs(exponent - 1) < _SAME_GAMMA else exponent
