"""JPEG (ITU-T T.81): baseline and progressive Huffman coding of eight bits.

Of the file Pillow gets the segments that the pixels need, up to the end of the first image: no
comments, no profiles, no films that phones append. Arithmetic coding, lossless coding and 12 bits
are refused by name. The mark of the end may be missing; a part of the last scan may not.
"""

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from app.errors import InvalidImage, UnsupportedImage
from app.vision.formats.tags import exif_orientation
from app.vision.limits import ImageLimits
from app.vision.pixels import bands, to_rgb, upright
from app.vision.types import RgbImage

_START: Final = b"\xff\xd8"
_END: Final = 0xD9
_SCAN: Final = 0xDA
_TABLES: Final = (0xC4, 0xDB, 0xDD)
_APP0, _APP1, _APP14 = 0xE0, 0xE1, 0xEE
_FRAMES: Final = tuple(code for code in range(0xC0, 0xD0) if code not in (0xC4, 0xC8, 0xCC))
_BASELINE, _EXTENDED, _PROGRESSIVE = 0xC0, 0xC1, 0xC2
_LOSSLESS: Final = (0xC3, 0xC7, 0xCB, 0xCF)
_ARITHMETIC: Final = 0xC9
_ADOBE: Final = b"Adobe\0\x64\0\0\0\0"
_MARKER: Final = re.compile(rb"\xff[\x02-\xcf\xd9-\xfe]")
"""A marker of a segment with a length, or of the end. Within a scan 0xff is followed by a zero or
is a restart marker; bytes between other segments are skipped.
"""
_RESTART: Final = re.compile(rb"\xff[\xd0-\xd7]")
_MAX_SEGMENTS: Final = 2_000
"""160 segments of 64 KiB fill 10 MiB."""
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


@dataclass(slots=True)
class _Parts:
    """The contents of the segments, and the segments that Pillow gets."""

    kept: list[bytes] = field(default_factory=lambda: [_START])
    frame: bytes = b""
    process: int = 0
    exif: bytes = b""
    scans: int = 0
    ended: bool = False
    missing_bits: dict[int, NDArray[np.uint8]] = field(default_factory=dict)
    """For each component, by coefficient: how many bits no scan has given yet; 255: all."""


def read_jpeg(data: bytes, limits: ImageLimits) -> RgbImage:
    """The picture. Four channels are ink, stored inverted as Adobe does and browsers expect."""
    parts = _walk(data)
    _check(parts, limits)
    return to_rgb(upright(_load(parts), exif_orientation(parts.exif)))


def jpeg_samples(data: bytes, limits: ImageLimits, *, is_ycbcr: bool) -> NDArray[np.uint8]:
    """(height, width, channels) of a JPEG within another file, which says what its colours are:
    YCbCr becomes RGB, other channels are left as they are.
    """
    parts = _walk(data, _ADOBE + bytes((is_ycbcr,)))
    _check(parts, limits)
    image = _load(parts)
    samples = np.atleast_3d(np.asarray(image))
    return 255 - samples if image.mode == "CMYK" else samples


def _walk(data: bytes, adobe: bytes = b"") -> _Parts:
    """Read the segments up to the end of the first image. ``adobe`` says what the colours are, in
    place of what the file says of itself.
    """
    parts = _Parts()
    if adobe:
        parts.kept.append(_segment(_APP14, adobe))
    for count, (code, body, rest) in enumerate(_segments(data)):
        if count == _MAX_SEGMENTS:
            raise InvalidImage(f"The JPEG has more than {_MAX_SEGMENTS:,} segments.")
        if code == _END:
            parts.ended = True
            break
        if code == _SCAN:
            _note_scan(parts, body)
            parts.kept += [_segment(code, body), rest]
        elif code in _FRAMES:
            parts.frame, parts.process = body, code
            parts.kept.append(_segment(code, body))
        elif code in _TABLES or (not adobe and _tells_colours(code, body)):
            parts.kept.append(_segment(code, body))
        elif code == _APP1 and body.startswith(b"Exif\0\0") and not parts.exif:
            parts.exif = body
    return parts


def _segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Codes, bodies, and what follows up to the next marker, which of a scan is its pixels. A
    segment that the file cuts off is left out.
    """
    found = _MARKER.search(data, len(_START))
    while found:
        code, place = found[0][-1], found.end()
        if code == _END:
            yield code, b"", b""
            return
        end = place + int.from_bytes(data[place : place + 2], "big")
        if end < place + 2 or end > len(data):
            return
        found = _MARKER.search(data, end)
        yield code, data[place + 2 : end], data[end : found.start() if found else len(data)]


def _segment(code: int, body: bytes) -> bytes:
    return bytes((0xFF, code)) + (len(body) + 2).to_bytes(2, "big") + body


def _tells_colours(code: int, body: bytes) -> bool:
    jfif = code == _APP0 and body.startswith(b"JFIF\0")
    return jfif or (code == _APP14 and body.startswith(b"Adobe"))


def _note_scan(parts: _Parts, body: bytes) -> None:
    parts.scans += 1
    if not body or len(body) < 4 + 2 * body[0]:
        raise InvalidImage("The JPEG is corrupt: the header of a scan is too short.")
    first, last, low = body[-3], body[-2], body[-1] & 15
    for component in body[1 : 1 + 2 * body[0] : 2]:
        bits = parts.missing_bits.setdefault(component, np.full(64, 255, np.uint8))
        bits[first : last + 1] = low


def _check(parts: _Parts, limits: ImageLimits) -> None:
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


def _load(parts: _Parts) -> Image.Image:
    """The pixels; ``InvalidImage`` where the file ends before its last scan does."""
    if parts.ended:
        return _opened(parts.kept)
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


def _opened(kept: list[bytes]) -> Image.Image:
    file = io.BytesIO(b"".join((*kept, bytes((0xFF, _END)))))
    with JpegImagePlugin.JpegImageFile(file, "") as image:
        image.load()
        return image
