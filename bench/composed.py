"""Composes frames: faces of photographs, each of its size, on a blurred ground with the noise of a
sensor.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.inference.pipeline import Pipeline
from app.vision.decode import ImageLimits, decode_image

LFW: Final = 250
"""Side of a photograph of Labeled Faces in the Wild, in pixels."""
_LIMITS: Final = ImageLimits(10 << 20, 40_000_000)
_NOISE: Final = 3.0  # standard deviation, in grey levels
_QUALITY: Final = 90


@dataclass(frozen=True, slots=True)
class Kind:
    """Frames of ``width`` x ``height`` pixels with faces of these ``sizes`` in pixels."""

    name: str
    width: int
    height: int
    sizes: tuple[int, ...]
    least: tuple[int, ...]


KINDS: Final = (
    Kind("LFW 250 x 250", LFW, LFW, (), (24, 60)),
    Kind("1280 x 720", 1280, 720, (120,), (24, 60)),
    Kind("1920 x 1080", 1920, 1080, (150,), (24, 60, 120)),
    Kind("1920 x 1080", 1920, 1080, (150, 120, 90, 70), (24, 60)),
    Kind("4000 x 3000", 4000, 3000, (400,), (24, 60, 120)),
)


def portraits_in(pipeline: Pipeline, folder: Path) -> Iterator[bytes]:
    """Photographs with exactly one face."""
    for file in sorted(folder.glob("*/*_0001.jpg")):
        data = file.read_bytes()
        if len(pipeline.find(decode_image(data, _LIMITS))) == 1:
            yield data


def frame_of(
    pipeline: Pipeline, kind: Kind, portraits: Iterator[bytes], rng: np.random.Generator
) -> bytes:
    """A frame with portraits side by side, each with a face of its size."""
    if not kind.sizes:
        return next(portraits)
    tiles = [_tile(pipeline, next(portraits), size) for size in kind.sizes]
    ground = tiles[0].crop((0, 0, tiles[0].width // 4, tiles[0].height // 4))
    frame = ground.resize((kind.width, kind.height), Image.Resampling.BICUBIC)
    free = kind.width - sum(tile.width for tile in tiles)
    left = 0
    for tile in tiles:
        left += int(rng.integers(0, free // len(tiles) + 1))
        frame.paste(tile, (left, int(rng.integers(0, kind.height - tile.height + 1))))
        left += tile.width
    noisy = np.asarray(frame) + rng.normal(0, _NOISE, (kind.height, kind.width, 1))
    return _saved(np.clip(noisy, 0, 255).astype(np.uint8))


def _tile(pipeline: Pipeline, data: bytes, size: int) -> Image.Image:
    image = decode_image(data, _LIMITS)
    [face] = pipeline.find(image)
    side = round(LFW * size / min(face.box.width, face.box.height))
    return Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)


def _saved(pixels: NDArray[np.uint8]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()
