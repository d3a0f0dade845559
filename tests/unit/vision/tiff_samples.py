"""Samples to write into a TIFF, and the reading of it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.vision.decode import ImageLimits, decode_image
from tests.unit.vision.tiffs import Samples

LIMITS = ImageLimits(max_bytes=1 << 20, max_pixels=100_000)
WIDTH, HEIGHT = 21, 19
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR = 0, 1, 2, 3, 5, 6
NONE, LZW, DEFLATE, PACKBITS, OLD_DEFLATE, LZMA = 1, 5, 8, 32773, 32946, 34925
LAYOUTS: dict[str, dict[str, Any]] = {
    "one strip": {},
    "strips": {"rows": 7},
    "tiles": {"tile": (16, 16)},
    "planes": {"planar": True, "rows": 7},
    "tiled planes": {"planar": True, "tile": (16, 16)},
}


def decoded(data: bytes) -> NDArray[np.int64]:
    return decode_image(data, LIMITS).astype(np.int64)


def noise(channels: int, top: int = 256, dtype: str = "u8") -> Samples:
    """(HEIGHT, WIDTH, channels) of 0 to ``top`` - 1, both of which occur."""
    shape = HEIGHT, WIDTH, channels
    values = np.random.default_rng([channels, top % 1000]).integers(0, top, shape, np.uint64)
    values[0, 0], values[-1, -1] = 0, top - 1
    return values.astype(dtype)


def share(samples: Samples, white: float) -> NDArray[np.int64]:
    return np.floor(samples.astype(np.float64) * 255 / white + 0.5).astype(np.int64)


def same(image: NDArray[np.int64], expected: NDArray[Any]) -> None:
    np.testing.assert_array_equal(image, expected + np.zeros(3, expected.dtype))
