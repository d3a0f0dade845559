"""GIF 87a and 89a: the first frame, where it lies on the canvas.

That frame alone is handed to Pillow. What it leaves free of the canvas is transparent, as browsers
show it; where it reaches past the canvas, the canvas grows. The trailer may be missing.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import GifImagePlugin, Image

from app.errors import InvalidImage
from app.vision.limits import ImageLimits
from app.vision.pixels import Strip, painted, row_strips
from app.vision.types import RgbImage

_MAX_BLOCKS: Final = 100_000
"""10 MiB in blocks of 255 bytes are 41,000."""
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL: Final = 0xF9
_SCREEN: Final = 6
_HAS_PALETTE: Final = 0x80
_INTERLACED: Final = 0x40


@dataclass(frozen=True, slots=True)
class _Frame:
    """The first frame and the canvas it lies on. ``clear`` is the palette's transparent entry."""

    canvas: tuple[int, int]
    left: int
    top: int
    width: int
    height: int
    interlaced: bool
    palette: NDArray[np.uint8]
    clear: int | None
    pixels: bytes
    """Least code size and blocks of the compressed indices."""


class _Blocks:
    """Reads a file from its start, and counts the blocks."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._count = 0
        self.place = 0

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes; ``InvalidImage`` where the file ends before."""
        taken = self._data[self.place : self.place + size]
        if len(taken) < size:
            raise InvalidImage("The GIF is truncated: its first frame is not whole.")
        self.place += size
        return taken

    def block(self) -> bytes:
        """The next block of at most 255 bytes; the last of a row is empty."""
        self._count += 1
        if self._count > _MAX_BLOCKS:
            raise InvalidImage(f"The GIF has more than {_MAX_BLOCKS:,} blocks.")
        return self.take(self.take(1)[0])

    def rest(self) -> bytes:
        """The blocks up to the next empty one, as they are; the empty one may be missing."""
        start = self.place
        try:
            while self.block():
                pass
        except InvalidImage:
            if self._count > _MAX_BLOCKS:
                raise
            return self._data[start:] + b"\0"
        return self._data[start : self.place]


def read_gif(data: bytes, limits: ImageLimits) -> RgbImage:
    """The picture, over mid-grey where it is transparent."""
    frame = _first_frame(data)
    limits.check_size(frame.width, frame.height)
    limits.check_size(*frame.canvas)
    with GifImagePlugin.GifImageFile(io.BytesIO(_still(frame)), "") as image:
        image.load()
        return painted(*frame.canvas, partial(_strips, frame, image))


def _first_frame(data: bytes) -> _Frame:
    blocks = _Blocks(data)
    blocks.take(_SCREEN)
    width, height, flags, _, _ = struct.unpack("<HHBBB", blocks.take(7))
    shared = blocks.take(_palette_size(flags))
    clear: int | None = None
    while (kind := blocks.take(1)[0]) != _IMAGE:
        if kind == _TRAILER:
            raise InvalidImage("The GIF has no frame.")
        if kind == _EXTENSION:
            clear = _transparent(blocks, clear)
    left, top, across, down, flags = struct.unpack("<HHHHB", blocks.take(9))
    palette = blocks.take(_palette_size(flags)) or shared
    canvas = max(width, left + across), max(height, top + down)
    pixels = blocks.take(1) + blocks.rest()
    interlaced = bool(flags & _INTERLACED)
    return _Frame(canvas, left, top, across, down, interlaced, _palette(palette), clear, pixels)


def _palette_size(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & _HAS_PALETTE else 0


def _palette(entries: bytes) -> NDArray[np.uint8]:
    """(256, 3): black past its end, and from black to white where the file has none."""
    if not entries:
        return np.arange(256, dtype=np.uint8)[:, None].repeat(3, axis=1)
    return np.frombuffer(entries.ljust(768, b"\0"), np.uint8).reshape(256, 3)


def _transparent(blocks: _Blocks, before: int | None) -> int | None:
    """Read an extension. A graphic control extension sets the transparent entry or None; others
    leave it at ``before``.
    """
    label = blocks.take(1)[0]
    first = block = blocks.block()
    while block:
        block = blocks.block()
    if label != _GRAPHIC_CONTROL or len(first) < 4:
        return before
    return first[3] if first[0] & 1 else None


def _still(frame: _Frame) -> bytes:
    """The frame as a file without a palette, which Pillow reads as bare indices."""
    size = struct.pack("<HH", frame.width, frame.height)
    flags = _INTERLACED if frame.interlaced else 0
    image = bytes((_IMAGE, 0, 0, 0, 0)) + size + bytes((flags,)) + frame.pixels
    return b"GIF89a" + size + bytes(3) + image + bytes((_TRAILER,))


def _strips(frame: _Frame, image: Image.Image) -> Iterator[Strip]:
    width, height = frame.canvas
    columns = slice(frame.left, frame.left + frame.width)
    for rows in row_strips(width, height):
        indices = np.zeros((rows.stop - rows.start, width), np.uint8)
        alpha = np.zeros_like(indices)
        top = max(rows.start, frame.top)
        bottom = min(rows.stop, frame.top + frame.height)
        if top < bottom:
            part = image.crop((0, top - frame.top, frame.width, bottom - frame.top))
            inside = slice(top - rows.start, bottom - rows.start), columns
            indices[inside] = np.asarray(part)
            alpha[inside] = 255 if frame.clear is None else (indices[inside] != frame.clear) * 255
        yield Strip(rows, frame.palette[indices], alpha)
