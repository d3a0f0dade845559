"""TIFF 6.0 and BigTIFF: which page is read, and how its samples are stored.

The first page is read that is neither a thumbnail nor a mask. Grey, RGB, palette, CMYK and YCbCr
of 1 to 64 bits, in strips or tiles, in one plane or several. Colour profiles are ignored.
"""

from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Final

from app.errors import InvalidImage, UnsupportedImage
from app.vision.formats.others import raw_camera_file
from app.vision.formats.tags import Directory, directories, orientation_of
from app.vision.formats.tiff_colours import (
    BLACK_IS_ZERO,
    CHANNELS,
    PALETTE,
    RGB,
    WHITE_IS_ZERO,
    spans_of,
    strips_of,
)
from app.vision.formats.tiff_layout import YCBCR, Layout
from app.vision.formats.tiff_raster import read_raster
from app.vision.limits import ImageLimits
from app.vision.pixels import painted, upright_pixels
from app.vision.types import RgbImage

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
_OLD_JPEG: Final = 6


def read_tiff(data: bytes, limits: ImageLimits) -> RgbImage:
    """The picture."""
    page = _page(data)
    layout = _layout(page, limits)
    extra = layout.channels - CHANNELS[layout.photometric]
    alpha = page.integers(338)[:1] if extra else []
    raster = read_raster(layout, limits)
    strips = partial(strips_of, layout, raster, spans_of(layout, raster), alpha[0] if alpha else 0)
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
    if photometric not in CHANNELS:
        name = _NOT_READ.get(photometric, f"colour space {photometric}")
        raise UnsupportedImage(f"TIFF files in {name} are not read; save the image as RGB.")
    if not CHANNELS[photometric] <= channels <= CHANNELS[photometric] + 8:
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
        return RGB
    return WHITE_IS_ZERO if compression in (2, 3, 4) else BLACK_IS_ZERO


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
    if layout.photometric == PALETTE and (bits > 8 or kind != "u"):
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
