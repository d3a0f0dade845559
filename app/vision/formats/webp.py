"""WebP (RFC 9649): lossy and lossless, with transparency; of an animation the first frame.

Of the container only the chunks of that one frame are handed to Pillow, so that neither the
number of frames nor what else the file holds costs anything.
"""

import io
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from PIL import Image, WebPImagePlugin

from app.errors import InvalidImage
from app.vision.formats.tags import exif_orientation
from app.vision.limits import ImageLimits
from app.vision.pixels import Strip, bands, painted, to_rgb, upright, upright_pixels
from app.vision.types import RgbImage

_MAX_CHUNKS: Final = 1_000
"""Before the end of the first frame, and after it to look for EXIF."""
_LOSSY, _LOSSLESS = b"VP8 ", b"VP8L"
_PIXELS: Final = (_LOSSY, _LOSSLESS, b"ALPH")
_HAS_ALPHA: Final = 0x10

_ONE_AT_A_TIME: Final = threading.Lock()
"""Lossless pixels, of colours or of transparency, may have 65,536 sets of codes, for which libwebp
takes 370 MiB whatever the size of the picture; a file of 300 KB did. docs/deploy.md counts it once.
"""


@dataclass(slots=True)
class _Frame:
    """The first frame: its compressed pixels and where it lies on the canvas, which is its own
    size where None.
    """

    chunks: dict[bytes, bytes] = field(default_factory=dict)
    canvas: tuple[int, int] | None = None
    left: int = 0
    top: int = 0
    exif: bytes = b""

    @property
    def is_whole(self) -> bool:
        return _LOSSY in self.chunks or _LOSSLESS in self.chunks


def read_webp(data: bytes, limits: ImageLimits) -> RgbImage:
    """The picture; the canvas outside its first frame is transparent."""
    frame = _walk(data, limits)
    width, height = _size(frame)
    limits.check_size(width, height)
    canvas = frame.canvas or (width, height)
    orientation = exif_orientation(frame.exif)
    return _shown(_loaded(frame, canvas), orientation)


def _loaded(frame: _Frame, canvas: tuple[int, int]) -> Image.Image:
    """The frame, on its canvas."""
    file = io.BytesIO(_still(frame))
    with (
        _ONE_AT_A_TIME if _may_have_many_codes(frame) else nullcontext(),
        WebPImagePlugin.WebPImageFile(file, "") as image,
    ):
        image.load()
    if canvas == image.size:
        return image
    sheet = Image.new("RGBA", canvas)
    sheet.paste(image, (frame.left, frame.top))
    return sheet


def _shown(image: Image.Image, orientation: int) -> RgbImage:
    """The upright pixels. The caller must not keep ``image``: with its decoder it holds 12 bytes a
    pixel.
    """
    if image.mode == "RGB":
        image = upright(image, orientation)
        return to_rgb(image)
    return upright_pixels(painted(*image.size, partial(_strips, image)), orientation)


def _may_have_many_codes(frame: _Frame) -> bool:
    return _LOSSLESS in frame.chunks or b"ALPH" in frame.chunks


def _strips(image: Image.Image) -> Iterator[Strip]:
    for rows, samples in bands(image):
        yield Strip(rows, samples[..., :3], samples[..., 3])


def _walk(data: bytes, limits: ImageLimits) -> _Frame:
    frame, canvas = _Frame(), None
    for name, body in _chunks(data[12:]):
        if name == b"VP8X":
            canvas = _little(body[4:7]) + 1, _little(body[7:10]) + 1
            limits.check_size(*canvas)
        elif name == b"EXIF":
            frame.exif = frame.exif or body
        elif frame.is_whole:
            continue
        elif name == b"ANMF":
            frame.canvas = canvas
            frame.left, frame.top = 2 * _little(body[:3]), 2 * _little(body[3:6])
            frame.chunks = {name: part for name, part in _chunks(body[16:]) if name in _PIXELS}
        elif name in _PIXELS:
            frame.chunks[name] = body
    if not frame.is_whole:
        raise InvalidImage("The WebP is truncated or corrupt: it has no whole frame.")
    return frame


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The name and body of each chunk; a truncated one is left out."""
    place = 0
    for _ in range(_MAX_CHUNKS):
        size = _little(data[place + 4 : place + 8])
        if place + 8 + size > len(data) or place + 8 > len(data):
            return
        yield data[place : place + 4], data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def _size(frame: _Frame) -> tuple[int, int]:
    """From the header of the compressed pixels."""
    if _LOSSLESS in frame.chunks:
        bits = _little(frame.chunks[_LOSSLESS][1:5])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    body = frame.chunks[_LOSSY].ljust(10, b"\0")
    return _little(body[6:8]) & 0x3FFF, _little(body[8:10]) & 0x3FFF


def _still(frame: _Frame) -> bytes:
    """The frame as a file of its own."""
    chunks, (width, height) = frame.chunks, _size(frame)
    if _LOSSLESS in chunks:
        body = _chunk(_LOSSLESS, chunks[_LOSSLESS])
    elif b"ALPH" in chunks:
        flags = bytes((_HAS_ALPHA, 0, 0, 0))
        canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        body = b"".join(
            _chunk(name, part)
            for name, part in (
                (b"VP8X", flags + canvas),
                (b"ALPH", chunks[b"ALPH"]),
                (_LOSSY, chunks[_LOSSY]),
            )
        )
    else:
        body = _chunk(_LOSSY, chunks[_LOSSY])
    return _chunk(b"RIFF", b"WEBP" + body)


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)


def _little(field: bytes) -> int:
    return int.from_bytes(field, "little")
