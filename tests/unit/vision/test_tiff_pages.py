"""The pages of a TIFF of which one is read, and the files that are refused."""

import numpy as np
import pytest

from app.errors import InvalidImage, PayloadTooLarge, UnsupportedImage
from tests.unit.vision.tiff_samples import (
    DEFLATE,
    HEIGHT,
    LZW,
    NONE,
    PACKBITS,
    RGB,
    WIDTH,
    YCBCR,
    decoded,
    noise,
    same,
)
from tests.unit.vision.tiffs import Samples, Tiff, directory


def test_a_wholly_transparent_picture_is_refused_with_the_reason() -> None:
    values = noise(4)
    values[..., 3] = 0
    with pytest.raises(InvalidImage, match="transparent"):
        decoded(Tiff(values, 8, RGB, tags={338: (3, [2])}).written())


def pages(*kinds: int) -> tuple[bytes, list[Samples]]:
    """A file of pages that are each of these kinds of subfile."""
    contents = [noise(3) ^ np.uint64(i) for i in range(len(kinds))]
    data = Tiff(contents[0], 8, RGB, tags={254: (4, [kinds[0]])}).written()
    link = len(data) - 4 - _extra(data)
    for content, kind in zip(contents[1:], kinds[1:], strict=True):
        body = content.astype(np.uint8).tobytes()
        start = len(data)
        place = start + len(body)
        tags = {
            254: (4, [kind]), 256: (4, [WIDTH]), 257: (4, [HEIGHT]), 258: (3, [8, 8, 8]),
            262: (3, [RGB]), 273: (4, [start]), 277: (3, [3]), 279: (4, [len(body)]),
        }  # fmt: skip
        data = data[:link] + place.to_bytes(4, "little") + data[link + 4 :]
        link = place + 2 + 12 * len(tags)
        data += body + directory(tags, place)
    return data, contents


def _extra(data: bytes) -> int:
    """Bytes behind the directory: the depths and kinds of three channels."""
    return 12 if data[-12:] == b"\x08\0" * 3 + b"\1\0" * 3 else 0


@pytest.mark.parametrize(
    ("kinds", "read"), [((0, 0), 0), ((2, 2), 0), ((1, 0), 1), ((4, 1, 0), 2), ((1, 1), 0)]
)
def test_the_first_page_is_read_that_is_no_thumbnail_and_no_mask(
    kinds: tuple[int, ...], read: int
) -> None:
    data, contents = pages(*kinds)
    same(decoded(data), contents[read])


def test_pages_that_lead_in_a_circle_are_read_to_the_end_of_patience() -> None:
    data, contents = pages(1, 1)
    place = int.from_bytes(data[4:8], "little")
    link = len(data) - 4 - 6
    assert data[link : link + 4] == bytes(4)
    same(decoded(data[:link] + place.to_bytes(4, "little") + data[link + 4 :]), contents[0])


@pytest.mark.parametrize(
    "tags",
    [
        {50706: (1, [1, 4, 0, 0])},
        {254: (4, [1]), 330: (4, [8])},
        {262: (3, [32803])},
        {262: (3, [34892])},
    ],
)
def test_raw_camera_files_are_named(tags: dict[int, tuple[int, list[int]]]) -> None:
    with pytest.raises(UnsupportedImage, match="raw camera file"):
        decoded(Tiff(noise(3), 8, RGB, tags=tags).written())


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (Tiff(noise(3), 8, 8), "CIELab"),
        (Tiff(noise(1), 8, 4), "mask"),
        (Tiff(noise(1), 8, 32844), "LogL"),
        (Tiff(noise(3), 8, 77), "colour space 77"),
        (Tiff(noise(3), 8, RGB, tags={259: (3, [6])}), "old-style JPEG"),
        (Tiff(noise(3), 8, RGB, tags={259: (3, [34712])}), "compression 34712"),
        (Tiff(noise(3), 8, RGB, tags={258: (3, [5, 6, 5])}), "depth"),
        (Tiff(noise(3), 8, RGB, tags={339: (3, [5, 5, 5])}), "complex"),
        (Tiff(noise(3), 8, RGB, tags={258: (3, [17] * 3)}), "17 bits"),
        (Tiff(noise(3), 8, RGB, compression=DEFLATE, tags={317: (3, [9])}), "predictor 9"),
        (Tiff(noise(1), 8, tags={259: (3, [7]), 258: (3, [12])}), "12 bits"),
    ],
)
def test_what_is_not_read_is_named(file: Tiff, reason: str) -> None:
    with pytest.raises(UnsupportedImage, match=reason):
        decoded(file.written())


@pytest.mark.parametrize("compression", [NONE, LZW, DEFLATE, PACKBITS])
def test_samples_that_are_missing_are_refused(compression: int) -> None:
    file = Tiff(noise(3), 8, RGB, compression=compression, rows=4)
    whole = len(file.written())
    missing = [[8], [1 << 30] * 5, [], [8, 8, 8, 8, whole - 9]]
    if compression != NONE:  # whose lengths follow from the size
        file.tags = {279: (4, [9] * 5)}
        with pytest.raises(InvalidImage):
            decoded(file.written())
    for offsets in missing:
        tags = {273: (4, offsets)}
        file.tags = dict(tags)
        with pytest.raises(InvalidImage):
            decoded(file.written())


@pytest.mark.parametrize(
    ("tags", "error"),
    [
        ({256: (4, [30_000]), 257: (4, [1])}, PayloadTooLarge),
        ({256: (4, [400]), 257: (4, [400])}, PayloadTooLarge),
        ({256: (4, [0])}, InvalidImage),
        ({256: (4, [])}, InvalidImage),
        ({277: (3, [2])}, InvalidImage),
        ({277: (3, [500])}, InvalidImage),
        ({258: (2, [8] * 2), 277: (3, [])}, InvalidImage),
        ({322: (4, [0]), 323: (4, [16])}, InvalidImage),
        ({530: (3, [3, 1]), 262: (3, [YCBCR])}, InvalidImage),
        ({259: (3, [4])}, InvalidImage),
    ],
)
def test_tags_that_cannot_be_are_refused(
    tags: dict[int, tuple[int, list[int]]], error: type[Exception]
) -> None:
    with pytest.raises(error):
        decoded(Tiff(noise(3), 8, RGB, tags=tags).written())
