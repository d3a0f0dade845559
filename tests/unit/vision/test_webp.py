"""WebP files put together chunk by chunk from lossless pixels, which come back to the bit."""

import struct

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.errors import InvalidImage, PayloadTooLarge
from app.vision.decode import ImageLimits, decode_image
from tests.unit.vision.files import saved

LIMITS = ImageLimits(max_bytes=1 << 20, max_pixels=100_000)
WIDTH, HEIGHT = 23, 14


def noise(channels: int, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    shape = (height, width, channels)
    return np.random.default_rng(channels).integers(0, 256, shape).astype(np.uint8)


def pixels(values: NDArray[np.uint8]) -> bytes:
    """The chunk of the lossless pixels."""
    return saved(Image.fromarray(values), "WEBP", lossless=True, exact=True)[12:]


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def webp(*chunks: bytes) -> bytes:
    return chunk(b"RIFF", b"WEBP" + b"".join(chunks))


def three(number: int) -> bytes:
    return number.to_bytes(3, "little")


def canvas(flags: int, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    return chunk(b"VP8X", bytes((flags, 0, 0, 0)) + three(width - 1) + three(height - 1))


def frame(left: int, top: int, values: NDArray[np.uint8]) -> bytes:
    height, width = values.shape[:2]
    place = three(left // 2) + three(top // 2) + three(width - 1) + three(height - 1)
    return chunk(b"ANMF", place + three(100) + b"\0" + pixels(values))


def decoded(data: bytes) -> NDArray[np.uint8]:
    return decode_image(data, LIMITS)


def test_lossless_pixels_with_and_without_transparency() -> None:
    values = noise(3)
    np.testing.assert_array_equal(decoded(webp(pixels(values))), values)
    clear = noise(4)
    share = clear[..., 3:] / 255
    expected = clear[..., :3] * share + 128 * (1 - share)
    assert np.abs(decoded(webp(pixels(clear))) - expected).max() <= 0.5001


def test_lossy_pixels_with_transparency() -> None:
    values = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    values[..., 0], values[..., 3], values[:, :10, 3] = 200, 255, 0
    data = saved(Image.fromarray(values), "WEBP", quality=95, exact=True)
    assert b"ALPH" in data
    image = decoded(data).astype(int)
    assert (image[:, :10] == 128).all()
    assert np.abs(image[:, 10:] - (200, 0, 0)).max() < 12


def test_the_first_frame_of_an_animation_is_read() -> None:
    values = noise(3)
    animation = chunk(b"ANIM", bytes(6))
    data = webp(canvas(2), animation, frame(0, 0, values), frame(0, 0, values[::-1]))
    np.testing.assert_array_equal(decoded(data), values)


def test_a_frame_lies_in_its_place_and_the_rest_is_transparent() -> None:
    values = noise(3, 9, 6)
    image = decoded(webp(canvas(2), chunk(b"ANIM", bytes(6)), frame(8, 4, values)))
    expected = np.full((HEIGHT, WIDTH, 3), 128)
    expected[4:10, 8:17] = values
    np.testing.assert_array_equal(image, expected)


def test_sizes_that_are_wrong_and_chunks_that_are_unknown_do_no_harm() -> None:
    values = noise(3)
    for extra in (chunk(b"ICCP", b"broken"), chunk(b"junk", b"odd"), chunk(b"EXIF", b"broken")):
        data = webp(canvas(0x2C), extra, pixels(values))
        for header in (data[4:8], b"\0\0\0\0", b"\xff\xff\xff\x7f"):
            changed = data[:4] + header + data[8:]
            np.testing.assert_array_equal(decoded(changed), values)
            np.testing.assert_array_equal(decoded(changed + b"tail"), values)


def test_a_wholly_transparent_picture_is_refused_with_the_reason() -> None:
    values = noise(4)
    values[..., 3] = 0
    with pytest.raises(InvalidImage, match="transparent"):
        decoded(webp(pixels(values)))


@pytest.mark.parametrize("cut", [1, 2, 40, 200])
def test_pixels_that_are_not_whole_are_refused(cut: int) -> None:
    name, body = b"VP8L", pixels(noise(3))[8:]
    size = struct.unpack("<I", pixels(noise(3))[4:8])[0]
    file = b"RIFF" + bytes(4) + b"WEBP" + name + struct.pack("<I", size) + body[:size]
    assert decoded(file).shape == (HEIGHT, WIDTH, 3)  # the filling byte may be missing
    with pytest.raises(InvalidImage):
        decoded(file[:-cut])


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (webp(), InvalidImage),
        (webp(canvas(2), chunk(b"ANMF", b"")), InvalidImage),
        (webp(canvas(0, 30_000, 1), pixels(noise(3))), PayloadTooLarge),
        (webp(canvas(0, 400, 400), pixels(noise(3))), PayloadTooLarge),
        (webp(chunk(b"VP8L", b"\x2f" + b"\0" * 30)), InvalidImage),
        (webp(chunk(b"VP8 ", b"")), InvalidImage),
    ],
)
def test_files_that_hold_no_frame_are_refused(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        decoded(data)
