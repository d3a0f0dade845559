"""The limits of an image's size, checked before any pixel is decoded."""

from dataclasses import dataclass
from typing import Final

from app.errors import InvalidImage, PayloadTooLarge

MAX_SIDE: Final = 20_000
"""Pixels. Pillow keeps a pointer for every row, so that 1 x 40 million pixels took 876 MiB."""
_SAMPLE_BYTES: Final = 4
"""Bytes of samples that there may be for each pixel allowed: RGB and transparency of eight bits at
the full size, or deeper samples of a smaller image. 40 million pixels of 16 bits, in a file of
10 MiB, are no photograph, and took 4.6 s.
"""


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

    def check_samples(self, width: int, height: int, pixel_bytes: int) -> None:
        """``PayloadTooLarge`` for more bytes of samples than eight bits a sample take."""
        size, most = width * height * pixel_bytes, self.max_pixels * _SAMPLE_BYTES
        if size > most:
            raise PayloadTooLarge(
                f"The image has {size:,} bytes of samples; at most {most:,} are read. "
                "Send it with 8 bits a sample, or smaller."
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
