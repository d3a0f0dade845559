"""Bytes that a stranger sent, to an upright RGB array: or a refusal that says why.

The first bytes decide the format, whose reader does the work (``app.vision.formats``). Nothing is
allocated before the size that the file states has been held against the limits, Pillow's own
process-wide pixel limit is neither relied on nor changed, and whatever the bytes are, only the
errors of ``UNREADABLE`` come out. Thread-safe.
"""

import re
import warnings
from collections.abc import Callable
from typing import Final

from PIL import Image

from app.errors import AppError, InvalidImage, PayloadTooLarge, UnsupportedImage
from app.vision.formats.bmp import read_bmp
from app.vision.formats.gif import read_gif
from app.vision.formats.jpeg import read_jpeg
from app.vision.formats.others import unsupported
from app.vision.formats.png import read_png
from app.vision.formats.tiff import read_tiff
from app.vision.formats.webp import read_webp
from app.vision.limits import ImageLimits
from app.vision.picture import WHOLE, Enough, Picture
from app.vision.pixels import to_rgb
from app.vision.sniff import HEAD, format_of
from app.vision.types import RgbImage

__all__ = ["UNREADABLE", "ImageLimits", "decode_image", "decode_picture"]

UNREADABLE: Final = (InvalidImage, UnsupportedImage, PayloadTooLarge)
"""The errors of ``decode_image`` and ``decode_picture``."""

_Reader = Callable[[bytes, ImageLimits], RgbImage]
_JPEG: Final = "JPEG"
_READERS: Final[dict[str | None, _Reader]] = {
    "PNG": read_png,
    "WebP": read_webp,
    "BMP": read_bmp,
    "GIF": read_gif,
    "TIFF": read_tiff,
}
_PILLOW: Final = r"PIL\."
_QUIET: Final = ("ignore", None, UserWarning, re.compile(_PILLOW), 0)


def decode_image(data: bytes, limits: ImageLimits) -> RgbImage:
    """The first frame, upright, as (height, width, 3) of 0 to 255.

    EXIF orientation is applied; deep samples are scaled by their white; transparency lies over
    mid-grey; colour profiles are ignored, as the models were trained on files read so.
    docs/images.md has the rules of each format.
    Raises InvalidImage (empty, truncated, corrupt), UnsupportedImage (no image, or of a kind that
    is not read), PayloadTooLarge (over ``limits``).
    """
    found = _read(data, limits, WHOLE)
    return to_rgb(found.pixels) if isinstance(found, Picture) else found


def decode_picture(data: bytes, limits: ImageLimits, enough: Enough = WHOLE) -> Picture:
    """The same to be searched for faces: never copied, and of a JPEG as much as is ``enough``."""
    found = Picture.of(_read(data, limits, enough))
    if found.shrunk == 1:
        return found
    return Picture(found.pixels, found.shrunk, lambda: decode_picture(data, limits).pixels)


def _read(data: bytes, limits: ImageLimits, enough: Enough) -> RgbImage | Picture:
    limits.check_bytes(data)
    kind = format_of(data[:HEAD])
    reader = _READERS.get(kind)
    if reader is None and kind != _JPEG:
        raise unsupported(data)
    _quiet_pillow()
    try:
        return read_jpeg(data, limits, enough) if reader is None else reader(data, limits)
    except AppError:
        raise
    except Image.DecompressionBombError as error:  # some readers ask Pillow's own limit as well
        raise PayloadTooLarge("The image has more pixels than are read.") from error
    except Exception as error:  # Pillow raises about anything on hostile bytes
        raise InvalidImage("The image cannot be read: it is truncated or corrupt.") from error


def _quiet_pillow() -> None:
    """Odd metadata in a client's file is no news to the operator, and no error.

    ``warnings.catch_warnings`` is not thread-safe; one filter that stays is. It is looked for
    each time, because a test run starts every test with filters of its own.
    """
    if _QUIET not in warnings.filters:
        warnings.filterwarnings("ignore", category=UserWarning, module=_PILLOW)
