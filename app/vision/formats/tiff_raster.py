"""From the strips or tiles of a TIFF page to its samples, whatever they mean.

JPEG blocks are read as JPEG files are; ``app.vision.formats.tiff_blocks`` decompresses the others.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from app.errors import InvalidImage
from app.vision.formats.jpeg import jpeg_samples
from app.vision.formats.tiff_blocks import PIECE_BYTES, block_places, sources
from app.vision.formats.tiff_layout import (
    YCBCR,
    Grid,
    Layout,
    block_lines,
    dtype_of,
    grid_of,
    line_bytes,
)
from app.vision.formats.tiff_samples import samples_of
from app.vision.limits import ImageLimits
from app.vision.pixels import Samples


def read_raster(layout: Layout, limits: ImageLimits) -> Samples:
    """(height, width, channels) in the type that is stored, packed bits as whole numbers."""
    grid = grid_of(layout, limits)
    dtype = dtype_of(layout)
    limits.check_samples(layout.width, layout.height, layout.channels * dtype.itemsize)
    raster = np.empty((layout.height, layout.width, layout.channels), dtype)
    planes = layout.channels if layout.planar else 1
    places = block_places(layout, grid, planes)
    each = grid.across * grid.down
    for plane in range(planes):
        target = raster[:, :, plane : plane + 1] if layout.planar else raster
        _fill(target, layout, grid, places[plane * each : (plane + 1) * each], limits)
    return raster


def _fill(
    target: Samples, layout: Layout, grid: Grid, places: Sequence[slice], limits: ImageLimits
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
    layout: Layout, grid: Grid, places: Sequence[slice], limits: ImageLimits
) -> Iterator[_Piece]:
    tables = layout.page.content(347).removesuffix(b"\xff\xd9")
    for index, place in enumerate(places):
        block = layout.page.data[place]
        file = tables + block[2:] if tables else block
        samples = jpeg_samples(file, limits, is_ycbcr=layout.photometric == YCBCR)
        height, width, channels = samples.shape
        fits = height >= block_lines(layout, grid, index) and width >= grid.width
        if not fits or channels != grid.channels:
            raise InvalidImage("The TIFF is corrupt: a JPEG in it does not fit its place.")
        yield index, 0, samples


def _from_bytes(layout: Layout, grid: Grid, places: Sequence[slice]) -> Iterator[_Piece]:
    line = line_bytes(layout, grid)
    step = max(1, PIECE_BYTES // max(line, grid.width * grid.channels * 8))
    for index, source in enumerate(sources(layout, grid, places)):
        lines = block_lines(layout, grid, index)
        for first in range(0, lines, step):
            count = min(step, lines - first)
            content = source.read(count * line)
            if len(content) < count * line:
                raise InvalidImage("The TIFF is truncated: a strip or tile is too short.")
            yield index, first * layout.subsampling[1], samples_of(layout, grid, content, count)
