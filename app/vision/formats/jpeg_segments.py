"""The segments of a JPEG. Those that the pixels need are kept, up to the end of the first image: no
comments, no profiles, no films that phones append.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidImage

_START: Final = b"\xff\xd8"
END: Final = 0xD9
_SCAN: Final = 0xDA
_TABLES: Final = (0xC4, 0xDB, 0xDD)
_APP0, _APP1, _APP14 = 0xE0, 0xE1, 0xEE
_FRAMES: Final = tuple(code for code in range(0xC0, 0xD0) if code not in (0xC4, 0xC8, 0xCC))
ADOBE: Final = b"Adobe\0\x64\0\0\0\0"
_MARKER: Final = re.compile(rb"\xff[\x02-\xcf\xd9-\xfe]")
"""A marker of a segment with a length, or of the end. Within a scan 0xff is followed by a zero or
is a restart marker; bytes between other segments are skipped.
"""
_MAX_SEGMENTS: Final = 2_000
"""160 segments of 64 KiB fill 10 MiB."""


@dataclass(slots=True)
class Parts:
    """The contents of the segments, and the segments that Pillow gets."""

    kept: list[bytes] = field(default_factory=lambda: [_START])
    frame: bytes = b""
    process: int = 0
    exif: bytes = b""
    scans: int = 0
    ended: bool = False
    missing_bits: dict[int, NDArray[np.uint8]] = field(default_factory=dict)
    """For each component, by coefficient: how many bits no scan has given yet; 255: all."""


def parts_of(data: bytes, adobe: bytes = b"") -> Parts:
    """The parts up to the end of the first image. ``adobe`` says what the colours are, in place of
    what the file says of itself.
    """
    parts = Parts()
    if adobe:
        parts.kept.append(_segment(_APP14, adobe))
    for count, (code, body, rest) in enumerate(_segments(data)):
        if count == _MAX_SEGMENTS:
            raise InvalidImage(f"The JPEG has more than {_MAX_SEGMENTS:,} segments.")
        if code == END:
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
        if code == END:
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


def _note_scan(parts: Parts, body: bytes) -> None:
    parts.scans += 1
    if not body or len(body) < 4 + 2 * body[0]:
        raise InvalidImage("The JPEG is corrupt: the header of a scan is too short.")
    first, last, low = body[-3], body[-2], body[-1] & 15
    for component in body[1 : 1 + 2 * body[0] : 2]:
        bits = parts.missing_bits.setdefault(component, np.full(64, 255, np.uint8))
        bits[first : last + 1] = low
