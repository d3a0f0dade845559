"""From the decompressed bytes of a TIFF's strip or tile to its samples: bit depths, predictors,
subsampled colours.
"""

import numpy as np
from numpy.typing import NDArray

from app.errors import UnsupportedImage
from app.vision.formats.tiff_layout import UNCOMPRESSED, Grid, Layout
from app.vision.pixels import Samples


def samples_of(layout: Layout, grid: Grid, content: bytes | memoryview, lines: int) -> Samples:
    """(rows, width, channels) of one block."""
    stored = np.frombuffer(content, np.uint8).reshape(lines, -1)
    if layout.subsampling != (1, 1):
        return _spread(stored, layout.subsampling)
    shape, bits, order = (lines, grid.width, grid.channels), layout.bits, layout.page.order
    predictor = layout.page.integer(317, 1) if layout.compression != UNCOMPRESSED else 1
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
