"""How large an image may be: what is refused before a pixel of it is decoded."""

from dataclasses import dataclass
from typing import Final

from app.errors import InvalidImage, PayloadTooLarge

MAX_SIDE: Final = 20_000
"""Pixels. Pillow keeps a pointer for every row, so that 1 x 40 million pixels took 876 MiB."""


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """The largest image that is read: encoded bytes and decoded pixels."""

    max_bytes: int
    max_pixels: int

    def check_bytes(self, data: bytes) -> None:
        """``InvalidImage`` for no bytes, ``PayloadTooLarge`` for too many."""
        if not data:
            raise InvalidImage("The image is empty: 0 bytes were received.")
        if len(data) > self.max_bytes:
            raise PayloadTooLarge(
                f"The image has {len(data):,} bytes; at most {self.max_bytes:,} are read."
            )

    def check_size(self, width: int, height: int) -> None:
        """``InvalidImage`` for no pixels, ``PayloadTooLarge`` for too many."""
        if width < 1 or height < 1:
            raise InvalidImage(f"The image is {width} x {height} pixels.")
        if width * height > self.max_pixels:
            raise PayloadTooLarge(
                f"The image is {width:,} x {height:,} pixels; "
                f"at most {self.max_pixels:,} pixels are read."
            )
        if max(width, height) > MAX_SIDE:
            raise PayloadTooLarge(
                f"The image is {width:,} x {height:,} pixels; "
                f"a side may have at most {MAX_SIDE:,} pixels."
            )
