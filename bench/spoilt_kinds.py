"""Ways to spoil a face of which the bundle's build knows nothing: neither learning nor cohort."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from app.vision.spoiling import SIDE, Spoil
from app.vision.types import RgbImage


def _to_bytes(pixels: NDArray[np.float64]) -> RgbImage:
    return np.asarray(np.clip(np.rint(pixels), 0, 255), np.uint8)


def solarised(face: RgbImage, rng: Generator) -> RgbImage:
    """Light is inverted and dark is not."""
    limit = rng.integers(90, 150)
    return np.where(face > limit, 255 - face, face).astype(np.uint8)


def mosaic(face: RgbImage, rng: Generator) -> RgbImage:
    """Made unrecognisable on purpose: squares of 10 to 16 px."""
    side = SIDE // int(rng.integers(10, 17))
    small = Image.fromarray(face).resize((side, side), Image.Resampling.BOX)
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.NEAREST), np.uint8)


def printed(face: RgbImage, rng: Generator) -> RgbImage:
    """Black and white dots on 60 to 112 px, as a fax prints it."""
    side = round(SIDE * rng.uniform(0.5, 1))
    small = Image.fromarray(face).resize((side, side)).convert("1").convert("RGB")
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.NEAREST), np.uint8)


def swirled(face: RgbImage, rng: Generator) -> RgbImage:
    """Turned in the middle by 90 to 180 degrees and not at the rim."""
    down, across = np.mgrid[0:SIDE, 0:SIDE] - SIDE / 2
    radius, angle = np.hypot(down, across), np.arctan2(down, across)
    angle = angle + rng.choice((-1, 1)) * rng.uniform(1.6, 3.1) * np.exp(-((radius / 45) ** 2))
    rows = np.clip(radius * np.sin(angle) + SIDE / 2, 0, SIDE - 1).astype(int)
    columns = np.clip(radius * np.cos(angle) + SIDE / 2, 0, SIDE - 1).astype(int)
    return np.ascontiguousarray(face[rows, columns])


def foggy(face: RgbImage, rng: Generator) -> RgbImage:
    """4 to 8 % of the contrast, before a light grey."""
    share = rng.uniform(0.04, 0.08)
    return _to_bytes(face * share + 200 * (1 - share) + rng.normal(0, 2, face.shape))


def sown(face: RgbImage, rng: Generator) -> RgbImage:
    """Half to two thirds of the pixels black or white (salt and pepper)."""
    hit = rng.random(face.shape[:2]) < rng.uniform(0.5, 0.67)
    out = face.copy()
    out[hit] = (255 * rng.integers(0, 2, hit.sum()))[:, None]
    return out


def zoomed(face: RgbImage, rng: Generator) -> RgbImage:
    """The lens zoomed by 1.5 to 2 while the shutter was open."""
    image, most = Image.fromarray(face), rng.uniform(1.5, 2.0)
    layers = []
    for factor in np.linspace(1, most, 24):
        rim = SIDE * (1 - 1 / factor) / 2
        box = (rim, rim, SIDE - rim, SIDE - rim)
        layers.append(np.asarray(image.resize((SIDE, SIDE), box=box), np.float64))
    return _to_bytes(np.mean(layers, axis=0))


def behind_bars(face: RgbImage, rng: Generator) -> RgbImage:
    """Bars over two thirds of it, upright or across."""
    step, out = int(rng.integers(14, 24)), face.copy()
    hidden = np.arange(SIDE) % step < step * 0.67
    if rng.random() < 0.5:
        out[hidden] = rng.integers(0, 256)
    else:
        out[:, hidden] = rng.integers(0, 256)
    return out


def embossed(face: RgbImage, rng: Generator) -> RgbImage:
    """A relief of grey."""
    del rng
    return np.asarray(Image.fromarray(face).convert("L").filter(ImageFilter.EMBOSS).convert("RGB"))


def false_coloured(face: RgbImage, rng: Generator) -> RgbImage:
    """Light as colour, as a thermal camera shows heat; the warmest parts are the lightest."""
    grey = face.astype(np.float64).mean(axis=2) / 255
    colours = [np.sin(np.pi * (grey * rng.uniform(1, 2) + shift)) for shift in (0.0, 0.33, 0.67)]
    return _to_bytes(np.stack(colours, axis=2) * 127.5 + 127.5)


UNSEEN: Final[Mapping[str, Spoil]] = {
    "solarised": solarised,
    "mosaic": mosaic,
    "printed in dots": printed,
    "swirled": swirled,
    "foggy": foggy,
    "salt and pepper": sown,
    "zoomed": zoomed,
    "behind bars": behind_bars,
    "embossed": embossed,
    "false colours": false_coloured,
}
"""The ways that no build knows, by their names."""
