"""BMP files written byte by byte, in every header version, depth and layout that is read."""

import struct

import numpy as np
import pytest
from numpy.typing import NDArray

from app.errors import InvalidImage, PayloadTooLarge, UnsupportedImage
from app.vision.decode import ImageLimits, decode_image

LIMITS = ImageLimits(max_bytes=1 << 20, max_pixels=100_000)
WIDTH, HEIGHT = 13, 5
"""An odd width, so that rows are filled up to four bytes at every depth."""
HEADERS = [12, 40, 52, 56, 64, 108, 124]
X8, R8 = (0xFF0000, 0xFF00, 0xFF, 0), (0xFF, 0xFF00, 0xFF0000, 0)
A8 = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)


def noise(channels: int, top: int = 256) -> NDArray[np.int64]:
    """(HEIGHT, WIDTH, channels) of 0 to ``top`` - 1, both of which occur."""
    values = np.random.default_rng(channels).integers(0, top, (HEIGHT, WIDTH, channels))
    values[0, 0], values[-1, -1] = 0, top - 1
    return values


def padded(rows: list[bytes]) -> bytes:
    return b"".join(row + bytes(-len(row) % 4) for row in rows)


def bmp(
    rows: list[bytes],
    bits: int,
    *,
    header: int = 40,
    compression: int = 0,
    masks: tuple[int, ...] = (),
    palette: bytes = b"",
    colours: int = 0,
    top_down: bool = False,
    width: int = WIDTH,
    height: int = HEIGHT,
    offset: int | None = None,
) -> bytes:
    """``rows`` from the top, as the file has them. Sizes of file and pixels are left at zero."""
    if header == 12:
        dib = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        signed = -height if top_down else height
        sizes = struct.pack("<IiiHH", header, width, signed, 1, bits)
        dib = sizes + struct.pack("<IIiiII", compression, 0, 0, 0, colours, 0)
        words = b"".join(struct.pack("<I", mask) for mask in masks)
        dib = (
            (dib + words).ljust(header, b"\0") if header >= 52 else dib.ljust(header, b"\0") + words
        )
    start = 14 + len(dib) + len(palette)
    body = padded(rows if top_down else rows[::-1])
    return (
        b"BM"
        + struct.pack("<III", 0, 0, start if offset is None else offset)
        + dib
        + palette
        + body
    )


def decoded(data: bytes) -> NDArray[np.uint8]:
    return decode_image(data, LIMITS)


def packed(indices: NDArray[np.int64], bits: int) -> list[bytes]:
    """Rows of samples of ``bits`` bits, the first in the highest bits."""
    rows = []
    for row in indices:
        text = "".join(f"{value:0{bits}b}" for value in row)
        text += "0" * (-len(text) % 8)
        rows.append(int(text, 2).to_bytes(len(text) // 8, "big"))
    return rows


@pytest.mark.parametrize(
    ("header", "top_down"), [(12, False), *((h, t) for h in HEADERS[1:] for t in (False, True))]
)
def test_24_bits_of_every_header_version(header: int, top_down: bool) -> None:
    pixels = noise(3)
    rows = [row[:, ::-1].astype(np.uint8).tobytes() for row in pixels]
    data = bmp(rows, 24, header=header, top_down=top_down)
    np.testing.assert_array_equal(decoded(data), pixels)


@pytest.mark.parametrize("header", [12, 40, 108])
@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palettes(header: int, bits: int) -> None:
    indices = noise(1, 1 << bits)[..., 0]
    palette = np.random.default_rng(9).integers(0, 256, (1 << bits, 3)).astype(np.uint8)
    entries = b"".join(bytes(c[::-1]) + (b"" if header == 12 else b"\0") for c in palette)
    data = bmp(packed(indices, bits), bits, header=header, palette=entries)
    np.testing.assert_array_equal(decoded(data), palette[indices])


def test_a_palette_that_is_shorter_than_the_depth_allows_is_black_past_its_end() -> None:
    indices = noise(1, 256)[..., 0]
    palette = bytes((10, 20, 30, 0)) * 3
    data = bmp(packed(indices, 8), 8, palette=palette, colours=3)
    expected = np.where(indices[..., None] < 3, (30, 20, 10), 0)
    np.testing.assert_array_equal(decoded(data), expected)


def test_a_grey_palette_that_runs_backwards_is_followed() -> None:
    indices = noise(1, 256)[..., 0]
    palette = b"".join(bytes((255 - i,)) * 3 + b"\0" for i in range(256))
    grey = decoded(bmp(packed(indices, 8), 8, palette=palette))
    np.testing.assert_array_equal(grey[..., 0], 255 - indices)


def words(values: NDArray[np.int64], masks: tuple[int, ...], size: int) -> list[bytes]:
    """Rows of pixels whose channels lie under ``masks``."""
    total = np.zeros(values.shape[:2], np.int64)
    for channel, mask in enumerate(masks):
        if mask:
            total |= values[..., channel] << ((mask & -mask).bit_length() - 1)
    return [row.astype(f"<u{size}").tobytes() for row in total]


def scaled(values: NDArray[np.int64], mask: int) -> NDArray[np.int64]:
    most = mask >> ((mask & -mask).bit_length() - 1)
    return np.floor(values * 255 / most + 0.5).astype(np.int64)


LAYOUTS = {
    "5-5-5": (16, (0x7C00, 0x3E0, 0x1F, 0)),
    "5-6-5": (16, (0xF800, 0x7E0, 0x1F, 0)),
    "4-4-4": (16, (0xF00, 0xF0, 0xF, 0)),
    "blue first": (16, (0x1F, 0x7E0, 0xF800, 0)),
    "XRGB": (32, X8),
    "XBGR": (32, R8),
    "RGBX": (32, (0xFF000000, 0xFF0000, 0xFF00, 0)),
    "10-10-10": (32, (0x3FF00000, 0xFFC00, 0x3FF, 0)),
    "11-11-10": (32, (0xFFE00000, 0x1FFC00, 0x3FF, 0)),
    "no bit of blue": (32, (0xFF0000, 0xFF00, 0, 0)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("header", [40, 52, 56, 108, 124])
def test_bit_fields(header: int, layout: str) -> None:
    bits, masks = LAYOUTS[layout]
    tops = [(mask >> ((mask & -mask).bit_length() - 1)) + 1 if mask else 1 for mask in masks[:3]]
    values = np.stack([noise(1, top)[..., 0] for top in tops], axis=2)
    stored = masks[:3] if header < 56 else masks
    data = bmp(words(values, masks, bits // 8), bits, header=header, compression=3, masks=stored)
    channels = zip(range(3), masks[:3], strict=True)
    expected = np.stack(
        [scaled(values[..., c], m) if m else values[..., c] for c, m in channels], 2
    )
    np.testing.assert_array_equal(decoded(data), expected)


def test_without_bit_fields_16_bits_are_5_5_5_and_the_fourth_byte_of_32_is_unused() -> None:
    five = noise(3, 32)
    data = bmp(words(five, (0x7C00, 0x3E0, 0x1F), 2), 16)
    np.testing.assert_array_equal(decoded(data), scaled(five, 31))
    for header in (40, 108, 124):
        eight = noise(4)
        data = bmp(words(eight, A8, 4), 32, header=header, masks=A8 if header > 40 else ())
        np.testing.assert_array_equal(decoded(data), eight[..., :3])


@pytest.mark.parametrize("header", [56, 108, 124])
def test_an_alpha_that_is_zero_everywhere_is_unused(header: int) -> None:
    values = noise(4)
    values[..., 3] = 0
    data = bmp(words(values, A8, 4), 32, header=header, compression=3, masks=A8)
    np.testing.assert_array_equal(decoded(data), values[..., :3])


@pytest.mark.parametrize("compression", [3, 6])
def test_an_alpha_that_is_used_lies_over_mid_grey(compression: int) -> None:
    values = noise(4)
    header = 108 if compression == 3 else 40
    data = bmp(words(values, A8, 4), 32, header=header, compression=compression, masks=A8)
    alpha = values[..., 3:] / 255
    expected = values[..., :3] * alpha + 128 * (1 - alpha)
    assert np.abs(decoded(data) - expected).max() <= 0.5001


def test_one_bit_of_alpha() -> None:
    values = np.concatenate([noise(3, 32), noise(1, 2)], axis=2)
    masks = (0x7C00, 0x3E0, 0x1F, 0x8000)
    image = decoded(bmp(words(values, masks, 2), 16, header=108, compression=3, masks=masks))
    expected = np.where(values[..., 3:] == 1, scaled(values[..., :3], 31), 128)
    np.testing.assert_array_equal(image, expected)


def test_the_offset_of_the_pixels_is_followed_and_may_be_missing() -> None:
    pixels = noise(3)
    rows = [row[:, ::-1].astype(np.uint8).tobytes() for row in pixels]
    gap = bmp(rows, 24, offset=14 + 40 + 8)
    np.testing.assert_array_equal(decoded(gap[:54] + bytes(8) + gap[54:]), pixels)
    np.testing.assert_array_equal(decoded(bmp(rows, 24, offset=0)), pixels)


def test_the_filling_of_the_last_row_may_be_missing_and_a_pixel_may_not() -> None:
    pixels = noise(3)
    data = bmp([row[:, ::-1].astype(np.uint8).tobytes() for row in pixels], 24)
    assert len(data[54:]) % 4 == 0
    np.testing.assert_array_equal(decoded(data[:-1]), pixels)
    with pytest.raises(InvalidImage, match="truncated"):
        decoded(data[:-2])


@pytest.mark.parametrize("compression", [1, 2, 4, 5])
def test_a_compressed_bmp_is_refused_by_name(compression: int) -> None:
    with pytest.raises(UnsupportedImage, match="Compressed BMP"):
        decoded(bmp([bytes(WIDTH)] * HEIGHT, 4 if compression == 2 else 8, compression=compression))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (bmp([], 24, header=40, width=0), InvalidImage),
        (bmp([], 24, header=40, width=-5), InvalidImage),
        (bmp([], 24, header=40, height=0), InvalidImage),
        (bmp([], 24, width=400, height=400), PayloadTooLarge),
        (bmp([], 1, width=30_000, height=1), PayloadTooLarge),
        (bmp([bytes(99)] * 5, 7), UnsupportedImage),
        (bmp([bytes(99)] * 5, 32, compression=3, masks=(0xFF00FF, 1, 2)), InvalidImage),
        (bmp([bytes(99)] * 5, 24, header=20), UnsupportedImage),
        (b"BM", UnsupportedImage),
        (b"BM" + bytes(12) + b"\x28", InvalidImage),
    ],
)
def test_headers_that_cannot_be_are_refused(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        decoded(data)
