"""Four cameras that web photographs were never taken with, applied to aligned crops.

Each stands for a site whose pictures all share one fault: dark and noisy, lit from one side, small
and heavily compressed, or with a colour cast. Gallery and probes of a site go through the same one.
"""

from collections.abc import Callable, Mapping
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Crop = NDArray[np.uint8]
Camera = Callable[[Crop, np.random.Generator], Crop]


def _to_bytes(pixels: NDArray[np.float64]) -> Crop:
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def dark_and_noisy(crop: Crop, rng: np.random.Generator) -> Crop:
    """A fifth of the light, then read noise of six grey levels."""
    return _to_bytes(crop * 0.2 + rng.normal(0, 6, crop.shape))


def one_sided_light(crop: Crop, rng: np.random.Generator) -> Crop:
    """A lamp at the left: full light there, a tenth at the right, the edge near the nose."""
    across = np.arange(crop.shape[1]) / crop.shape[1]
    edge = rng.uniform(0.4, 0.6)
    light = 0.1 + 1.0 / (1 + np.exp((across - edge) * 14))
    return _to_bytes(crop * light[None, :, None])


def small_and_compressed(crop: Crop, rng: np.random.Generator) -> Crop:
    """A face 28 pixels wide, enlarged, then JPEG at quality 20 to 35."""
    image = Image.fromarray(crop)
    small = image.resize((crop.shape[1] // 4, crop.shape[0] // 4), Image.Resampling.BOX)
    file = BytesIO()
    large = small.resize(image.size, Image.Resampling.BILINEAR)
    large.save(file, "JPEG", quality=int(rng.integers(20, 36)))
    return np.asarray(Image.open(file).convert("RGB"), np.uint8)


def colour_cast(crop: Crop, rng: np.random.Generator) -> Crop:
    """Sodium light: red lifted, green kept, blue almost gone."""
    gain = np.array([1.25, 0.85, 0.3]) * rng.uniform(0.95, 1.05, 3)
    return _to_bytes(crop * gain)


CAMERAS: Mapping[str, Camera] = {
    "darkness and noise": dark_and_noisy,
    "one-sided light": one_sided_light,
    "low resolution and JPEG": small_and_compressed,
    "colour cast": colour_cast,
}


def through(camera: Camera, crops: NDArray[np.uint8], *, seed: int = 0) -> NDArray[np.uint8]:
    """``crops`` (n, height, width, 3) RGB, each taken with ``camera``."""
    return np.stack(
        [camera(crop, np.random.default_rng((seed, i))) for i, crop in enumerate(crops)]
    )
