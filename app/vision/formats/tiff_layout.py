"""How a TIFF page stores its samples, and the grid of strips or tiles that hold them."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from app.errors import InvalidImage
from app.vision.formats.tags import Directory
from app.vision.limits import ImageLimits

UNCOMPRESSED, _RLE, _FAX3, _FAX4, _LZW, _JPEG, _DEFLATE = 1, 2, 3, 4, 5, 7, 8
_OLD_DEFLATE, _PACKBITS, _LZMA, _ZSTD = 32946, 32773, 34925, 50000
YCBCR: Final = 6
"""A photometric interpretation: luminance and two chrominances."""
_FAX: Final = (_RLE, _FAX3, _FAX4)
BY_LIBTIFF: Final = (_LZW, _PACKBITS, _LZMA, _ZSTD, *_FAX)
ZLIB: Final = (_DEFLATE, _OLD_DEFLATE)
MAX_BLOCKS: Final = 65_536
"""Strips or tiles: 40 Mpixel in tiles of 32 x 32 are 39,000."""
_MAX_JPEG_BLOCKS: Final = 4_096
"""Each costs 0.1 ms in addition to its pixels; 40 Mpixel in tiles of 128 x 128 are 2,500."""


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
class Grid:
    """The blocks of one plane: of equal size, row by row; the last strip may be shorter."""

    across: int
    down: int
    width: int
    height: int
    tiled: bool
    channels: int


def grid_of(layout: Layout, limits: ImageLimits) -> Grid:
    """The grid of one plane; ``InvalidImage`` where it has more blocks than are read."""
    page, channels = layout.page, 1 if layout.planar else layout.channels
    tiled = 322 in page
    if tiled:
        width, height = page.integer(322, 0), page.integer(323, 0)
        limits.check_size(width, height)
    else:
        width, height = layout.width, page.integer(278, layout.height)
        height = min(height, layout.height) or layout.height
    across, down = -(-layout.width // width), -(-layout.height // height)
    most = _MAX_JPEG_BLOCKS if layout.is_jpeg else MAX_BLOCKS
    if across * down * (layout.channels if layout.planar else 1) > most:
        raise InvalidImage(f"The TIFF has more than {most:,} strips or tiles.")
    return Grid(across, down, width, height, tiled, channels)


def dtype_of(layout: Layout) -> np.dtype[np.generic]:
    """The type of the samples in memory; packed bits get the next whole type."""
    if layout.is_jpeg or layout.bits <= 8:
        return np.dtype("i1" if layout.kind == "i" else "u1")
    if layout.bits in (16, 32, 64):
        return np.dtype(f"{layout.kind}{layout.bits // 8}")
    return np.dtype("u2" if layout.bits < 16 else "u4")


def block_lines(layout: Layout, grid: Grid, index: int) -> int:
    """Lines of the block with this ``index``: rows of pixels or of subsampled units."""
    rows = grid.height if grid.tiled else min(grid.height, layout.height - index * grid.height)
    return -(-rows // layout.subsampling[1])


def line_bytes(layout: Layout, grid: Grid) -> int:
    """Bytes of one line of a block, once it is decompressed."""
    across, down = layout.subsampling
    if (across, down) == (1, 1):
        return (grid.width * grid.channels * layout.bits + 7) // 8
    return -(-grid.width // across) * (across * down + 2)
