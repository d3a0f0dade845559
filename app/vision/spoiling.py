"""Spoils photographs of faces until nobody can be recognised, in many ways.

An embedder gives a unit vector for whatever it is shown, and those of faces that cannot be
recognised are near each other (Deng et al., "Harnessing Unrecognizable Faces for Improving Face
Recognition", arXiv:2106.04112). What is learned from these pictures finds such faces. A *portrait*
is square, with the face upright in its middle, where ``portrait`` puts it.
"""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from app.vision.align import ARCFACE_112, ARCFACE_SIZE, similarity_transform, warp
from app.vision.types import Landmarks, RgbImage

Spoil = Callable[[RgbImage, Generator], RgbImage]
"""Gives a portrait spoilt in one way; it draws from the generator and from nothing else."""

SIDE: Final = 240
"""Pixels of a portrait: the aligned crop with its surroundings, which a turn brings into it."""
_RIM: Final = (SIDE - ARCFACE_SIZE) // 2
_EYES: Final = _RIM + 52  # rows of a portrait
_NOSE: Final = _RIM + 72
_FACE: Final = slice(_RIM, SIDE - _RIM)
_GREY: Final = 128


def portrait(image: RgbImage, landmarks: Landmarks) -> RgbImage:
    """The face with ``landmarks`` in ``image`` as a portrait."""
    return warp(image, similarity_transform(landmarks, ARCFACE_112 + _RIM), SIDE)


def turned(low: float, high: float) -> Spoil:
    """Turned by ``low`` to ``high`` degrees, to either side."""

    def spoil(face: RgbImage, rng: Generator) -> RgbImage:
        return _rotated(face, rng.choice((-1, 1)) * rng.uniform(low, high))

    return spoil


def negative(face: RgbImage, rng: Generator) -> RgbImage:
    """A photographic negative."""
    del rng
    return 255 - face


def blurred(low: float, high: float) -> Spoil:
    """Out of focus: a Gaussian blur of ``low`` to ``high`` px."""

    def spoil(face: RgbImage, rng: Generator) -> RgbImage:
        return _filtered(face, ImageFilter.GaussianBlur(rng.uniform(low, high)))

    return spoil


def moved(low: int, high: int) -> Spoil:
    """Moved by ``low`` to ``high`` px while the shutter was open, in any direction."""

    def spoil(face: RgbImage, rng: Generator) -> RgbImage:
        angle, length = rng.uniform(0, 180), int(rng.integers(low, high))
        level = _rotated(face, angle).astype(np.float64)
        wide = np.pad(level, ((0, 0), (length // 2, length - length // 2), (0, 0)), mode="edge")
        sums = np.cumsum(wide, axis=1)
        return _rotated(_to_bytes((sums[:, length:] - sums[:, :-length]) / length), -angle)

    return spoil


def shaken(face: RgbImage, rng: Generator) -> RgbImage:
    """The camera shook: the mean of 16 places on a way of about 20 px and 15 degrees."""
    steps = rng.normal(0, 1, (16, 3)).cumsum(axis=0)
    steps *= (6, 6, 5) / np.maximum(steps.std(axis=0), 0.1)
    image = Image.fromarray(face)
    places = [
        np.asarray(image.rotate(turn, Image.Resampling.BILINEAR, translate=(across, down)))
        for across, down, turn in steps.tolist()
    ]
    return _to_bytes(np.mean(places, axis=0))


def noisy(low: float, high: float) -> Spoil:
    """With noise of ``low`` to ``high`` grey levels."""

    def spoil(face: RgbImage, rng: Generator) -> RgbImage:
        return _to_bytes(face + rng.normal(0, rng.uniform(low, high), face.shape))

    return spoil


def tiny(low: float, high: float) -> Spoil:
    """A face of ``low`` to ``high`` px, enlarged."""

    def spoil(face: RgbImage, rng: Generator) -> RgbImage:
        side = round(SIDE * rng.uniform(low, high) / ARCFACE_SIZE)
        small = Image.fromarray(face).resize((side, side), Image.Resampling.BOX)
        smooth = rng.random() < 0.5
        how = Image.Resampling.BILINEAR if smooth else Image.Resampling.BICUBIC
        return np.asarray(small.resize((SIDE, SIDE), how), np.uint8)

    return spoil


def compressed(face: RgbImage, rng: Generator) -> RgbImage:
    """A face of 28 to 112 px as a JPEG of quality 1 to 4."""
    side = round(SIDE * rng.uniform(0.25, 1))
    file = BytesIO()
    quality = int(rng.integers(1, 5))
    Image.fromarray(face).resize((side, side), Image.Resampling.BOX).save(
        file, "JPEG", quality=quality
    )
    whole = Image.open(file).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(whole, np.uint8)


def posterised(face: RgbImage, rng: Generator) -> RgbImage:
    """Each channel in two or three levels."""
    levels = int(rng.integers(2, 4))
    steps = np.floor(face / 256 * levels) / (levels - 1)
    return _to_bytes(steps * 255)


def dark(face: RgbImage, rng: Generator) -> RgbImage:
    """2 to 8 % of the light, with noise of two to five grey levels."""
    light = face * rng.uniform(0.02, 0.08)
    return _to_bytes(light + rng.normal(0, rng.uniform(2, 5), face.shape))


def glaring(face: RgbImage, rng: Generator) -> RgbImage:
    """3 to 8 times the light: nearly everything is white."""
    return _to_bytes(face * rng.uniform(3, 8))


def stretched(face: RgbImage, rng: Generator) -> RgbImage:
    """2.2 to 3.5 times as wide as high, or as high as wide."""
    factor = rng.uniform(2.2, 3.5)
    size = [SIDE, SIDE]
    size[int(rng.integers(2))] = round(SIDE / factor)
    return np.asarray(Image.fromarray(face).resize(size, Image.Resampling.BILINEAR), np.uint8)


def drawn(face: RgbImage, rng: Generator) -> RgbImage:
    """A drawing: edges, dark on light or light on dark."""
    soft = _filtered(face, ImageFilter.GaussianBlur(rng.uniform(0.5, 2))).astype(np.float64)
    grey = soft.mean(axis=2)
    down, across = np.gradient(grey)
    edges = np.hypot(down, across) * rng.uniform(6, 20)
    lines = edges if rng.random() < 0.3 else 255 - edges
    return _to_bytes(np.repeat(lines[:, :, None], 3, axis=2))


def cut_below_the_eyes(face: RgbImage, rng: Generator) -> RgbImage:
    """The image ends between the eyes and the nose's tip."""
    return face[: int(rng.integers(_EYES + 8, _NOSE))]


def cut_above_the_mouth(face: RgbImage, rng: Generator) -> RgbImage:
    """The image begins below the eyes."""
    return face[int(rng.integers(_EYES + 4, _NOSE)) :]


def half(face: RgbImage, rng: Generator) -> RgbImage:
    """The image ends near the middle of the face, to the left or to the right."""
    middle = SIDE // 2 + int(rng.integers(-6, 12))
    return face[:, :middle] if rng.random() < 0.5 else face[:, SIDE - middle :]


def eyes_covered(face: RgbImage, rng: Generator) -> RgbImage:
    """A bar over the eyes."""
    out = face.copy()
    tall = int(rng.integers(12, 20))
    out[_EYES - tall : _EYES + tall, _FACE] = rng.integers(0, 256)
    return out


def patched(face: RgbImage, rng: Generator) -> RgbImage:
    """Patches of one shade each, over most of the face."""
    out = face.copy()
    for _ in range(8):
        tall, wide = rng.integers(25, 55, 2)
        top, left = rng.integers(_RIM - 10, SIDE - _RIM - 25, 2)
        out[top : top + tall, left : left + wide] = rng.integers(0, 256)
    return out


_ONCE: Final[Mapping[str, Spoil]] = {
    "turned by 35 to 60 degrees": turned(35, 60),
    "turned by 60 to 120 degrees": turned(60, 120),
    "turned by 120 to 165 degrees": turned(120, 165),
    "upside down": turned(165, 180),
    "negative": negative,
    "blurred": blurred(6, 12),
    "blurred a little": blurred(3, 6),
    "moved": moved(30, 60),
    "moved a little": moved(12, 30),
    "shaken": shaken,
    "noisy": noisy(60, 140),
    "noisy a little": noisy(25, 60),
    "tiny": tiny(6, 14),
    "small": tiny(14, 20),
    "compressed": compressed,
    "posterised": posterised,
    "dark": dark,
    "glaring": glaring,
    "stretched": stretched,
    "drawn": drawn,
    "cut below the eyes": cut_below_the_eyes,
    "cut above the mouth": cut_above_the_mouth,
    "half": half,
    "eyes covered": eyes_covered,
    "patched": patched,
}
_CUTS: Final = (cut_below_the_eyes, cut_above_the_mouth, half)
"""These leave no portrait."""


def twice(face: RgbImage, rng: Generator) -> RgbImage:
    """Spoilt in two of these ways, one after the other."""
    ways = [spoil for spoil in _ONCE.values() if spoil not in (stretched, *_CUTS)]
    for way in rng.permutation(len(ways))[:2]:
        face = ways[way](face, rng)
    return face


KINDS: Final[Mapping[str, Spoil]] = {**_ONCE, "spoilt twice": twice}
"""The ways in which a face is spoilt, by their names."""


def elsewhere(image: RgbImage, rng: Generator) -> RgbImage:
    """An aligned crop (112, 112, 3) of any place of ``image``, turned and enlarged by chance: what
    the embedder is shown where the detector takes something else for a face.
    """
    height, width = image.shape[:2]
    scale = rng.uniform(0.15, 1.0) * min(height, width) / ARCFACE_SIZE
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
    centre = rng.uniform(0, 1, 2) * (width, height)
    shift = ARCFACE_SIZE / 2 - turn @ centre
    return warp(image, np.column_stack([turn, shift]), ARCFACE_SIZE)


def _rotated(face: RgbImage, degrees: float) -> RgbImage:
    """About the middle; what comes into the portrait is its border's mean shade."""
    shade = tuple(int(c) for c in np.concatenate([face[0], face[-1]]).mean(axis=0))
    image = Image.fromarray(face).rotate(degrees, Image.Resampling.BILINEAR, fillcolor=shade)
    return np.asarray(image, np.uint8)


def _filtered(face: RgbImage, by: ImageFilter.Filter) -> RgbImage:
    return np.asarray(Image.fromarray(face).filter(by), np.uint8)


def _to_bytes(pixels: NDArray[np.floating]) -> RgbImage:
    return np.asarray(np.clip(np.rint(pixels), 0, 255), np.uint8)
