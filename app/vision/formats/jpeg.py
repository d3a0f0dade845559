"""JPEG (ITU-T T.81): baseline and progressive Huffman coding of eight bits.

Of the file Pillow gets the segments that the pixels need (``jpeg_segments``). Arithmetic coding,
lossless coding and 12 bits are refused by name. The mark of the end may be missing; a part of the
last scan may not.
"""

import io
import re
import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from app.errors import InvalidImage, UnsupportedImage
from app.vision.formats.jpeg_segments import ADOBE, END, Parts, parts_of
from app.vision.formats.tags import exif_orientation
from app.vision.limits import ImageLimits
from app.vision.picture import WHOLE, Enough, Picture
from app.vision.pixels import bands, upright

_BASELINE, _EXTENDED, _PROGRESSIVE = 0xC0, 0xC1, 0xC2
_LOSSLESS: Final = (0xC3, 0xC7, 0xCB, 0xCF)
_ARITHMETIC: Final = 0xC9
_RESTART: Final = re.compile(rb"\xff[\xd0-\xd7]")
_MAX_SCANS: Final = 100
_MAX_SCANNED: Final = 800_000_000
"""Pixels times scans. Cameras write one scan, progressive files about ten, of ink 18; each costs a
pass over every pixel, 1.5 ns of one core.
"""
_FILLER: Final = b"\xaa" * 64
"""Stands in for what a file may lack. Where its last scan is whole this changes no pixel, because
a decoder has no use for it; where a part is missing it is taken for that part. (libjpeg fills in
zeros and gives no sign of it.)
"""
_CUT: Final = "The JPEG is truncated: its last scan is not whole."


def read_jpeg(data: bytes, limits: ImageLimits, enough: Enough = WHOLE) -> Picture:
    """The picture, decoded as large as is ``enough``: leaving out its finest detail takes half of
    the time. Four channels are ink, stored inverted as Adobe does and browsers expect.
    """
    parts = parts_of(data)
    width, height = _check(parts, limits)
    shrink = enough.shrink(width, height) if parts.ended else 1
    image = upright(_load(parts, shrink), exif_orientation(parts.exif))
    return Picture(image if image.mode == "RGB" else image.convert("RGB"), shrink)


def jpeg_samples(data: bytes, limits: ImageLimits, *, is_ycbcr: bool) -> NDArray[np.uint8]:
    """(height, width, channels) of a JPEG within another file, which says what its colours are:
    YCbCr becomes RGB, other channels are left as they are.
    """
    parts = parts_of(data, ADOBE + bytes((is_ycbcr,)))
    _check(parts, limits)
    image = _load(parts)
    samples = np.atleast_3d(np.asarray(image))
    return 255 - samples if image.mode == "CMYK" else samples


def _check(parts: Parts, limits: ImageLimits) -> tuple[int, int]:
    """Width and height."""
    if len(parts.frame) < 6 or not parts.scans:
        raise InvalidImage("The JPEG is truncated or corrupt: it has no frame or no scan.")
    precision, height, width, channels = struct.unpack_from(">BHHB", parts.frame)
    process = parts.process
    if process in _LOSSLESS:
        raise UnsupportedImage("Lossless JPEG is not read; save the image as PNG.")
    if process >= _ARITHMETIC:
        raise UnsupportedImage("Arithmetic-coded JPEG is not read; save the image as PNG.")
    if process not in (_BASELINE, _EXTENDED, _PROGRESSIVE):
        raise UnsupportedImage("Hierarchical JPEG is not read; save the image as PNG.")
    if precision != 8:
        raise UnsupportedImage(f"JPEG of {precision} bits is not read; save the image as PNG.")
    if channels not in (1, 3, 4):
        raise UnsupportedImage(f"JPEG of {channels} channels is not read; save the image as PNG.")
    limits.check_size(width, height)
    passes = parts.scans if parts.ended else 2 * parts.scans
    if parts.scans > _MAX_SCANS or passes * width * height > _MAX_SCANNED:
        raise InvalidImage(
            f"The JPEG has {parts.scans} scans of {width:,} x {height:,} pixels; "
            f"at most {_MAX_SCANS} and {_MAX_SCANNED:,} pixels in all are read."
        )
    return width, height


def _load(parts: Parts, shrink: int = 1) -> Image.Image:
    """The pixels; ``InvalidImage`` where the file ends before its last scan does. A file that was
    not ended is not shrunk.
    """
    if parts.ended:
        return _opened(parts.kept, shrink)
    scans = list(parts.missing_bits.values())
    channels = parts.frame[5]
    if len(scans) < channels or any(bits.any() for bits in scans):
        raise InvalidImage(_CUT)
    parts.kept[-1] = parts.kept[-1].rstrip(b"\xff")
    image = _opened(parts.kept)
    filled = _opened([*parts.kept, _FILLER, _next_restart(parts.kept[-1]), _FILLER])
    for (_, one), (_, other) in zip(bands(image), bands(filled), strict=True):
        if not np.array_equal(one, other):
            raise InvalidImage(_CUT)
    return image


def _next_restart(scan: bytes) -> bytes:
    """The restart marker that would follow ``scan``: a decoder that waits for it skips all else."""
    markers = _RESTART.findall(scan)
    return bytes((0xFF, 0xD0 + (markers[-1][1] + 1) % 8 if markers else 0xD0))


def _opened(kept: list[bytes], shrink: int = 1) -> Image.Image:
    file = io.BytesIO(b"".join((*kept, bytes((0xFF, END)))))
    with JpegImagePlugin.JpegImageFile(file, "") as image:
        if shrink > 1:
            image.draft(image.mode, (image.width // shrink, image.height // shrink))
        image.load()
        return image
