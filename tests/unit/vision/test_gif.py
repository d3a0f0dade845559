"""GIF files written block by block: palettes, places on the canvas, transparency, interlacing."""

import struct

import numpy as np
import pytest
from numpy.typing import NDArray

from app.errors import InvalidImage, PayloadTooLarge
from app.vision.decode import ImageLimits, decode_image

LIMITS = ImageLimits(max_bytes=1 << 20, max_pixels=100_000)
WIDTH, HEIGHT = 21, 17
COLOURS = np.random.default_rng(5).integers(0, 256, (16, 3)).astype(np.uint8)
SHARED = COLOURS.tobytes()
LOCAL = COLOURS[::-1].tobytes()


def indices(width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    return np.random.default_rng(6).integers(0, 16, (height, width)).astype(np.uint8)


def packed(values: NDArray[np.uint8], bits: int = 4, *, end: bool = True) -> bytes:
    """LZW without a dictionary: it is cleared before it could grow a code by a bit."""
    clear, codes = 1 << bits, []
    for i, value in enumerate(values.ravel().tolist()):
        codes += [clear] * (i % ((1 << bits) - 2) == 0) + [value]
    codes += [clear + 1] * end
    total = "".join(f"{code:0{bits + 1}b}" for code in reversed(codes))
    body = int(total, 2).to_bytes((len(codes) * (bits + 1) + 7) // 8, "little")
    blocks = [body[i : i + 100] for i in range(0, len(body), 100)]
    return bytes((bits,)) + b"".join(bytes((len(b),)) + b for b in blocks) + b"\0"


def frame(
    values: NDArray[np.uint8],
    *,
    left: int = 0,
    top: int = 0,
    palette: bytes = b"",
    interlaced: bool = False,
    clear: int | None = None,
    pixels: bytes | None = None,
) -> bytes:
    height, width = values.shape
    flags = (0x83 if palette else 0) | (0x40 if interlaced else 0)
    if interlaced:
        passes = [(0, 8), (4, 8), (2, 4), (1, 2)]
        values = np.concatenate([values[first::step] for first, step in passes])
    control = b"" if clear is None else b"\x21\xf9\x04\x01\0\0" + bytes((clear, 0))
    place = struct.pack("<HHHHB", left, top, width, height, flags)
    return control + b"\x2c" + place + palette + (packed(values) if pixels is None else pixels)


def gif(*parts: bytes, palette: bytes = SHARED, size: tuple[int, int] = (WIDTH, HEIGHT)) -> bytes:
    flags = 0x83 if palette else 0
    return b"GIF89a" + struct.pack("<HHBBB", *size, flags, 7, 0) + palette + b"".join(parts) + b";"


def decoded(data: bytes) -> NDArray[np.uint8]:
    return decode_image(data, LIMITS)


@pytest.mark.parametrize("interlaced", [False, True])
def test_the_palette_of_the_file_and_of_the_frame(interlaced: bool) -> None:
    values = indices()
    shared = decoded(gif(frame(values, interlaced=interlaced)))
    np.testing.assert_array_equal(shared, COLOURS[values])
    for common in (SHARED, b""):
        own = gif(frame(values, interlaced=interlaced, palette=LOCAL), palette=common)
        np.testing.assert_array_equal(decoded(own), COLOURS[::-1][values])


def test_without_a_palette_indices_are_grey() -> None:
    values = indices()
    image = decoded(gif(frame(values), palette=b""))
    np.testing.assert_array_equal(image, values[..., None] + np.zeros(3))


@pytest.mark.parametrize("clear", [None, 3])
def test_a_frame_lies_in_its_place_and_the_rest_is_transparent(clear: int | None) -> None:
    values = indices(9, 6)
    image = decoded(gif(frame(values, left=7, top=4, clear=clear)))
    expected = np.full((HEIGHT, WIDTH, 3), 128)
    expected[4:10, 7:16] = COLOURS[values]
    if clear is not None:
        expected[4:10, 7:16][values == clear] = 128
    np.testing.assert_array_equal(image, expected)


def test_a_canvas_grows_to_hold_the_frame() -> None:
    values = indices()
    image = decoded(gif(frame(values, left=2, top=1), size=(0, 0)))
    assert image.shape == (HEIGHT + 1, WIDTH + 2, 3)
    np.testing.assert_array_equal(image[1:, 2:], COLOURS[values])


def test_the_first_frame_is_read_and_no_other() -> None:
    values = indices()
    data = gif(b"\x21\xfe\x03abc\0", frame(values), frame(values[::-1]), b"\x2cbroken")
    np.testing.assert_array_equal(decoded(data), COLOURS[values])


def test_the_transparency_of_a_later_frame_is_its_own() -> None:
    values = indices()
    data = gif(frame(values), frame(values, clear=int(values[0, 0])))
    np.testing.assert_array_equal(decoded(data), COLOURS[values])


def test_a_wholly_transparent_picture_is_refused_with_the_reason() -> None:
    with pytest.raises(InvalidImage, match="transparent"):
        decoded(gif(frame(np.full((HEIGHT, WIDTH), 3, np.uint8), clear=3)))


def test_what_follows_the_pixels_may_be_missing() -> None:
    values = indices()
    whole = gif(frame(values))
    unended = gif(frame(values, pixels=packed(values, end=False)))
    for data in (whole[:-1], whole[:-2], unended, unended[:-2], whole + b"tail"):
        np.testing.assert_array_equal(decoded(data), COLOURS[values])


@pytest.mark.parametrize("cut", [5, 30, 90])
def test_a_frame_that_is_not_whole_is_refused(cut: int) -> None:
    values = indices()
    with pytest.raises(InvalidImage):
        decoded(gif(frame(values))[:-cut])
    short = packed(values.ravel()[: -cut * 2])
    with pytest.raises(InvalidImage):
        decoded(gif(frame(values, pixels=short)))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (gif(), InvalidImage),
        (gif(b"\x21\xfe\x03abc\0"), InvalidImage),
        (gif(frame(indices(0, 0))), InvalidImage),
        (gif(frame(indices(1, 1), left=30_000)), PayloadTooLarge),
        (gif(frame(indices(400, 400))), PayloadTooLarge),
        (gif(frame(indices(), pixels=b"\x0c\x01\0\0")), InvalidImage),
        (b"GIF89a", InvalidImage),
    ],
)
def test_files_that_hold_no_frame_are_refused(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        decoded(data)
