"""JPEG files from an encoder of our own: colours, sampling, markers, and what may be missing."""

import struct
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.errors import InvalidImage, PayloadTooLarge, UnsupportedImage
from app.vision.decode import ImageLimits, decode_image
from tests.unit.vision.files import HEIGHT, WIDTH, gradient, picture, saved
from tests.unit.vision.jpegs import ADOBE, JFIF, Component, jpeg, segment

LIMITS = ImageLimits(max_bytes=1 << 20, max_pixels=100_000)
SAMPLINGS = {
    "4:4:4": (1, 1), "4:2:2": (2, 1), "4:2:0": (2, 2), "4:1:1": (4, 1), "4:4:0": (1, 2)
}  # fmt: skip
BLOCKS = 4
"""Units across and down."""


def decoded(data: bytes) -> NDArray[np.uint8]:
    return decode_image(data, LIMITS)


def blocks(seed: int, across: int = 1, down: int = 1) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(0, 256, (BLOCKS * down, BLOCKS * across))


def components(
    count: int, sampling: tuple[int, int] = (1, 1), names: str = "\1\2\3\4"
) -> list[Component]:
    """The first, and for four channels the last, at full size; the others by ``sampling``."""
    made = []
    for i in range(count):
        full = i in (0, 3)
        size = sampling if full and count > 1 else (1, 1)
        made.append(Component(*size, blocks(i, *size), ord(names[i])))
    return made


def file(parts: Sequence[Component], **options: object) -> bytes:
    rows, columns = parts[0].blocks.shape
    return jpeg(8 * columns, 8 * rows, parts, **options)  # type: ignore[arg-type]


def centres(image: NDArray[np.uint8]) -> NDArray[np.int64]:
    """One pixel of each block, away from where a decoder smooths chrominance."""
    return image[3::8, 3::8].astype(np.int64)


def planes(parts: Sequence[Component]) -> NDArray[np.float64]:
    """(rows, columns, channels) of the blocks, all at full size."""
    down, across = parts[0].blocks.shape
    spread = [
        part.blocks.repeat(down // len(part.blocks), 0).repeat(across // part.blocks.shape[1], 1)
        for part in parts
    ]
    return np.stack(spread, axis=2).astype(np.float64)


def from_ycbcr(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """ITU-T T.871, section 7."""
    y, cb, cr = values[..., 0], values[..., 1] - 128, values[..., 2] - 128
    rgb = [y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb]
    return np.clip(np.stack(rgb, axis=2), 0, 255)


def test_grey() -> None:
    parts = components(1)
    np.testing.assert_array_equal(centres(decoded(file(parts))), planes(parts) + np.zeros(3))


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("head", [[JFIF], [], [ADOBE[1]]], ids=["JFIF", "none", "Adobe"])
def test_luminance_and_chrominance(sampling: str, head: list[bytes]) -> None:
    parts = components(3, SAMPLINGS[sampling])
    image = decoded(file(parts, head=head))
    assert np.abs(centres(image) - from_ycbcr(planes(parts))).max() <= 1.5


@pytest.mark.parametrize(("names", "head"), [("\1\2\3", [ADOBE[0]]), ("RGB", [])])
def test_rgb(names: str, head: list[bytes]) -> None:
    parts = components(3, names=names)
    np.testing.assert_array_equal(centres(decoded(file(parts, head=head))), planes(parts))


@pytest.mark.parametrize("head", [[ADOBE[0]], []], ids=["Adobe", "none"])
def test_ink_is_stored_inverted(head: list[bytes]) -> None:
    parts = components(4)
    stored = planes(parts)
    expected = stored[..., :3] * stored[..., 3:] / 255
    assert np.abs(centres(decoded(file(parts, head=head))) - expected).max() <= 1


def test_ink_as_luminance_and_chrominance() -> None:
    parts = components(4, (2, 2))
    stored = planes(parts)
    expected = (255 - from_ycbcr(stored[..., :3])) * stored[..., 3:] / 255
    assert np.abs(centres(decoded(file(parts, head=[ADOBE[2]]))) - expected).max() <= 2


@pytest.mark.parametrize("restart", [1, 3])
def test_restart_markers(restart: int) -> None:
    parts = components(3)
    image = decoded(file(parts, restart=restart))
    assert np.abs(centres(image) - from_ycbcr(planes(parts))).max() <= 1.5


@pytest.mark.parametrize("count", [1, 3])
def test_frames_of_cameras_that_leave_out_the_tables(count: int) -> None:
    parts = components(count, (2, 1) if count > 1 else (1, 1))
    data = file(parts, standard_tables=True)
    assert b"\xff\xc4" not in data
    expected = from_ycbcr(planes(parts)) if count > 1 else planes(parts) + np.zeros(3)
    assert np.abs(centres(decoded(data)) - expected).max() <= 1.5


def test_a_size_that_is_no_multiple_of_a_block() -> None:
    parts = components(1)
    image = decoded(jpeg(8 * BLOCKS - 1, 8 * BLOCKS - 4, parts))
    assert image.shape == (8 * BLOCKS - 4, 8 * BLOCKS - 1, 3)
    np.testing.assert_array_equal(centres(image)[..., 0], parts[0].blocks)


@pytest.mark.parametrize(
    "extra",
    [
        segment(0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff"),
        segment(0xE1, b"Exif\0\0" + b"II*\0\x08\0\0\0\xff\xff"),
        segment(0xE2, b"ICC_PROFILE\0\1\2broken"),
        segment(0xED, b"Photoshop 3.0\x008BIM"),
        segment(0xFE, b""),
        b"\xff\xff\xff" + segment(0xFE, b"after filling"),
        segment(0xFE, b"") + b"junk" + segment(0xFE, b"after junk"),
    ],
)
def test_what_says_nothing_of_the_pixels_changes_nothing(extra: bytes) -> None:
    parts = components(1)
    image = decoded(file(parts, head=[extra]))
    np.testing.assert_array_equal(centres(image)[..., 0], parts[0].blocks)


FILES: dict[str, Callable[[], bytes]] = {
    "grey": lambda: file(components(1)),
    "colour": lambda: file(components(3, (2, 2))),
    "restarts": lambda: file(components(3), restart=2),
    "photograph": lambda: saved(picture(), "JPEG", quality=95),
    "progressive": lambda: saved(picture(), "JPEG", progressive=True, quality=95),
    "progressive ink": lambda: saved(picture().convert("CMYK"), "JPEG", progressive=True),
}


@pytest.mark.parametrize("kind", FILES)
def test_the_mark_of_the_end_may_be_missing(kind: str) -> None:
    data = FILES[kind]()
    whole = decoded(data)
    for harmless in (data[:-1], data[:-2], data + b"tail", data + data):
        np.testing.assert_array_equal(decoded(harmless), whole)


@pytest.mark.parametrize("kind", FILES)
def test_a_part_of_the_last_scan_may_not_be_missing(kind: str) -> None:
    data = FILES[kind]()
    spare = 3 if kind == "progressive ink" else 2  # its last byte adds nothing
    for cut in range(spare + 1, 60):
        with pytest.raises(InvalidImage, match="truncated"):
            decoded(data[:-cut])


def test_a_progressive_file_that_ends_between_two_scans_is_truncated() -> None:
    data = saved(picture(), "JPEG", progressive=True, quality=95)
    last = data.rindex(b"\xff\xda")
    tables = data.rindex(b"\xff\xc4", 0, last)
    for end in (last, tables):
        with pytest.raises(InvalidImage, match="truncated"):
            decoded(data[:end])


@pytest.mark.parametrize(
    ("process", "precision", "reason"),
    [
        (0xC3, 8, "Lossless"),
        (0xC9, 8, "Arithmetic"),
        (0xCA, 8, "Arithmetic"),
        (0xCB, 8, "Lossless"),
        (0xC5, 8, "Hierarchical"),
        (0xC1, 12, "12 bits"),
        (0xC3, 16, "Lossless"),
    ],
)
def test_coding_that_is_not_read_is_named(process: int, precision: int, reason: str) -> None:
    with pytest.raises(UnsupportedImage, match=reason):
        decoded(file(components(1), process=process, precision=precision))


def test_two_channels_are_not_read() -> None:
    with pytest.raises(UnsupportedImage, match="2 channels"):
        decoded(file(components(2)))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (jpeg(0, 8, components(1)), InvalidImage),
        (jpeg(8, 0, components(1)), InvalidImage),
        (jpeg(30_000, 1, components(1)), PayloadTooLarge),
        (jpeg(400, 400, components(1)), PayloadTooLarge),
        (b"\xff\xd8\xff\xd9", InvalidImage),
        (b"\xff\xd8\xff\xda\0\3\0" + bytes(9), InvalidImage),
    ],
)
def test_files_that_hold_no_picture_are_refused(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        decoded(data)


def test_the_first_picture_of_several_is_read() -> None:
    first, second = picture(), picture().rotate(180)
    data = saved(first, "MPO", save_all=True, append_images=[second], quality=95)
    assert np.abs(decoded(data).astype(int) - gradient()).mean() < 4


def test_exif_is_read_where_it_is_and_the_first_counts() -> None:
    turned, other = Image.Exif(), Image.Exif()
    turned[0x0112], other[0x0112] = 6, 3
    data = saved(picture(), "JPEG", quality=95)
    heads = [segment(0xE1, exif.tobytes()) for exif in (turned, other)]
    image = decoded(data[:2] + segment(0xFE, bytes(9)) + b"".join(heads) + data[2:])
    assert image.shape == (WIDTH, HEIGHT, 3)


@pytest.mark.parametrize("value", [0, 9, 65535])
@pytest.mark.parametrize("kind", [1, 3, 4])
def test_an_orientation_that_does_not_exist_is_none(value: int, kind: int) -> None:
    field = struct.pack("<HHII", 0x0112, kind, 1, value)
    exif = b"Exif\0\0II*\0\x08\0\0\0\1\0" + field + bytes(4)
    data = saved(picture(), "JPEG", quality=95)
    assert decoded(data[:2] + segment(0xE1, exif) + data[2:]).shape == (HEIGHT, WIDTH, 3)
