"""TIFF 6.0 and BigTIFF: what the samples of a page mean, to RGB.

The first page is read that is neither a thumbnail nor a mask. Grey, RGB, palette, CMYK and YCbCr
of 1 to 64 bits, in strips or tiles, in one plane or several. Colour profiles are ignored.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidImage, UnsupportedImage
from app.vision.formats.others import raw_camera_file
from app.vision.formats.tags import Directory, directories, orientation_of
from app.vision.formats.tiff_layout import YCBCR, Layout
from app.vision.formats.tiff_raster import read_raster
from app.vision.limits import ImageLimits
from app.vision.pixels import (
    Samples,
    Span,
    Strip,
    finite,
    painted,
    row_strips,
    span_of,
    upright_pixels,
)
from app.vision.types import RgbImage

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK = 0, 1, 2, 3, 5
_CHANNELS: Final = {
    _WHITE_IS_ZERO: 1,
    _BLACK_IS_ZERO: 1,
    _RGB: 3,
    _PALETTE: 1,
    _CMYK: 4,
    YCBCR: 3,
}
_NOT_READ: Final = {
    4: "a transparency mask",
    8: "CIELab",
    9: "ICCLab",
    10: "ITULab",
    32844: "LogL",
    32845: "LogLuv",
}
_RAW: Final = (32803, 34892)
"""Colour filter array and linear raw, of cameras."""
_THUMBNAIL_OR_MASK: Final = 0b101
_SUBFILE, _SUB_DIRECTORIES, _DNG_VERSION = 254, 330, 50706
_ASSOCIATED, _UNASSOCIATED = 1, 2
_OLD_JPEG: Final = 6


def read_tiff(data: bytes, limits: ImageLimits) -> RgbImage:
    """The picture."""
    page = _page(data)
    layout = _layout(page, limits)
    extra = layout.channels - _CHANNELS[layout.photometric]
    alpha = page.integers(338)[:1] if extra else []
    raster = read_raster(layout, limits)
    strips = partial(_strips, layout, raster, _spans(layout, raster), alpha[0] if alpha else 0)
    return upright_pixels(painted(layout.width, layout.height, strips), orientation_of(page))


def _page(data: bytes) -> Directory:
    if data[8:10] == b"CR":  # Canon's own mark
        raise raw_camera_file()
    pages = directories(data)
    first = next(pages, None)
    if first is None:
        raise InvalidImage("The TIFF is truncated or corrupt: it has no page.")
    reduced = bool(first.integer(_SUBFILE, 0) & 1)
    if _DNG_VERSION in first or (reduced and _SUB_DIRECTORIES in first):
        raise raw_camera_file()
    if not first.integer(_SUBFILE, 0) & _THUMBNAIL_OR_MASK:
        return first
    rest = (page for page in pages if not page.integer(_SUBFILE, 0) & _THUMBNAIL_OR_MASK)
    return next(chain(rest, [first]))


def _layout(page: Directory, limits: ImageLimits) -> Layout:
    width, height = page.integer(256, 0), page.integer(257, 0)
    limits.check_size(width, height)
    depths = page.integers(258) or [1]
    channels = page.integer(277, len(depths))
    compression = page.integer(259, 1)
    photometric = page.integer(262, _guessed(channels, compression))
    if photometric in _RAW:
        raise raw_camera_file()
    if compression == _OLD_JPEG:
        raise UnsupportedImage("TIFF files with old-style JPEG compression are not read.")
    if photometric not in _CHANNELS:
        name = _NOT_READ.get(photometric, f"colour space {photometric}")
        raise UnsupportedImage(f"TIFF files in {name} are not read; save the image as RGB.")
    if not _CHANNELS[photometric] <= channels <= _CHANNELS[photometric] + 8:
        raise InvalidImage(f"The TIFF is corrupt: its colours have {channels} channels.")
    if len(set(depths[:channels])) > 1:
        raise UnsupportedImage("TIFF files whose channels differ in depth are not read.")
    layout = Layout(
        page,
        width,
        height,
        depths[0],
        channels,
        _kind(page),
        photometric,
        compression,
        planar=page.integer(284, 1) == 2 and channels > 1,
    )
    _check_depth(layout)
    return _with_subsampling(layout)


def _guessed(channels: int, compression: int) -> int:
    """The photometric interpretation that libtiff assumes if a file does not state one."""
    if channels >= 3:
        return _RGB
    return _WHITE_IS_ZERO if compression in (2, 3, 4) else _BLACK_IS_ZERO


def _kind(page: Directory) -> str:
    stated = page.integer(339, 1)
    if stated not in (1, 2, 3, 4):
        raise UnsupportedImage("TIFF files of complex numbers are not read.")
    return {2: "i", 3: "f"}.get(stated, "u")


def _check_depth(layout: Layout) -> None:
    bits, kind = layout.bits, layout.kind
    fits = {"u": bits in (*range(1, 17), 24, 32, 64), "i": bits in (8, 16, 32, 64)}
    if not fits.get(kind, bits in (16, 32, 64)):
        raise UnsupportedImage(f"TIFF files of {bits} bits of this kind are not read.")
    if layout.photometric == _PALETTE and (bits > 8 or kind != "u"):
        raise UnsupportedImage(f"TIFF files with a palette of {bits} bits are not read.")
    if layout.is_fax and (bits, layout.channels) != (1, 1):
        raise InvalidImage("The TIFF is corrupt: fax compression is for black and white alone.")
    if (layout.photometric == YCBCR or layout.is_jpeg) and (bits, kind) != (8, "u"):
        raise UnsupportedImage(f"TIFF files of {bits} bits in YCbCr or JPEG are not read.")


def _with_subsampling(layout: Layout) -> Layout:
    if layout.photometric != YCBCR or layout.is_jpeg:
        return layout
    across, down = (*layout.page.integers(530), 2, 2)[:2] if 530 in layout.page else (2, 2)
    if across not in (1, 2, 4) or down not in (1, 2, 4):
        raise InvalidImage("The TIFF is corrupt: its colours are subsampled in a way unknown.")
    if (across, down) != (1, 1) and (layout.planar or layout.channels != 3):
        raise UnsupportedImage("TIFF files with subsampled colours in planes are not read.")
    return replace(layout, subsampling=(across, down))


def _spans(layout: Layout, raster: Samples) -> tuple[Span, Span]:
    """Black and white of the colours, and of the transparency if there is one."""
    count, bits, kind = _CHANNELS[layout.photometric], layout.bits, layout.kind
    ends = [(0.0, 0.0), (0.0, 0.0)]
    if bits >= 16 or kind != "u":
        ends = [_ends(raster[..., :count]), _ends(raster[..., count:])]
    colours, alpha = (span_of(*pair, bits=bits, kind=kind) for pair in ends)
    return colours, colours if ends[1][1] <= colours.white else alpha


def _ends(samples: Samples) -> tuple[float, float]:
    """The least and the largest sample that are numbers."""
    if not samples.size:
        return 0.0, 0.0
    low, high = [], []
    for rows in row_strips(*samples.shape[1::-1]):
        strip = finite(samples[rows]) if samples.dtype.kind == "f" else samples[rows]
        low.append(strip.min())
        high.append(strip.max())
    return float(min(low)), float(max(high))


def _strips(
    layout: Layout, raster: Samples, spans: tuple[Span, Span], transparency: int
) -> Iterator[Strip]:
    colour, alpha_span = spans
    count = _CHANNELS[layout.photometric]
    palette = _colour_map(layout) if layout.photometric == _PALETTE else None
    for rows in row_strips(layout.width, layout.height):
        stored = raster[rows, :, :count]
        if palette is not None:
            colours = palette[stored[..., 0]]
        else:
            colours = _colours(layout, colour.to_bytes(stored))
        if transparency not in (_ASSOCIATED, _UNASSOCIATED):
            yield Strip(rows, colours)
            continue
        alpha = alpha_span.to_bytes(raster[rows, :, count])
        yield Strip(rows, colours, alpha, multiplied=transparency == _ASSOCIATED)


def _colours(layout: Layout, samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB or grey."""
    if layout.photometric == _WHITE_IS_ZERO:
        return 255 - samples
    if layout.photometric == _CMYK:
        light = 255 - samples.astype(np.uint16)
        lit: NDArray[np.uint16] = (light[..., :3] * light[..., 3:] + 127) // 255
        return lit.astype(np.uint8)
    if layout.photometric == YCBCR and not layout.is_jpeg:
        return _from_ycbcr(layout, samples)
    return samples


def _from_ycbcr(layout: Layout, samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """TIFF 6.0, section 21, with the file's own coefficients and reference levels."""
    red, green, blue = (*layout.page.numbers(529), 0.299, 0.587, 0.114)[:3]
    levels = layout.page.numbers(532)
    if len(levels) < 6 or not all(a != b for a, b in zip(levels[::2], levels[1::2], strict=True)):
        levels = [0, 255, 128, 255, 128, 255]
    low, high = np.array(levels[:6:2], np.float32), np.array(levels[1:6:2], np.float32)
    y, cb, cr = np.moveaxis((samples - low) * ([255, 127, 127] / (high - low)), 2, 0)
    r = y + cr * (2 - 2 * red)
    b = y + cb * (2 - 2 * blue)
    g = (y - red * r - blue * b) / (green or 1.0)
    colours: NDArray[np.float64] = np.clip(np.stack([r, g, b], axis=2), 0, 255) + 0.5
    return colours.astype(np.uint8)


def _colour_map(layout: Layout) -> NDArray[np.uint8]:
    """(entries, 3). Its values have 16 bits, but some writers fill only eight."""
    entries = 1 << layout.bits
    values: Samples = np.array(layout.page.integers(320)[: 3 * entries], np.uint16)
    if len(values) < 3 * entries:
        raise InvalidImage("The TIFF is corrupt: its palette is missing or too short.")
    if values.max() > 255:
        values = values >> 8
    colours: NDArray[np.uint8] = values.astype(np.uint8).reshape(3, entries).T
    return colours
