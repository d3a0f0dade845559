"""Bytes that a stranger sent, to an upright RGB array: or a refusal that says why.

Nothing is allocated before the header's size has been held against the limit, Pillow's own
process-wide pixel limit is neither relied on nor changed, and whatever the bytes are, only three
errors come out: ``InvalidImage``, ``UnsupportedImage`` and ``PayloadTooLarge``. Thread-safe.
"""

import io
import re
import warnings
from dataclasses import dataclass
from typing import Final

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from app.errors import AppError, InvalidImage, PayloadTooLarge, UnsupportedImage
from app.vision.pixels import to_rgb
from app.vision.types import RgbImage

_READERS: Final[tuple[tuple[bytes, type[ImageFile.ImageFile]], ...]] = (
    (b"\xff\xd8\xff", JpegImagePlugin.JpegImageFile),
    (b"\x89PNG\r\n\x1a\n", PngImagePlugin.PngImageFile),
    (b"RIFF", WebPImagePlugin.WebPImageFile),
    (b"BM", BmpImagePlugin.BmpImageFile),
    (b"GIF87a", GifImagePlugin.GifImageFile),
    (b"GIF89a", GifImagePlugin.GifImageFile),
    (b"II*\x00", TiffImagePlugin.TiffImageFile),
    (b"MM\x00*", TiffImagePlugin.TiffImageFile),
)
"""Called directly: ``Image.open`` would consult every plugin and a process-wide pixel limit."""

_FORMATS: Final = "JPEG, PNG, WebP, BMP, GIF and TIFF"
_TILE_WIDTH: Final = 322
_TILE_HEIGHT: Final = 323
_ORIENTATION: Final = 0x0112
_PILLOW: Final = r"PIL\."
_QUIET: Final = ("ignore", None, UserWarning, re.compile(_PILLOW), 0)
_SCAN: Final = b"\xff\xda"
_END: Final = b"\xff\xd9"
_MARKER: Final = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")
"""Of those that carry a length, and the end; bytes 0xff within a scan are followed by a zero."""
_MAX_SCANS: Final = 100
"""Ordinary progressive JPEGs have about ten scans; each costs a pass over every pixel, so that a
few hundred empty ones in a small file would hold a core for a minute."""

_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What is refused before it is decoded: encoded bytes and decoded pixels of one image."""

    max_bytes: int
    max_pixels: int


def decode_image(data: bytes, limits: ImageLimits) -> RgbImage:
    """The first frame, upright, as (height, width, 3) of 0 to 255.

    EXIF orientation is applied; 16 bits keep their high byte; transparency lies over mid-grey;
    colour profiles are ignored, as the models were trained on files read so.
    Raises InvalidImage (empty, truncated, corrupt), UnsupportedImage (no image, or of another
    format), PayloadTooLarge (over ``limits``).
    """
    _check_bytes(data, limits)
    reader = _reader(data)
    _quiet_pillow()
    try:
        return _decode(reader, data, limits)
    except AppError:
        raise
    except Image.DecompressionBombError as error:  # some readers ask Pillow's own limit as well
        raise PayloadTooLarge("The image has more pixels than are read.") from error
    except Exception as error:  # Pillow raises about anything on hostile bytes
        raise InvalidImage("The image cannot be read: it is truncated or corrupt.") from error


def _check_bytes(data: bytes, limits: ImageLimits) -> None:
    if not data:
        raise InvalidImage("The image is empty: 0 bytes were received.")
    if len(data) > limits.max_bytes:
        raise PayloadTooLarge(
            f"The image has {len(data):,} bytes; at most {limits.max_bytes:,} are read."
        )


def _reader(data: bytes) -> type[ImageFile.ImageFile]:
    for magic, reader in _READERS:
        if data.startswith(magic):
            if magic == b"RIFF" and data[8:12] != b"WEBP":
                continue
            return reader
    raise UnsupportedImage(f"The bytes are no image of a format that is read: {_FORMATS}.")


def _decode(reader: type[ImageFile.ImageFile], data: bytes, limits: ImageLimits) -> RgbImage:
    if reader is WebPImagePlugin.WebPImageFile:
        _check_pixels(_webp_size(data), limits)  # its reader allocates the canvas when it opens
    if reader is JpegImagePlugin.JpegImageFile and _has_too_many_scans(data):
        raise InvalidImage(f"The JPEG has more than {_MAX_SCANS} scans; no camera writes such.")
    return to_rgb(_loaded(reader, data, limits))


def _loaded(reader: type[ImageFile.ImageFile], data: bytes, limits: ImageLimits) -> Image.Image:
    """Upright. Turned before it is made RGB, so that a file's own pixels are gone by then."""
    with reader(io.BytesIO(data), "") as image:
        _check_pixels(image.size, limits)
        _check_tiles(image, limits)
        image.load()
        return _upright(image)


def _check_pixels(size: tuple[int, int], limits: ImageLimits) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise InvalidImage(f"The image is {width} x {height} pixels.")
    if width * height > limits.max_pixels:
        raise PayloadTooLarge(
            f"The image is {width:,} x {height:,} pixels; "
            f"at most {limits.max_pixels:,} pixels are read."
        )


def _check_tiles(image: ImageFile.ImageFile, limits: ImageLimits) -> None:
    """A small TIFF may claim huge tiles, each of which would be allocated whole."""
    if isinstance(image, TiffImagePlugin.TiffImageFile) and _TILE_WIDTH in image.tag_v2:
        tile = image.tag_v2[_TILE_WIDTH], image.tag_v2[_TILE_HEIGHT]
        _check_pixels((int(tile[0]), int(tile[1])), limits)


def _has_too_many_scans(data: bytes) -> bool:
    """Marker by marker up to the image's end: phones append whole films after it."""
    if data.count(_SCAN) <= _MAX_SCANS:
        return False
    scans, place = 0, 2
    while (marker := _MARKER.search(data, place)) and marker[0] != _END:
        scans += marker[0] == _SCAN
        place = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2], "big")
    return scans > _MAX_SCANS


def _webp_size(data: bytes) -> tuple[int, int]:
    """From the header of the first chunk (RFC 9649, sections 2.5 to 2.7)."""
    chunk, body = data[12:16], data[20:30].ljust(10, b"\0")
    if chunk == b"VP8X":
        return _little(body[4:7]) + 1, _little(body[7:10]) + 1
    if chunk == b"VP8L":
        bits = _little(body[1:5])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return _little(body[6:8]) & 0x3FFF, _little(body[8:10]) & 0x3FFF


def _little(field: bytes) -> int:
    return int.from_bytes(field, "little")


def _upright(image: Image.Image) -> Image.Image:
    """Read after loading: the TIFF reader turns its image itself and then drops the tag."""
    try:
        turn = _UPRIGHT.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - unreadable EXIF is no reason to refuse readable pixels
        turn = None
    return image if turn is None else image.transpose(turn)


def _quiet_pillow() -> None:
    """Odd metadata in a client's file is no news to the operator, and no error.

    ``warnings.catch_warnings`` is not thread-safe; one filter that stays is. It is looked for
    each time, because a test run starts every test with filters of its own.
    """
    if _QUIET not in warnings.filters:
        warnings.filterwarnings("ignore", category=UserWarning, module=_PILLOW)
