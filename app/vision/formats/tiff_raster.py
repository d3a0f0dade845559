"""From the strips or tiles of a TIFF page to its samples, whatever they mean.

Data that is not compressed, or by Deflate, is read here. Other lossless schemes are undone by
libtiff: it gets each block as rows of bytes in a TIFF made for the purpose, so that it needs to
know nothing of the samples. JPEG blocks are read as JPEG files are.
"""

import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import TiffImagePlugin

from app.errors import InvalidImage, PayloadTooLarge, UnsupportedImage
from app.vision.formats.jpeg import jpeg_samples
from app.vision.formats.tags import Directory
from app.vision.limits import ImageLimits
from app.vision.pixels import Samples

_NONE, _RLE, _FAX3, _FAX4, _LZW, _JPEG, _DEFLATE = 1, 2, 3, 4, 5, 7, 8
_OLD_DEFLATE, _PACKBITS, _LZMA, _ZSTD = 32946, 32773, 34925, 50000
YCBCR: Final = 6
"""A photometric interpretation: luminance and two chrominances."""
_FAX: Final = (_RLE, _FAX3, _FAX4)
_BY_LIBTIFF: Final = (_LZW, _PACKBITS, _LZMA, _ZSTD, *_FAX)
_ZLIB: Final = (_DEFLATE, _OLD_DEFLATE)
_MAX_BLOCKS: Final = 65_536
"""Strips or tiles: 40 Mpixel in tiles of 32 x 32 are 39,000."""
_MAX_JPEG_BLOCKS: Final = 4_096
"""Each costs 0.1 ms beside its pixels; 40 Mpixel in tiles of 128 x 128 are 2,500."""
_MAX_BLOCK_BYTES: Final = 80_000_000
"""Of a block that libtiff expands; Pillow reads no image of more than 89 million pixels at once."""
_PIECE_BYTES: Final = 1 << 22
"""About so many bytes are expanded at a time, a sample counted as eight at least."""
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Layout:
    """How the samples of a page are stored."""

    page: Directory
    width: int
    height: int
    bits: int
    channels: int
    kind: str
    """``u`` for whole numbers, ``i`` for signed ones, ``f`` for floats."""
    photometric: int
    compression: int
    planar: bool
    subsampling: tuple[int, int] = (1, 1)

    @property
    def is_jpeg(self) -> bool:
        """Whether the blocks are JPEG files."""
        return self.compression == _JPEG

    @property
    def is_fax(self) -> bool:
        """Whether the blocks are coded as fax machines do."""
        return self.compression in _FAX


@dataclass(frozen=True, slots=True)
class _Grid:
    """The blocks of one plane: of equal size, row by row; the last strip may be shorter."""

    across: int
    down: int
    width: int
    height: int
    tiled: bool
    channels: int


def read_raster(layout: Layout, limits: ImageLimits) -> Samples:
    """(height, width, channels) in the type that is stored, packed bits as whole numbers."""
    grid = _grid(layout, limits)
    dtype = _dtype(layout)
    limits.check_samples(layout.width, layout.height, layout.channels * dtype.itemsize)
    raster = np.empty((layout.height, layout.width, layout.channels), dtype)
    planes = layout.channels if layout.planar else 1
    places = _places(layout, grid, planes)
    each = grid.across * grid.down
    for plane in range(planes):
        target = raster[:, :, plane : plane + 1] if layout.planar else raster
        _fill(target, layout, grid, places[plane * each : (plane + 1) * each], limits)
    return raster


def _grid(layout: Layout, limits: ImageLimits) -> _Grid:
    page, channels = layout.page, 1 if layout.planar else layout.channels
    tiled = 322 in page
    if tiled:
        width, height = page.integer(322, 0), page.integer(323, 0)
        limits.check_size(width, height)
    else:
        width, height = layout.width, page.integer(278, layout.height)
        height = min(height, layout.height) or layout.height
    across, down = -(-layout.width // width), -(-layout.height // height)
    most = _MAX_JPEG_BLOCKS if layout.is_jpeg else _MAX_BLOCKS
    if across * down * (layout.channels if layout.planar else 1) > most:
        raise InvalidImage(f"The TIFF has more than {most:,} strips or tiles.")
    return _Grid(across, down, width, height, tiled, channels)


def _dtype(layout: Layout) -> np.dtype[np.generic]:
    if layout.is_jpeg or layout.bits <= 8:
        return np.dtype("i1" if layout.kind == "i" else "u1")
    if layout.bits in (16, 32, 64):
        return np.dtype(f"{layout.kind}{layout.bits // 8}")
    return np.dtype("u2" if layout.bits < 16 else "u4")


def _places(layout: Layout, grid: _Grid, planes: int) -> list[slice]:
    """Where in the file each block is."""
    page, (offsets_at, counts_at) = layout.page, (324, 325) if grid.tiled else (273, 279)
    each = grid.across * grid.down
    offsets = page.integers(offsets_at, most=4 * _MAX_BLOCKS)[: each * planes]
    counts = page.integers(counts_at, most=4 * _MAX_BLOCKS)[: each * planes]
    if len(offsets) < each * planes:
        raise InvalidImage("The TIFF is truncated or corrupt: strips or tiles are missing.")
    if layout.compression == _NONE:
        line = _line_bytes(layout, grid)
        counts = [_lines(layout, grid, index % each) * line for index in range(each * planes)]
    elif len(counts) < len(offsets) or not all(counts):
        counts = _up_to_the_next(offsets, len(page.data))
    elif sum(counts) > 2 * len(page.data):
        raise InvalidImage("The TIFF is corrupt: its strips or tiles are larger than the file.")
    return [slice(at, at + count) for at, count in zip(offsets, counts, strict=True)]


def _up_to_the_next(offsets: Sequence[int], end: int) -> list[int]:
    """How long blocks may be of which the file does not say it."""
    following = dict(pairwise([*sorted(set(offsets)), end]))
    return [max(following[offset] - offset, 0) for offset in offsets]


def _lines(layout: Layout, grid: _Grid, index: int) -> int:
    """Lines of the block with this ``index``: rows of pixels or of subsampled units."""
    rows = grid.height if grid.tiled else min(grid.height, layout.height - index * grid.height)
    return -(-rows // layout.subsampling[1])


def _line_bytes(layout: Layout, grid: _Grid) -> int:
    across, down = layout.subsampling
    if (across, down) == (1, 1):
        return (grid.width * grid.channels * layout.bits + 7) // 8
    return -(-grid.width // across) * (across * down + 2)


def _fill(
    target: Samples, layout: Layout, grid: _Grid, places: Sequence[slice], limits: ImageLimits
) -> None:
    """``target`` (height, width, channels of the plane) from the blocks of one plane."""
    if layout.is_jpeg:
        pieces = _from_jpeg(layout, grid, places, limits)
    else:
        pieces = _from_bytes(layout, grid, places)
    for index, row, samples in pieces:
        top, left = index // grid.across * grid.height, index % grid.across * grid.width
        rows = slice(top + row, min(top + row + len(samples), top + grid.height))
        place = target[rows, left : left + grid.width]
        place[:] = samples[: place.shape[0], : place.shape[1]]


_Piece = tuple[int, int, Samples]
"""A block's index, a row in it, and the samples from there on."""


def _from_jpeg(
    layout: Layout, grid: _Grid, places: Sequence[slice], limits: ImageLimits
) -> Iterator[_Piece]:
    tables = layout.page.content(347).removesuffix(b"\xff\xd9")
    for index, place in enumerate(places):
        block = layout.page.data[place]
        file = tables + block[2:] if tables else block
        samples = jpeg_samples(file, limits, is_ycbcr=layout.photometric == YCBCR)
        height, width, channels = samples.shape
        fits = height >= _lines(layout, grid, index) and width >= grid.width
        if not fits or channels != grid.channels:
            raise InvalidImage("The TIFF is corrupt: a JPEG in it does not fit its place.")
        yield index, 0, samples


def _from_bytes(layout: Layout, grid: _Grid, places: Sequence[slice]) -> Iterator[_Piece]:
    line = _line_bytes(layout, grid)
    step = max(1, _PIECE_BYTES // max(line, grid.width * grid.channels * 8))
    for index, source in enumerate(_sources(layout, grid, places)):
        lines = _lines(layout, grid, index)
        for first in range(0, lines, step):
            count = min(step, lines - first)
            content = source.read(count * line)
            if len(content) < count * line:
                raise InvalidImage("The TIFF is truncated: a strip or tile is too short.")
            yield index, first * layout.subsampling[1], _samples(layout, grid, content, count)


def _sources(
    layout: Layout, grid: _Grid, places: Sequence[slice]
) -> Iterator["_Plain | _Inflated"]:
    """The bytes of each block, decompressed."""
    if layout.compression == _NONE:
        yield from (_Plain(_stored(layout, place)) for place in places)
    elif layout.compression in _ZLIB:
        yield from (_Inflated(_stored(layout, place)) for place in places)
    elif layout.compression in _BY_LIBTIFF:
        sizes = [_lines(layout, grid, i) * _line_bytes(layout, grid) for i in range(len(places))]
        group = max(1, _PIECE_BYTES // sizes[0])
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
    """Bytes that are there."""

    def __init__(self, content: bytes | memoryview) -> None:
        self._content = content
        self._place = 0

    def read(self, size: int) -> bytes | memoryview:
        """The next ``size`` bytes, or fewer at the end."""
        self._place += size
        return self._content[self._place - size : self._place]


class _Inflated:
    """Bytes that Deflate has packed; no more of them are held than are asked for."""

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
    layout: Layout, grid: _Grid, blocks: Sequence[bytes | memoryview], sizes: Sequence[int]
) -> Iterator[memoryview]:
    """Blocks as the strips of a grey image whose pixels are their bytes, or bits of a fax."""
    if sizes[0] > _MAX_BLOCK_BYTES:
        raise PayloadTooLarge(
            f"A strip or tile of the TIFF has {sizes[0]:,} bytes; "
            f"at most {_MAX_BLOCK_BYTES:,} are read. Save the image with smaller strips."
        )
    line = _line_bytes(layout, grid)
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


def _samples(layout: Layout, grid: _Grid, content: bytes | memoryview, lines: int) -> Samples:
    """(rows, width, channels) of one block."""
    stored = np.frombuffer(content, np.uint8).reshape(lines, -1)
    if layout.subsampling != (1, 1):
        return _spread(stored, layout.subsampling)
    shape, bits, order = (lines, grid.width, grid.channels), layout.bits, layout.page.order
    predictor = layout.page.integer(317, 1) if layout.compression != _NONE else 1
    if bits % 8 or bits == 24:
        if predictor == 1:
            return _unpacked(stored, layout, grid.width * grid.channels).reshape(shape)
    elif predictor == 3 and layout.kind == "f":
        return _rejoined(stored, grid.channels, bits // 8).reshape(shape)
    elif predictor == 2:
        differences = stored.view(f"{order}u{bits // 8}").reshape(shape)
        whole = np.cumsum(differences, axis=1, dtype=f"u{bits // 8}")
        return whole.view(f"{layout.kind}{bits // 8}")
    elif predictor == 1:
        return stored.view(f"{order}{layout.kind}{bits // 8}").reshape(shape)
    raise UnsupportedImage(f"TIFF files of {bits} bits with predictor {predictor} are not read.")


def _unpacked(stored: NDArray[np.uint8], layout: Layout, count: int) -> Samples:
    """(rows, count) whole numbers from samples that lie bit by bit, the high bits first. Of 24
    bits the file's byte order holds.
    """
    bits = layout.bits
    if bits == 24:
        triples = stored.reshape(len(stored), count, 3).astype(np.uint32)
        low, middle, high = np.moveaxis(triples, 2, 0)[:: 1 if layout.page.order == "<" else -1]
        whole: Samples = low | middle << 8 | high << 16
        return whole
    if 8 % bits == 0:
        shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
        each: Samples = stored[:, :, None] >> shifts & np.uint8((1 << bits) - 1)
        return each.reshape(len(stored), -1)[:, :count]
    starts = np.arange(count) * bits
    first, shifts = starts >> 3, (24 - bits - (starts & 7)).astype(np.uint32)
    padded = np.pad(stored, ((0, 0), (0, 2))).astype(np.uint32)
    window = padded[:, first] << 16 | padded[:, first + 1] << 8 | padded[:, first + 2]
    values: Samples = window >> shifts & np.uint32((1 << bits) - 1)
    return values.astype(np.uint16 if bits > 8 else np.uint8)


def _rejoined(stored: NDArray[np.uint8], channels: int, size: int) -> Samples:
    """Undoes predictor 3: bytes are differences and lie apart, all first bytes before all second
    (Adobe Photoshop TIFF Technical Note 3).
    """
    rows = len(stored)
    summed = np.cumsum(stored.reshape(rows, -1, channels), axis=1, dtype=np.uint8)
    together = summed.reshape(rows, size, -1).transpose(0, 2, 1)
    return np.ascontiguousarray(together).view(f">f{size}")


def _spread(units: NDArray[np.uint8], subsampling: tuple[int, int]) -> NDArray[np.uint8]:
    """Units of some luminances and one pair of chrominances (TIFF 6.0, section 21) as pixels."""
    across, down = subsampling
    high = len(units)
    units = units.reshape(high, -1, across * down + 2)
    wide = units.shape[1]
    samples = np.empty((high, down, wide, across, 3), np.uint8)
    samples[..., 0] = units[..., :-2].reshape(high, wide, down, across).transpose(0, 2, 1, 3)
    samples[..., 1:] = units[:, None, :, None, -2:]
    return samples.reshape(high * down, wide * across, 3)
