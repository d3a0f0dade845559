"""A picture that is searched: at which size it is decoded, and that it shows the same at each."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.errors import InvalidImage
from app.inference.upright import turned
from app.vision.decode import ImageLimits, decode_image, decode_picture
from app.vision.picture import WHOLE, Enough, Picture
from tests.unit.vision.files import gradient, saved

LIMITS = ImageLimits(max_bytes=1 << 20, max_pixels=1_000_000)
WIDTH, HEIGHT = 320, 240
HALF = Enough(side=160, most=2)


def photo(**options: object) -> bytes:
    return saved(Image.fromarray(gradient(WIDTH, HEIGHT)), "JPEG", quality=95, **options)


def averaged(pixels: NDArray[np.uint8], block: int) -> NDArray[np.float64]:
    """The mean of each block of pixels."""
    height, width = pixels.shape[0] // block, pixels.shape[1] // block
    return np.asarray(pixels.reshape(height, block, width, block, 3).mean(axis=(1, 3)))


@pytest.mark.parametrize(
    ("size", "enough", "shrink"),
    [
        ((4000, 3000), Enough(side=1280, most=2), 2),
        ((4000, 3000), Enough(side=1280, most=8), 2),
        ((4000, 3000), Enough(side=500, most=8), 8),
        ((4000, 3000), Enough(side=1280, most=1), 1),
        ((4000, 3000), Enough(side=1280, most=0), 1),
        ((1920, 1080), Enough(side=1280, most=8), 1),
        ((4000, 3001), Enough(side=1280, most=8), 1),
        ((40_000, 32_000), Enough(side=100, most=64), 8),
        ((4000, 3000), WHOLE, 1),
    ],
)
def test_a_picture_is_shrunk_as_far_as_is_enough_and_pixels_stay_whole(
    size: tuple[int, int], enough: Enough, shrink: int
) -> None:
    assert enough.shrink(*size) == shrink


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_shrunk_jpeg_shows_the_same_and_is_decoded_whole_when_asked(
    orientation: int, progressive: bool
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = photo(exif=exif, progressive=progressive)
    whole = decode_image(data, LIMITS)
    found = decode_picture(data, LIMITS, HALF)
    assert (found.height, found.width) == whole.shape[:2]
    assert found.shrunk == 2
    away = np.abs(np.asarray(found.pixels, np.float64) - averaged(whole, 2))
    assert away.mean() < 1
    np.testing.assert_array_equal(np.asarray(found.whole()), whole)
    assert (found.shrunk, found.pixels.size) == (1, (found.width, found.height))


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_shrunk_jpeg_of_other_colours_is_rgb(mode: str) -> None:
    image = Image.fromarray(gradient(WIDTH, HEIGHT)).convert(mode)
    found = decode_picture(saved(image, "JPEG"), LIMITS, HALF)
    assert (found.shrunk, found.pixels.mode) == (2, "RGB")


def test_a_jpeg_without_its_end_is_never_shrunk_and_one_cut_short_is_refused() -> None:
    data = photo()
    assert decode_picture(data[:-2], LIMITS, HALF).shrunk == 1
    with pytest.raises(InvalidImage, match="truncated"):
        decode_picture(data[: len(data) * 2 // 3], LIMITS, HALF)


def test_other_formats_are_decoded_whole() -> None:
    data = saved(Image.fromarray(gradient(WIDTH, HEIGHT)), "PNG")
    found = decode_picture(data, LIMITS, HALF)
    assert found.shrunk == 1
    np.testing.assert_array_equal(np.asarray(found.pixels), gradient(WIDTH, HEIGHT))


@pytest.mark.parametrize("size", [(160, 120), (64, 48), (107, 80)])
def test_every_pixel_counts_where_a_picture_is_resized(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    found = np.asarray(Picture.of(pixels).resized(size), np.float64)
    assert found.shape == (size[1], size[0], 3)
    assert abs(found.mean() - pixels.mean()) < 1
    assert found.std() < pixels.std() * 1.2 * (size[0] / WIDTH)  # picked pixels would keep it all


def test_a_part_is_resized_as_the_whole_is() -> None:
    picture = Picture.of(gradient(WIDTH, HEIGHT))
    whole = np.asarray(picture.resized((160, 120)), int)
    part = np.asarray(picture.resized((64, 32), (64, 128, 192, 192)), int)
    assert np.abs(part - whole[64:96, 32:96]).max() <= 1


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_picture_is_turned_as_an_image_is(degrees: int) -> None:
    pixels = gradient(WIDTH, HEIGHT)
    found = Picture.of(pixels).turned(degrees)
    np.testing.assert_array_equal(np.asarray(found.pixels), turned(pixels, degrees))
