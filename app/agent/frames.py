"""Frames of a camera: their measurements, and the bytes that are sent."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Grey = NDArray[np.float32]
"""Grey levels (height, width), 0 (black) to 255, reduced to the size that a measurement needs."""

MEASURED: Final = (640, 480)
"""Pixels, width and height. JPEG is reduced by halves while it is decoded, and stays at least as
large as this."""
MOST_BYTES: Final = 20 * 1024 * 1024
"""The largest picture that is read, in bytes; a source that sends more is no camera."""
_MOST_PIXELS: Final = 50_000_000
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP")
_QUALITY: Final = 92


class UnreadablePicture(Exception):
    """A picture cannot be read: a file that is still being written, a cut answer, pixels that
    FFmpeg does not convert. The text says why, without an address.
    """


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture, and the instant (UTC) at which it was taken by the clock of this machine."""

    captured_at: datetime
    grey: Grey
    encoded: Callable[[], bytes]
    """Gives a JPEG, or the file exactly as the camera made it."""


def picture_frame(data: bytes, captured_at: datetime) -> Frame:
    """The frame of an encoded picture. ``UnreadablePicture`` where it cannot be decoded."""
    return Frame(captured_at, _grey_of(data), lambda: data)


def jpeg_of(image: Image.Image) -> bytes:
    """The image as a JPEG that is good enough to recognise faces."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()


def _grey_of(data: bytes) -> Grey:
    if not 0 < len(data) <= MOST_BYTES:
        raise UnreadablePicture(f"it has {len(data):,} bytes")
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            pixels = image.width * image.height
            image.draft("L", MEASURED)
            grey = image.convert("L") if pixels <= _MOST_PIXELS else None
    except Exception as error:  # Pillow raises about anything on bytes that are cut
        raise UnreadablePicture(f"it is no whole {', '.join(_FORMATS)}") from error
    if grey is None:
        raise UnreadablePicture(f"it has {pixels:,} pixels")
    factor = min(grey.width // MEASURED[0], grey.height // MEASURED[1])
    if factor > 1:
        grey = grey.reduce(factor)
    return np.asarray(grey, np.float32)
