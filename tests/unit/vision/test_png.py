"""PNG files written chunk by chunk, of every colour type and depth, plain and interlaced."""

import struct
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray

from app.errors import InvalidImage, PayloadTooLarge
from app.vision.decode import ImageLimits, decode_image
from tests.unit.vision.files import png_chunk, png_file

LIMITS = ImageLimits(max_bytes=1 << 20, max_pixels=100_000)
WIDTH, HEIGHT = 13, 9
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
PASSES = [
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)
]  # fmt: skip
"""Adam7: x and y of each pass's first pixel, and its steps."""


def noise(colour: int, depth: int, top: int | None = None) -> NDArray[np.int64]:
    """(HEIGHT, WIDTH, channels) of 0 to ``top`` - 1, both of which occur."""
    top = top or 1 << depth
    shape = HEIGHT, WIDTH, CHANNELS[colour]
    values = np.random.default_rng([colour, depth]).integers(0, top, shape)
    values[0, 0], values[-1, -1] = 0, top - 1
    return values


def lines(values: NDArray[np.int64], depth: int) -> bytes:
    """Rows of samples, unfiltered and filtered by turns."""
    rows = []
    for row in values.reshape(len(values), -1):
        text = "".join(f"{value:0{depth}b}" for value in row)
        text += "0" * (-len(text) % 8)
        rows.append(int(text, 2).to_bytes(len(text) // 8, "big") if text else b"")
    unit = max(1, values.shape[2] * depth // 8)
    return b"".join(_filtered(row, i, unit) for i, row in enumerate(rows))


def _filtered(row: bytes, index: int, unit: int) -> bytes:
    """By turns as it is, and as the difference to the pixel before."""
    if index % 2 == 0:
        return b"\0" + row
    before = bytes(unit) + row
    return b"\1" + bytes((a - b) % 256 for a, b in zip(row, before, strict=False))


def png(
    values: NDArray[np.int64],
    colour: int,
    depth: int,
    *chunks: tuple[bytes, bytes],
    interlaced: bool = False,
) -> bytes:
    height, width = values.shape[:2]
    if interlaced:
        parts = [values[y::down, x::across] for x, y, across, down in PASSES]
        body = b"".join(lines(part, depth) for part in parts if part.size)
    else:
        body = lines(values, depth)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    pixels = (b"IDAT", zlib.compress(body))
    return png_file((b"IHDR", header), *chunks, pixels, (b"IEND", b""))


def decoded(data: bytes) -> NDArray[np.int64]:
    return decode_image(data, LIMITS).astype(np.int64)


def in_bytes(values: NDArray[np.int64], depth: int) -> NDArray[np.int64]:
    """0 to 255; of 16 bits the high byte."""
    return values >> 8 if depth == 16 else values * 255 // ((1 << depth) - 1)


def over_grey(colours: NDArray[np.int64], alpha: NDArray[np.int64]) -> NDArray[np.float64]:
    share = alpha[..., None] / 255
    return colours * share + 128 * (1 - share) + np.zeros(3)


KINDS = [
    *((GREY, depth) for depth in (1, 2, 4, 8, 16)),
    (RGB, 8), (RGB, 16), (GREY_ALPHA, 8), (GREY_ALPHA, 16), (RGBA, 8), (RGBA, 16),
]  # fmt: skip


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("colour", "depth"), KINDS)
def test_every_colour_type_and_depth(colour: int, depth: int, interlaced: bool) -> None:
    values = noise(colour, depth)
    image = decoded(png(values, colour, depth, interlaced=interlaced))
    eight = in_bytes(values, depth)
    if colour in (GREY, RGB):
        np.testing.assert_array_equal(image, eight + np.zeros(3, np.int64))
    else:
        assert np.abs(image - over_grey(eight[..., :-1], eight[..., -1])).max() <= 0.5001


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("depth", [1, 2, 4, 8])
@pytest.mark.parametrize("transparency", ["none", "one", "several"])
def test_palettes(depth: int, interlaced: bool, transparency: str) -> None:
    indices = noise(PALETTE, depth)
    palette = np.random.default_rng(4).integers(0, 256, (1 << depth, 3)).astype(np.uint8)
    alpha = np.full(256, 255)
    entries = {"none": [], "one": [255, 0], "several": [200, 0]}[transparency]
    alpha[: len(entries)] = entries
    chunks = [(b"PLTE", palette.tobytes())] + [(b"tRNS", bytes(entries))] * bool(entries)
    image = decoded(png(indices, PALETTE, depth, *chunks, interlaced=interlaced))
    plain = palette[indices[..., 0]].astype(np.int64)
    assert np.abs(image - over_grey(plain, alpha[indices[..., 0]])).max() <= 0.5001


def test_an_index_past_the_palette_is_black() -> None:
    indices = noise(PALETTE, 8)
    image = decoded(png(indices, PALETTE, 8, (b"PLTE", bytes((9, 8, 7)))))
    np.testing.assert_array_equal(image, np.where(indices == 0, (9, 8, 7), 0))


@pytest.mark.parametrize(("colour", "depth"), [k for k in KINDS if k[0] in (GREY, RGB)])
def test_one_transparent_colour(colour: int, depth: int) -> None:
    values = noise(colour, depth)
    key = values[3, 4]
    near = key.copy()
    near[-1] ^= 1  # differs in the lowest bit alone
    values[0, 1], values[0, 2] = key, near
    chunk = b"tRNS", struct.pack(f">{len(key)}H", *key)
    image = decoded(png(values, colour, depth, chunk))
    alpha = np.where((values == key).all(axis=2), 0, 255)
    assert image[0, 1].tolist() == [128] * 3
    np.testing.assert_array_equal(image, over_grey(in_bytes(values, depth), alpha))


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
@pytest.mark.parametrize("colour", [GREY, RGB, GREY_ALPHA, RGBA])
@pytest.mark.parametrize("said", [False, True], ids=["guessed", "sBIT"])
def test_the_bits_of_a_sensor_fill_the_range(colour: int, bits: int, said: bool) -> None:
    top = 1 << bits
    values = noise(colour, 16, top)
    if colour in (GREY_ALPHA, RGBA):
        values[..., -1] = 65535
    chunks = [(b"sBIT", bytes([bits] * CHANNELS[colour]))] * said
    image = decoded(png(values, colour, 16, *chunks))
    count = {GREY_ALPHA: 1, RGBA: 3}.get(colour, CHANNELS[colour])
    expected = np.floor(values[..., :count] * 255 / (top - 1) + 0.5)
    np.testing.assert_array_equal(image, expected + np.zeros(3))


def test_samples_that_fill_16_bits_are_read_so_although_the_camera_had_fewer() -> None:
    values = noise(GREY, 12) * 65535 // 4095
    image = decoded(png(values, GREY, 16, (b"sBIT", b"\x0c")))
    np.testing.assert_array_equal(image, (values >> 8) + np.zeros(3))


def test_an_alpha_of_a_sensors_bits_is_opaque() -> None:
    values = noise(RGBA, 16, 1024)
    values[..., 3] = 1023
    expected = np.floor(values[..., :3] * 255 / 1023 + 0.5)
    np.testing.assert_array_equal(decoded(png(values, RGBA, 16)), expected)


def test_black_stays_black() -> None:
    assert not decoded(png(np.zeros((3, 3, 1), np.int64), GREY, 16)).any()


@pytest.mark.parametrize(("colour", "depth"), [(GREY, 16), (RGB, 8), (RGB, 16), (PALETTE, 8)])
def test_linear_light_is_shown_as_a_screen_shows_it(colour: int, depth: int) -> None:
    values = noise(colour, depth)
    gamma = b"gAMA", struct.pack(">I", 100_000)
    ramp = np.arange(256, dtype=np.uint8)[:, None].repeat(3, axis=1)
    palette = [(b"PLTE", ramp.tobytes())] if colour == PALETTE else []
    image = decoded(png(values, colour, depth, gamma, *palette))
    expected = (values / ((1 << depth) - 1)) ** (1 / 2.2) * 255 + np.zeros(3)
    assert np.abs(image - expected).max() <= 0.5001


@pytest.mark.parametrize(
    "chunks",
    [
        [(b"gAMA", struct.pack(">I", 45_455))],
        [(b"gAMA", struct.pack(">I", 100_000)), (b"sRGB", b"\0")],
        [(b"gAMA", struct.pack(">I", 0))],
        [(b"gAMA", b"\0\1")],
        [(b"iCCP", b"broken")],
        [(b"pHYs", struct.pack(">IIB", 0, 0, 1))],
        [(b"tEXt", b"no separator")],
        [(b"zTXt", b"a\0\0broken")],
        [(b"eXIf", b"MM\0*\xff\xff\xff\xff")],
        [(b"sBIT", b"\xff")],
        [(b"acTL", b"\0")],
        [(b"tIME", b"")],
    ],
)
def test_what_says_nothing_of_the_samples_changes_nothing(
    chunks: list[tuple[bytes, bytes]],
) -> None:
    values = noise(RGB, 8)
    np.testing.assert_array_equal(decoded(png(values, RGB, 8, *chunks)), values)


def test_the_first_frame_of_an_animation_is_read() -> None:
    values = noise(RGB, 8)
    data = png(values, RGB, 8, (b"acTL", struct.pack(">II", 2, 0)))
    second = (b"fcTL", struct.pack(">IIIIIHHBB", 0, WIDTH, HEIGHT, 0, 0, 1, 1, 0, 0))
    later = (b"fdAT", struct.pack(">I", 1) + zlib.compress(bytes(HEIGHT * (3 * WIDTH + 1))))
    whole = data[:-12] + b"".join(png_chunk(*part) for part in (second, later)) + data[-12:]
    np.testing.assert_array_equal(decoded(whole), values)


def test_a_wholly_transparent_picture_is_refused_with_the_reason() -> None:
    values = noise(RGBA, 8)
    values[..., 3] = 0
    with pytest.raises(InvalidImage, match="transparent"):
        decoded(png(values, RGBA, 8))


def test_what_follows_the_pixels_may_be_missing_or_broken() -> None:
    values = noise(RGB, 8)
    data = png(values, RGB, 8)
    for harmless in (data[:-12], data[:-4], data[:-16], data[:-12] + b"\0" * 5, data + b"tail"):
        np.testing.assert_array_equal(decoded(harmless), values)
    for harmful in (data[:-40], data[: len(data) // 2]):
        with pytest.raises(InvalidImage):
            decoded(harmful)


def test_the_checksum_of_an_ancillary_chunk_may_be_wrong_and_of_a_critical_one_may_not() -> None:
    values = noise(RGB, 8)
    data = png(values, RGB, 8, (b"tEXt", b"a\0b"))
    text, pixels = data.index(b"tEXt"), data.index(b"IDAT")
    np.testing.assert_array_equal(decoded(_damaged(data, text + 4)), values)
    for place in (pixels + 6, 16):
        with pytest.raises(InvalidImage, match="checksum"):
            decoded(_damaged(data, place))


def test_a_transparency_with_a_wrong_checksum_is_left_out() -> None:
    values = noise(GREY, 8)
    data = png(values, GREY, 8, (b"tRNS", struct.pack(">H", values[0, 0, 0])))
    image = decoded(_damaged(data, data.index(b"tRNS") + 5))
    np.testing.assert_array_equal(image, values + np.zeros(3))


def _damaged(data: bytes, place: int) -> bytes:
    return data[:place] + bytes((data[place] ^ 1,)) + data[place + 1 :]


def test_pixels_in_many_chunks_are_joined() -> None:
    values = noise(RGB, 8)
    data = png(values, RGB, 8)
    at = data.index(b"IDAT") - 4
    size = struct.unpack_from(">I", data, at)[0]
    body = data[at + 8 : at + 8 + size]
    pieces = b"".join(png_chunk(b"IDAT", body[i : i + 1]) for i in range(size))
    np.testing.assert_array_equal(decoded(data[:at] + pieces + data[at + 12 + size :]), values)


@pytest.mark.parametrize(
    ("depth", "colour"), [(3, 0), (16, 3), (4, 2), (1, 4), (8, 1), (8, 5), (8, 7), (0, 0)]
)
def test_layouts_that_do_not_exist_are_refused(depth: int, colour: int) -> None:
    header = struct.pack(">IIBBBBB", 4, 4, depth, colour, 0, 0, 0)
    data = png_file((b"IHDR", header), (b"IDAT", zlib.compress(bytes(99))), (b"IEND", b""))
    with pytest.raises(InvalidImage, match="layout"):
        decoded(data)


@pytest.mark.parametrize("size", [(30_000, 1), (1, 30_000), (400, 400)])
def test_sides_and_pixels_are_bounded(size: tuple[int, int]) -> None:
    header = struct.pack(">IIBBBBB", *size, 1, 0, 0, 0, 0)
    with pytest.raises(PayloadTooLarge):
        decoded(png_file((b"IHDR", header), (b"IDAT", b""), (b"IEND", b"")))


def test_a_palette_picture_without_a_palette_is_refused() -> None:
    with pytest.raises(InvalidImage, match="palette"):
        decoded(png(noise(PALETTE, 8), PALETTE, 8))
