"""Every kind of file that is read, and the right refusal of the others."""

import struct
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFile

from app.errors import InvalidImage, PayloadTooLarge, UnsupportedImage
from app.vision.decode import ImageLimits, decode_image
from app.vision.types import RgbImage
from tests.unit.vision.files import (
    HEIGHT,
    WIDTH,
    every_kind,
    gradient,
    picture,
    png_header,
    saved,
)

LIMITS = ImageLimits(max_bytes=1 << 20, max_pixels=100_000)
_TURNED: dict[int, Callable[[RgbImage], RgbImage]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a, -1),
}
"""How a camera would have stored the picture so that each orientation tag sets it upright."""


def decoded(data: bytes) -> RgbImage:
    return decode_image(data, LIMITS)


@pytest.mark.parametrize("kind", every_kind())
def test_every_kind_of_file_gives_the_picture_that_was_saved(kind: str) -> None:
    image = decoded(every_kind()[kind])
    expected = gradient()
    if kind == "sixteen bit":
        expected = np.asarray(picture().convert("L"))[:, :, None].repeat(3, axis=2)
    assert image.shape == (HEIGHT, WIDTH, 3)
    assert image.dtype == np.uint8
    lossy = {"palette": 60, "gif": 60, "cmyk": 40}.get(kind, 12)
    assert np.abs(image.astype(int) - expected).mean() < lossy / 2


@pytest.mark.parametrize("kind", ["png", "lossless webp", "bmp", "tiff", "raw tiff", "apng"])
def test_lossless_files_come_back_to_the_bit(kind: str) -> None:
    np.testing.assert_array_equal(decoded(every_kind()[kind]), gradient())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation_is_applied(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(_TURNED[orientation](gradient())))
    options = {"quality": 95} if kind in ("JPEG", "WEBP") else {}
    image = decoded(saved(stored, kind, exif=exif, **options))
    assert image.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(image.astype(int) - gradient()).mean() < 4


def test_unreadable_exif_leaves_the_picture_as_it_is() -> None:
    data = saved(picture(), "JPEG", exif=b"Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff garbage")
    assert decoded(data).shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255)])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_lie_over_neutral_grey_and_opaque_ones_stay(
    mode: str, colour: tuple[int, int, int]
) -> None:
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[..., :3], pixels[:2, :, 3] = colour, 255
    image = decoded(saved(Image.fromarray(pixels).convert(mode), "PNG"))
    assert (image[:2] == colour).all()
    assert (image[2:] == 128).all()


def test_a_transparent_palette_entry_lies_over_neutral_grey() -> None:
    pixels = Image.new("P", (4, 4), 1)
    pixels.putpalette([0, 90, 0, 200, 10, 10])
    pixels.paste(0, (0, 0, 4, 1))
    for kind in ("PNG", "GIF"):
        image = decoded(saved(pixels, kind, transparency=1))
        assert (image[0] == (0, 90, 0)).all()
        assert (image[1:] == 128).all()
        assert (decoded(saved(pixels, kind))[1:] == (200, 10, 10)).all()


def test_one_transparent_colour_of_an_rgb_png_lies_over_neutral_grey() -> None:
    pixels = Image.new("RGB", (2, 2), (10, 20, 30))
    pixels.putpixel((1, 1), (10, 20, 31))
    image = decoded(saved(pixels, "PNG", transparency=(10, 20, 30)))
    assert image[1, 1].tolist() == [10, 20, 31]
    assert (image[0] == 128).all()


@pytest.mark.parametrize("dtype", [">u2", "<u2"])
def test_sixteen_bits_are_scaled_and_not_clipped(dtype: str) -> None:
    deep = (np.arange(256, dtype=np.uint16) * 257).reshape(16, 16)
    mode = "I;16B" if dtype == ">u2" else "I;16"
    image = Image.frombytes(mode, (16, 16), deep.astype(dtype).tobytes())
    for kind in ("PNG", "TIFF"):
        grey = decoded(saved(image, kind))[:, :, 0]
        np.testing.assert_array_equal(grey.ravel(), np.arange(256))


@pytest.mark.parametrize(("dtype", "white"), [(np.int32, 65535), (np.float32, 1.0)])
def test_wider_pixels_are_scaled_by_the_white_they_use(dtype: type, white: float) -> None:
    values: NDArray[np.generic] = (np.linspace(0, 1, 256) * white).astype(dtype).reshape(16, 16)
    grey = decoded(saved(Image.fromarray(values), "TIFF"))[:, :, 0].ravel().astype(int)
    assert np.abs(grey - np.arange(256)).max() <= 1


def test_not_a_number_is_black() -> None:
    values: NDArray[np.float32] = np.array([[np.nan, 1.0], [np.inf, 0.0]], np.float32)
    grey = decoded(saved(Image.fromarray(values), "TIFF"))[:, :, 0]
    assert grey.tolist() == [[0, 255], [0, 0]]


def test_a_colour_space_that_is_not_read_is_unsupported() -> None:
    with pytest.raises(UnsupportedImage, match="CIELab"):
        decoded(saved(Image.new("LAB", (4, 4)), "TIFF"))


def test_no_bytes_are_an_invalid_image() -> None:
    with pytest.raises(InvalidImage, match="0 bytes"):
        decoded(b"")


@pytest.mark.parametrize(
    "data", [b"hello", b"\0" * 1000, b"<svg/>", b"RIFF\0\0\0\0WAVEfmt ", b"%PDF-1.7", b"\xff\xd8"]
)
def test_bytes_that_are_no_image_are_unsupported(data: bytes) -> None:
    with pytest.raises(UnsupportedImage, match="JPEG, PNG, WebP, BMP, GIF and TIFF"):
        decoded(data)


@pytest.mark.parametrize("kind", ["ICO", "PPM", "TGA", "PCX", "JPEG2000"])
def test_images_of_other_formats_are_unsupported(kind: str) -> None:
    with pytest.raises(UnsupportedImage):
        decoded(saved(picture(), kind))


@pytest.mark.parametrize("kind", every_kind())
def test_a_truncated_file_is_refused_as_an_invalid_image(kind: str) -> None:
    whole = every_kind()[kind]
    for share in (0.2, 0.5, 0.8):
        if kind in ("gif", "animated webp", "apng") and share > 0.2:
            continue  # by then the first frame may be whole
        with pytest.raises(InvalidImage):
            decoded(whole[: int(len(whole) * share)])


def test_too_many_bytes_are_refused_before_they_are_looked_at() -> None:
    with pytest.raises(PayloadTooLarge, match="1,048,577 bytes; at most 1,048,576"):
        decoded(b"\0" * ((1 << 20) + 1))


@pytest.mark.parametrize("kind", ["BMP", "GIF", "TIFF", "PNG", "JPEG", "WEBP"])
def test_too_many_pixels_are_refused_before_any_is_decoded(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = saved(Image.new("RGB", (400, 400)), kind)
    monkeypatch.setattr(ImageFile.ImageFile, "load", _must_not_be_called)
    with pytest.raises(PayloadTooLarge, match="400 x 400 pixels; at most 100,000"):
        decoded(data)


def _must_not_be_called(image: Image.Image) -> None:
    raise AssertionError("pixels were decoded")


def test_a_png_that_claims_30000_x_30000_pixels_is_too_large() -> None:
    with pytest.raises(PayloadTooLarge, match="30,000 x 30,000"):
        decoded(png_header(30_000, 30_000))


@pytest.mark.parametrize("chunk", [b"VP8X", b"VP8L", b"VP8 "])
def test_a_webp_that_claims_a_huge_canvas_is_too_large_before_it_is_opened(chunk: bytes) -> None:
    body = {
        b"VP8X": b"\x10\0\0\0" + b"\xff\x3f\0" * 2,
        b"VP8L": b"\x2f" + b"\xff\xff\xff\x0f" + b"\0" * 5,
        b"VP8 ": b"\0\0\0\x9d\x01\x2a" + b"\xff\x3f" * 2,
    }[chunk]
    inner = b"WEBP" + chunk + struct.pack("<I", len(body)) + body
    with pytest.raises(PayloadTooLarge, match=r"16,38\d x 16,38\d pixels"):
        decoded(b"RIFF" + struct.pack("<I", len(inner)) + inner)


def test_a_gif_frame_that_is_larger_than_its_screen_is_too_large() -> None:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 5000, 5000, 0) + b"\x02\x02\x4c\x01\0\x3b"
    with pytest.raises(PayloadTooLarge, match="5,000 x 5,000"):
        decoded(b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0x80, 0, 0) + b"\0" * 6 + frame)


def test_a_small_tiff_that_claims_huge_tiles_is_too_large() -> None:
    tiles = {322: 60_000, 323: 60_000, 324: 8, 325: 100}
    with pytest.raises(PayloadTooLarge, match="60,000 x 60,000"):
        decoded(_tiff({256: 16, 257: 16, 258: 8, 259: 5, 262: 1, 277: 1, **tiles}))


def _tiff(tags: dict[int, int]) -> bytes:
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + b"\0" * 104


def test_a_jpeg_of_hundreds_of_scans_is_refused_at_once() -> None:
    data = saved(picture(), "JPEG", progressive=True)
    scan = data.rindex(b"\xff\xda")
    with pytest.raises(InvalidImage, match="scans"):
        decoded(data[:-2] + data[scan:-2] * 200 + b"\xff\xd9")


def test_a_film_behind_the_jpeg_does_not_count_as_scans() -> None:
    data = saved(picture(), "JPEG", quality=95) + b"\xff\xda\x00\x02" * 200
    assert decoded(data).shape == (HEIGHT, WIDTH, 3)


def test_the_limits_hold_where_pillow_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    for kind in ("BMP", "GIF", "TIFF", "PNG", "JPEG", "WEBP"):
        with pytest.raises(PayloadTooLarge):
            decoded(saved(Image.new("RGB", (400, 400)), kind))


def test_what_a_stricter_pillow_refuses_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(PayloadTooLarge):
        decoded(every_kind()["tiff"])


def test_odd_metadata_gives_no_warning_and_no_error() -> None:
    broken = saved(picture(), "TIFF").replace(
        struct.pack("<HH", 258, 3), struct.pack("<HH", 258, 99)
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(InvalidImage):
            decoded(broken)
        decoded(saved(picture(), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff"))
    assert [str(each.message) for each in caught] == []


def test_many_threads_decode_the_same_as_one() -> None:
    files = list(every_kind().values()) * 8
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(decoded, files))
    for data, image in zip(files, together, strict=True):
        np.testing.assert_array_equal(image, decoded(data))
