"""From the samples of a TIFF page to strips of eight-bit colours and alpha."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidImage
from app.vision.formats.tiff_layout import YCBCR, Layout
from app.vision.pixels import Samples, Span, Strip, finite, row_strips, span_of

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK = 0, 1, 2, 3, 5
CHANNELS: Final = {
    WHITE_IS_ZERO: 1,
    BLACK_IS_ZERO: 1,
    RGB: 3,
    PALETTE: 1,
    CMYK: 4,
    YCBCR: 3,
}
_ASSOCIATED, _UNASSOCIATED = 1, 2


def spans_of(layout: Layout, raster: Samples) -> tuple[Span, Span]:
    """Black and white of the colours, and of the transparency if there is one."""
    count, bits, kind = CHANNELS[layout.photometric], layout.bits, layout.kind
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


def strips_of(
    layout: Layout, raster: Samples, spans: tuple[Span, Span], transparency: int
) -> Iterator[Strip]:
    """Strips of the page; ``transparency`` is the TIFF's kind of alpha, 0 for none."""
    colour, alpha_span = spans
    count = CHANNELS[layout.photometric]
    palette = _colour_map(layout) if layout.photometric == PALETTE else None
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
    if layout.photometric == WHITE_IS_ZERO:
        return 255 - samples
    if layout.photometric == CMYK:
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
