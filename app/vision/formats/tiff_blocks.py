"""The bytes of each strip or tile of a TIFF page, decompressed.

Data that is not compressed, or by Deflate, is read here. libtiff undoes the other lossless
schemes: it gets each block as rows of bytes in a TIFF made for the purpose, so that it needs to
know nothing of the samples.
"""

import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Final

from PIL import TiffImagePlugin

from app.errors import InvalidImage, PayloadTooLarge, UnsupportedImage
from app.vision.formats.tiff_layout import (
    BY_LIBTIFF,
    MAX_BLOCKS,
    UNCOMPRESSED,
    ZLIB,
    Grid,
    Layout,
    block_lines,
    line_bytes,
)

_MAX_BLOCK_BYTES: Final = 80_000_000
"""Largest block that libtiff expands; Pillow reads at most 89 million pixels at once."""
PIECE_BYTES: Final = 1 << 22
"""About this many bytes are expanded at a time; a sample counts as at least eight bits."""
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def block_places(layout: Layout, grid: Grid, planes: int) -> list[slice]:
    """The byte range of each block in the file."""
    page, (offsets_at, counts_at) = layout.page, (324, 325) if grid.tiled else (273, 279)
    each = grid.across * grid.down
    offsets = page.integers(offsets_at, most=4 * MAX_BLOCKS)[: each * planes]
    counts = page.integers(counts_at, most=4 * MAX_BLOCKS)[: each * planes]
    if len(offsets) < each * planes:
        raise InvalidImage("The TIFF is truncated or corrupt: strips or tiles are missing.")
    if layout.compression == UNCOMPRESSED:
        line = line_bytes(layout, grid)
        counts = [block_lines(layout, grid, index % each) * line for index in range(each * planes)]
    elif len(counts) < len(offsets) or not all(counts):
        counts = _up_to_the_next(offsets, len(page.data))
    elif sum(counts) > 2 * len(page.data):
        raise InvalidImage("The TIFF is corrupt: its strips or tiles are larger than the file.")
    return [slice(at, at + count) for at, count in zip(offsets, counts, strict=True)]


def _up_to_the_next(offsets: Sequence[int], end: int) -> list[int]:
    """Most bytes of a block whose length the file does not state."""
    following = dict(pairwise([*sorted(set(offsets)), end]))
    return [max(following[offset] - offset, 0) for offset in offsets]


def sources(layout: Layout, grid: Grid, places: Sequence[slice]) -> Iterator["_Plain | _Inflated"]:
    """The bytes of each block, decompressed."""
    if layout.compression == UNCOMPRESSED:
        yield from (_Plain(_stored(layout, place)) for place in places)
    elif layout.compression in ZLIB:
        yield from (_Inflated(_stored(layout, place)) for place in places)
    elif layout.compression in BY_LIBTIFF:
        sizes = [
            block_lines(layout, grid, i) * line_bytes(layout, grid) for i in range(len(places))
        ]
        group = max(1, PIECE_BYTES // sizes[0])
        for start in range(0, len(places), group):
            chosen = slice(start, start + group)
            blocks = [_stored(layout, place) for place in places[chosen]]
            yield from map(_Plain, _by_libtiff(layout, grid, blocks, sizes[chosen]))
    else:
        raise UnsupportedImage(
            f"TIFF files with compression {layout.compression} are not read; "
            "save the image without compression or with LZW or Deflate."
        )


class _Plain:
    """A source of bytes in memory."""

    def __init__(self, content: bytes | memoryview) -> None:
        self._content = content
        self._place = 0

    def read(self, size: int) -> bytes | memoryview:
        """The next ``size`` bytes, or fewer at the end."""
        self._place += size
        return self._content[self._place - size : self._place]


class _Inflated:
    """A source of bytes compressed by Deflate; it holds no more of them than are asked for."""

    def __init__(self, packed: bytes | memoryview) -> None:
        self._rest = packed
        self._inflater = zlib.decompressobj()

    def read(self, size: int) -> bytes:
        """The next ``size`` bytes, or fewer at the end."""
        content = self._inflater.decompress(self._rest, size)
        self._rest = self._inflater.unconsumed_tail
        return content


def _stored(layout: Layout, place: slice) -> bytes | memoryview:
    """A block as the file has it, its bits in the usual order."""
    if layout.page.integer(266, 1) == 2:
        return layout.page.data[place].translate(_REVERSED)
    return memoryview(layout.page.data)[place]


def _by_libtiff(
    layout: Layout, grid: Grid, blocks: Sequence[bytes | memoryview], sizes: Sequence[int]
) -> Iterator[memoryview]:
    """Blocks as the strips of a grey image whose pixels are their bytes, or bits of a fax."""
    if sizes[0] > _MAX_BLOCK_BYTES:
        raise PayloadTooLarge(
            f"A strip or tile of the TIFF has {sizes[0]:,} bytes; "
            f"at most {_MAX_BLOCK_BYTES:,} are read. Save the image with smaller strips."
        )
    line = line_bytes(layout, grid)
    tags = {
        256: grid.width if layout.is_fax else line,
        257: sum(sizes) // line,
        258: 1 if layout.is_fax else 8,
        259: layout.compression,
        262: 1,
        277: 1,
        278: sizes[0] // line,
    }
    options = {tag: layout.page.integer(tag, 0) for tag in (292, 293) if tag in layout.page}
    file = _written(tags | options, blocks)
    with TiffImagePlugin.TiffImageFile(io.BytesIO(file), "") as image:
        image.load()
        content = memoryview(image.tobytes())
    place = 0
    for size in sizes:
        yield content[place : place + size]
        place += size


def _written(tags: dict[int, int], blocks: Sequence[bytes | memoryview]) -> bytes:
    """A TIFF of which each block is a strip."""
    count, lengths = len(blocks), [len(block) for block in blocks]
    lists_at = 8 + 2 + 12 * (len(tags) + 2) + 4
    first = lists_at + (8 * count if count > 1 else 0)
    offsets = list(accumulate(lengths[:-1], initial=first))
    lists = struct.pack(f"<{2 * count}I", *offsets, *lengths) if count > 1 else b""
    entries = {tag: (1, value) for tag, value in tags.items()}
    entries[273] = count, lists_at if count > 1 else first
    entries[279] = count, lists_at + 4 * count if count > 1 else lengths[0]
    directory = b"".join(
        struct.pack("<HHII", tag, 4, *entries[tag])  # 4: numbers of 32 bits
        for tag in sorted(entries)
    )
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + directory + bytes(4)
    return head + lists + b"".join(blocks)
