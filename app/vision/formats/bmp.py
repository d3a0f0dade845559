"""BMP: uncompressed, of every header version, depth and layout of bits.

Compressed BMP is refused: a few bytes of run lengths stand for any number of pixels, and files
that people send do not use it. Sizes of the file and of its pixels that the header states are
not trusted, as many writers leave them at zero.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidImage, UnsupportedImage
from app.vision.limits import ImageLimits
from app.vision.pixels import Strip, painted, row_strips
from app.vision.types import RgbImage

_FILE_HEADER: Final = 14
_CORE: Final = 12
_OS2: Final = 64
_HEADERS: Final = (_CORE, 16, 40, 52, 56, _OS2, 108, 124)
_PLAIN, _BITFIELDS, _ALPHA_BITFIELDS = 0, 3, 6
_DEFAULT_MASKS: Final = {
    16: (0x7C00, 0x03E0, 0x001F, 0),
    32: (0xFF0000, 0x00FF00, 0x0000FF, 0),
}


@dataclass(frozen=True, slots=True)
class _Bitmap:
    """A file's header, and where its pixels are. Rows are stored from the bottom up unless
    ``top_down``.
    """

    width: int
    height: int
    top_down: bool
    bits: int
    palette: NDArray[np.uint8]
    masks: tuple[int, int, int, int]
    rows: NDArray[np.uint8]


def read_bmp(data: bytes, limits: ImageLimits) -> RgbImage:
    """The picture. A fourth channel that is zero everywhere is unused and no transparency."""
    bitmap = _parse(data, limits)
    strips = partial(_strips, bitmap)
    return painted(bitmap.width, bitmap.height, strips, alpha_may_be_unused=True)


def _parse(data: bytes, limits: ImageLimits) -> _Bitmap:
    offset, size = struct.unpack_from("<II", data, 10)
    if size not in _HEADERS:
        raise UnsupportedImage(f"BMP files with a header of {size} bytes are not read.")
    if size == _CORE:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = colours = 0
    else:
        width, height, _, bits = struct.unpack_from("<iiHH", data, 18)
        rest = data[30 : _FILE_HEADER + size].ljust(24, b"\0")
        compression, colours = struct.unpack_from("<I12xI", rest)
    limits.check_size(width, abs(height))
    _check_layout(size, bits, compression)
    masks, palette_at = _masks(data, size, bits, compression)
    entry = 3 if size == _CORE else 4
    entries = min(colours or 1 << bits, 1 << bits) if bits <= 8 else 0
    end = offset or palette_at + entry * entries
    palette = _palette(data[palette_at : min(end, palette_at + entry * entries)], entry, 1 << 8)
    rows = _rows(data, end, width, abs(height), bits)
    return _Bitmap(width, abs(height), height < 0, bits, palette, masks, rows)


def _check_layout(header: int, bits: int, compression: int) -> None:
    fields = compression in (_BITFIELDS, _ALPHA_BITFIELDS) and bits in (16, 32) and header != _OS2
    if compression != _PLAIN and not fields:
        raise UnsupportedImage("Compressed BMP files are not read; save the image as PNG.")
    if bits not in (1, 2, 4, 8, 16, 24, 32):
        raise UnsupportedImage(f"BMP files of {bits} bits a pixel are not read.")


def _masks(
    data: bytes, header: int, bits: int, compression: int
) -> tuple[tuple[int, int, int, int], int]:
    """Red, green, blue and alpha bits of a pixel, and where the palette begins."""
    end = _FILE_HEADER + header
    default = _DEFAULT_MASKS.get(bits, (0, 0, 0, 0))
    if compression == _PLAIN:
        return default, end
    count = 4 if header >= 56 or compression == _ALPHA_BITFIELDS else 3
    red, green, blue, alpha = (*struct.unpack_from(f"<{count}I", data, 54), 0)[:4]
    masks = (red, green, blue, alpha)
    if not any(masks[:3]):
        masks = default
    return masks, max(end, 54 + 4 * count)


def _palette(entries: bytes, size: int, count: int) -> NDArray[np.uint8]:
    """(count, 3) red first; black where the file has no entry."""
    stored = np.frombuffer(entries[: len(entries) // size * size], np.uint8).reshape(-1, size)
    palette = np.zeros((count, 3), np.uint8)
    palette[: len(stored)] = stored[:, 2::-1]
    return palette


def _rows(data: bytes, offset: int, width: int, height: int, bits: int) -> NDArray[np.uint8]:
    """(height, bytes of a row). Rows fill up to four bytes, but the last one's may be missing."""
    used = (width * bits + 7) // 8
    stride = (width * bits + 31) // 32 * 4
    if len(data) < offset + stride * (height - 1) + used:
        raise InvalidImage("The BMP is truncated: its last rows are missing.")
    stored = np.frombuffer(data, np.uint8, offset=offset)
    return np.lib.stride_tricks.as_strided(stored, (height, used), (stride, 1), writeable=False)


def _strips(bitmap: _Bitmap) -> Iterator[Strip]:
    stored = bitmap.rows if bitmap.top_down else bitmap.rows[::-1]
    for rows in row_strips(bitmap.width, bitmap.height):
        yield _strip(bitmap, rows, np.ascontiguousarray(stored[rows]))


def _strip(bitmap: _Bitmap, rows: slice, stored: NDArray[np.uint8]) -> Strip:
    if bitmap.bits <= 8:
        return Strip(rows, bitmap.palette[_unpacked(stored, bitmap.bits)[:, : bitmap.width]])
    if bitmap.bits == 24:
        return Strip(rows, stored.reshape(len(stored), bitmap.width, 3)[:, :, ::-1])
    pixels = stored.view(f"<u{bitmap.bits // 8}")
    red, green, blue, alpha = (_channel(pixels, mask) for mask in bitmap.masks)
    return Strip(rows, np.stack([red, green, blue], axis=2), alpha if bitmap.masks[3] else None)


def _unpacked(stored: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """(rows, bytes) as (rows, samples): ``bits`` is 1, 2, 4 or 8, the high bits come first."""
    if bits == 8:
        return stored
    shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
    samples: NDArray[np.uint8] = stored[:, :, None] >> shifts & np.uint8((1 << bits) - 1)
    return samples.reshape(len(stored), -1)


def _channel(pixels: NDArray[np.generic], mask: int) -> NDArray[np.uint8]:
    """The bits under ``mask``, scaled to 0 to 255."""
    if mask == 0:
        return np.zeros(pixels.shape, np.uint8)
    shift = (mask & -mask).bit_length() - 1
    most = mask >> shift
    if most & (most + 1):
        raise InvalidImage("The BMP has a colour mask with gaps.")
    if most == 255 and shift % 8 == 0:
        return pixels.view(np.uint8).reshape(*pixels.shape, -1)[..., shift // 8]
    values = pixels.astype(np.uint64) >> np.uint64(shift) & np.uint64(most)
    return ((values * np.uint64(255) + np.uint64(most // 2)) // np.uint64(most)).astype(np.uint8)
