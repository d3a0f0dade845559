"""Pictures made of numbers: each seed is somebody, each shake the same one seen again."""

import io

import numpy as np
from PIL import Image

SIDE = 64


def picture(somebody: int, shake: int = 0) -> bytes:
    """A PNG of blotches that ``somebody`` alone has; ``shake`` adds a little noise of its own."""
    blotches = np.random.default_rng(somebody).integers(0, 256, (8, 8)).astype(np.uint8)
    image = Image.fromarray(blotches).resize((SIDE, SIDE), Image.Resampling.NEAREST)
    pixels = np.asarray(image, np.float64)
    if shake:
        pixels = pixels + np.random.default_rng([somebody, shake]).normal(0, 8, pixels.shape)
    return encoded(np.clip(pixels, 0, 255).astype(np.uint8))


def encoded(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    """Pixels as a file."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()
