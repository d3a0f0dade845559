"""TIFF files written tag by tag, in every depth, layout and meaning of the samples."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.unit.vision.files import gradient, picture, saved
from tests.unit.vision.jpegs import Component, jpeg
from tests.unit.vision.tiff_samples import (
    BLACK_IS_ZERO,
    CMYK,
    DEFLATE,
    HEIGHT,
    LAYOUTS,
    LZMA,
    LZW,
    NONE,
    OLD_DEFLATE,
    PACKBITS,
    PALETTE,
    RGB,
    WHITE_IS_ZERO,
    WIDTH,
    YCBCR,
    decoded,
    noise,
    same,
    share,
)
from tests.unit.vision.tiffs import Samples, Tiff, tiff


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("compression", [NONE, LZW, DEFLATE, PACKBITS, OLD_DEFLATE, LZMA])
def test_every_compression_in_every_layout(layout: str, compression: int) -> None:
    values = noise(3)
    file = Tiff(values, 8, RGB, compression=compression, **LAYOUTS[layout])
    same(decoded(file.written()), values)


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_byte_orders_and_big_files(layout: str, order: str, big: bool) -> None:
    values = noise(3, 65536)
    file = Tiff(values, 16, RGB, order=order, big=big, **LAYOUTS[layout])
    same(decoded(file.written()), values >> 8)


@pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO])
@pytest.mark.parametrize("bits", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 32])
@pytest.mark.parametrize("order", ["<", ">"])
def test_grey_of_every_depth(bits: int, order: str, photometric: int) -> None:
    values = noise(1, 1 << bits)
    image = decoded(Tiff(values, bits, photometric, order=order, rows=4).written())
    expected = values >> 8 if bits == 16 else share(values, (1 << bits) - 1)
    same(image, 255 - expected if photometric == WHITE_IS_ZERO else expected)


@pytest.mark.parametrize("bits", [1, 2, 4, 10, 12, 14])
@pytest.mark.parametrize("layout", ["strips", "tiles", "planes", "tiled planes"])
def test_packed_colours(bits: int, layout: str) -> None:
    values = noise(3, 1 << bits)
    for compression in (NONE, DEFLATE, LZW):
        file = Tiff(values, bits, RGB, compression=compression, **LAYOUTS[layout])
        same(decoded(file.written()), share(values, (1 << bits) - 1))


@pytest.mark.parametrize("sensor", [8, 10, 12, 14])
@pytest.mark.parametrize("bits", [16, 32])
@pytest.mark.parametrize(("photometric", "channels"), [(BLACK_IS_ZERO, 1), (RGB, 3), (CMYK, 4)])
def test_the_bits_of_a_sensor_fill_the_range(
    sensor: int, bits: int, photometric: int, channels: int
) -> None:
    top = 1 << sensor
    values = noise(channels, top)
    image = decoded(Tiff(values, bits, photometric).written())
    expected = share(values, top - 1)
    if photometric == CMYK:
        light = 255 - expected
        expected = np.floor(light[..., :3] * light[..., 3:] / 255 + 0.5).astype(np.int64)
    same(image, expected)


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4"])
def test_signed_numbers(dtype: str) -> None:
    bits, most = 8 * int(dtype[1]), 2 ** (8 * int(dtype[1]) - 1) - 1
    whole = np.linspace(-most, most, HEIGHT * WIDTH).astype(dtype).reshape(HEIGHT, WIDTH, 1)
    expected = (whole.astype(np.float64) + most) / (2 * most) * 255
    assert np.abs(decoded(Tiff(whole, bits).written()) - expected).max() <= 1
    small = noise(1, 100, dtype)
    small[3, 3] = -2  # noise about black
    image = decoded(Tiff(small, bits).written())
    white = {"i1": 127}.get(dtype, 255)
    same(image, share(np.maximum(small.astype(int), 0), white))
    positive = np.abs(whole.astype(np.int64)).astype(dtype)
    same(decoded(Tiff(positive, bits).written()), share(positive, most))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
@pytest.mark.parametrize("white", [1.0, 255.0, 4095.0])
@pytest.mark.parametrize("order", ["<", ">"])
def test_floats(dtype: str, white: float, order: str) -> None:
    values = (np.random.default_rng(1).random((HEIGHT, WIDTH, 3)) * white).astype(dtype)
    values[0, 0], values[1, 1] = 0.0, white
    image = decoded(Tiff(values, 8 * int(dtype[1]), RGB, order=order).written())
    same(image, share(values, white))


def test_floats_that_pass_white_a_little_or_are_no_numbers() -> None:
    values = np.full((HEIGHT, WIDTH, 1), 0.5, np.float32)
    values[0, :4, 0] = 1.3, np.nan, np.inf, -0.01
    signalling = np.array([0x7F800001], np.uint32).view(np.float32)
    values.view(np.uint32)[0, 5, 0] = signalling.view(np.uint32)[0]
    image = decoded(Tiff(values, 32).written())
    assert image[0, :6, 0].tolist() == [255, 0, 0, 0, 128, 0]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [LZW, DEFLATE])
@pytest.mark.parametrize(
    ("bits", "predictor", "dtype"),
    [(8, 2, "u1"), (16, 2, "u2"), (32, 2, "u4"), (16, 3, "f2"), (32, 3, "f4"), (64, 3, "f8")],
)
@pytest.mark.parametrize("layout", ["strips", "tiles", "planes"])
def test_predictors(
    bits: int, predictor: int, dtype: str, compression: int, order: str, layout: str
) -> None:
    values = noise(3, 256, dtype)
    how: dict[str, Any] = {"compression": compression, "order": order, **LAYOUTS[layout]}
    same(decoded(Tiff(values, bits, RGB, predictor=predictor, **how).written()), values)


@pytest.mark.parametrize("compression", [NONE, LZW, DEFLATE, PACKBITS])
@pytest.mark.parametrize("bits", [1, 4, 8])
def test_bits_the_other_way_round(compression: int, bits: int) -> None:
    values = noise(1, 1 << bits)
    file = Tiff(values, bits, fill_order=2, compression=compression, rows=5)
    same(decoded(file.written()), share(values, (1 << bits) - 1))


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("deep", [True, False])
def test_palettes(bits: int, deep: bool) -> None:
    values = noise(1, 1 << bits)
    colours = np.random.default_rng(2).integers(0, 256, (3, 1 << bits))
    colours[0, 0] = 255
    stored = (colours * 257 if deep else colours).ravel().tolist()
    file = Tiff(values, bits, PALETTE, tags={320: (3, stored)})
    same(decoded(file.written()), colours.T[values[..., 0].astype(int)])


def test_ink() -> None:
    values = noise(4)
    light = 255 - values.astype(np.int64)
    expected = np.floor(light[..., :3] * light[..., 3:] / 255 + 0.5).astype(np.int64)
    for how in LAYOUTS.values():
        same(decoded(Tiff(values, 8, CMYK, **how).written()), expected)


def from_ycbcr(samples: Samples) -> NDArray[np.float64]:
    y, cb, cr = np.moveaxis(samples.astype(np.float64), 2, 0)
    rgb = [
        y + 1.402 * (cr - 128),
        y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128),
        y + 1.772 * (cb - 128),
    ]
    clipped: NDArray[np.float64] = np.clip(np.stack(rgb, axis=2), 0, 255)
    return clipped


@pytest.mark.parametrize("compression", [NONE, LZW, DEFLATE])
@pytest.mark.parametrize("subsampling", [(1, 1), (2, 1), (2, 2), (4, 2), (1, 2), (4, 4)])
@pytest.mark.parametrize("tiled", [False, True])
def test_luminance_and_chrominance(
    compression: int, subsampling: tuple[int, int], tiled: bool
) -> None:
    across, down = subsampling
    values = noise(3)
    for top in range(0, HEIGHT, down):
        for left in range(0, WIDTH, across):
            values[top : top + down, left : left + across, 1:] = values[top, left, 1:]
    how: dict[str, Any] = {"tile": (16, 16)} if tiled else {"rows": 8}
    units = _Subsampled(values, 8, YCBCR, compression=compression, **how)
    units.subsampling = subsampling
    units.tags = {530: (3, list(subsampling))}
    assert np.abs(decoded(units.written()) - from_ycbcr(values)).max() <= 1


class _Subsampled(Tiff):
    subsampling = (1, 1)

    def _bytes(self, block: Samples) -> bytes:
        across, down = self.subsampling
        height, width = block.shape[:2]
        padded = np.pad(block, ((0, -height % down), (0, -width % across), (0, 0)), mode="edge")
        pieces = [
            padded[top : top + down, left : left + across, 0].astype(np.uint8).tobytes()
            + padded[top, left, 1:].astype(np.uint8).tobytes()
            for top in range(0, height, down)
            for left in range(0, width, across)
        ]
        return b"".join(pieces)


def test_the_reference_levels_of_video_are_followed() -> None:
    values = np.zeros((2, 2, 3), np.uint8)
    black, white, red = (16, 128, 128), (235, 128, 128), (81, 90, 240)
    values[0, 0], values[0, 1], values[1, 0], values[1, 1] = black, white, red, black
    levels = [16, 1, 235, 1, 128, 1, 240, 1, 128, 1, 240, 1]
    image = decoded(Tiff(values, 8, YCBCR, tags={530: (3, [1, 1]), 532: (5, levels)}).written())
    assert image[0, 0].tolist() == [0, 0, 0]
    assert image[0, 1].tolist() == [255, 255, 255]
    assert np.abs(image[1, 0] - (255, 0, 0)).max() <= 2


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize(("photometric", "colours"), [(BLACK_IS_ZERO, 1), (RGB, 3)])
@pytest.mark.parametrize("kind", [None, 0, 1, 2])
@pytest.mark.parametrize("planar", [False, True])
def test_further_samples(
    bits: int, photometric: int, colours: int, kind: int | None, planar: bool
) -> None:
    most = (1 << bits) - 1
    values = noise(colours + 1, 1 << bits).astype(np.float64)
    alpha = values[..., colours:] / most
    if kind == 1:
        values[..., :colours] = np.floor(values[..., :colours] * alpha)
    extra: dict[int, tuple[int, list[int]]] = {} if kind is None else {338: (3, [kind])}
    file = Tiff(values.astype("u8"), bits, photometric, planar=planar, tags=extra)
    light = values[..., :colours] / most * 255
    mixed = {1: light + 128 * (1 - alpha), 2: light * alpha + 128 * (1 - alpha)}
    expected = mixed.get(kind or 0, light) + np.zeros(3)
    assert np.abs(decoded(file.written()) - expected).max() <= 2.01


def test_the_third_of_four_channels_of_ink_and_alpha_is_no_alpha() -> None:
    values = noise(5)
    light = 255 - values.astype(np.int64)
    plain = np.floor(light[..., :3] * light[..., 3:4] / 255 + 0.5)
    alpha = values[..., 4:] / 255
    image = decoded(Tiff(values, 8, CMYK, tags={338: (3, [2])}).written())
    assert np.abs(image - (plain * alpha + 128 * (1 - alpha))).max() <= 0.5001


@pytest.mark.parametrize(
    "tags",
    [
        {296: (3, [1]), 282: (5, [0, 0]), 283: (5, [0, 0])},
        {339: (3, [])},
        {258: (3, [8])},
        {279: (4, [])},
        {279: (4, [0])},
        {274: (3, [0])},
        {274: (2, [65] * 9)},
        {700: (1, [1, 2, 3])},
        {34675: (7, [1, 2, 3])},
        {330: (4, [8])},
        {34665: (4, [9999])},
    ],
)
@pytest.mark.parametrize("compression", [NONE, LZW, DEFLATE])
def test_what_says_nothing_of_the_samples_may_be_missing_or_wrong(
    tags: dict[int, tuple[int, list[int]]], compression: int
) -> None:
    values = noise(3)
    same(decoded(Tiff(values, 8, RGB, compression=compression, tags=tags).written()), values)


def test_strips_whose_lengths_are_not_said() -> None:
    values = noise(3)
    for compression in (NONE, LZW, DEFLATE, PACKBITS):
        file = Tiff(values, 8, RGB, compression=compression, rows=4)
        lengths = file.written()
        file.tags = {279: (4, [0] * 5)}
        assert file.written() != lengths
        same(decoded(file.written()), values)


@pytest.mark.parametrize(("channels", "compression"), [(1, NONE), (3, NONE), (1, LZW)])
def test_a_meaning_that_is_not_said_is_guessed(channels: int, compression: int) -> None:
    values = noise(channels)
    file = Tiff(values, 8, compression=compression, tags={262: (3, [])})
    same(decoded(file.written()), values)


@pytest.mark.parametrize("compression", ["group3", "group4"])
def test_fax(compression: str) -> None:
    dots = np.random.default_rng(3).integers(0, 2, (HEIGHT, WIDTH)).astype(bool)
    data = saved(Image.fromarray(dots), "TIFF", compression=compression)
    same(decoded(data), dots[..., None] * 255)


def test_zstandard() -> None:
    data = saved(picture(), "TIFF", compression="zstd")
    same(decoded(data), gradient())


@pytest.mark.parametrize("tiled", [False, True])
@pytest.mark.parametrize("photometric", [BLACK_IS_ZERO, RGB, CMYK, YCBCR])
def test_jpeg_in_tiff_has_the_colours_that_the_tiff_says(photometric: int, tiled: bool) -> None:
    channels = {BLACK_IS_ZERO: 1, CMYK: 4}.get(photometric, 3)
    values = np.random.default_rng(channels).integers(0, 256, (4, 4, channels))
    places = [(0, 0), (0, 2), (2, 0), (2, 2)] if tiled else [(0, 0), (2, 0)]
    wide = 2 if tiled else 4
    blocks = []
    for top, left in places:
        part = values[top : top + 2, left : left + wide]
        parts = [Component(1, 1, part[..., c], c + 1) for c in range(channels)]
        blocks.append(jpeg(8 * wide, 16, parts))
    size: dict[int, tuple[int, list[int]]] = {278: (4, [16])}
    if tiled:
        size = {322: (4, [16]), 323: (4, [16])}
    tags: dict[int, tuple[int, list[int]]] = {
        256: (4, [32]), 257: (4, [32]), 258: (3, [8] * channels), 259: (3, [7]),
        262: (3, [photometric]), 277: (3, [channels]), **size,
    }  # fmt: skip
    image = decoded(tiff(tags, blocks, tiled=tiled))[3::8, 3::8]
    light = 255 - values
    expected = {
        CMYK: light[..., :3] * light[..., 3:] / 255 if channels == 4 else None,
        YCBCR: from_ycbcr(values) if channels == 3 else None,
    }.get(photometric, values)
    assert expected is not None
    assert np.abs(image - expected).max() <= 1.5


@pytest.mark.parametrize("quality", [75, 95])
def test_jpeg_in_tiff_with_shared_tables(quality: int) -> None:
    data = saved(picture(), "TIFF", compression="jpeg", quality=quality)
    assert np.abs(decoded(data) - gradient()).mean() < 6
