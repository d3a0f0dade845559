"""Views of one photograph as a video camera takes them."""

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.vision.types import Box, RgbImage
from app.vision.video import burst

FACE = Box(60, 50, 80, 100)


def photograph(width: int = 220, height: int = 200, seed: int = 0) -> RgbImage:
    blotches = np.random.default_rng(seed).integers(0, 256, (10, 11, 3), np.uint8)
    large = Image.fromarray(blotches).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(large, np.uint8)


def opened(data: bytes) -> RgbImage:
    with Image.open(BytesIO(data)) as image:
        assert image.format == "JPEG"
        return np.asarray(image.convert("RGB"), np.uint8)


def alike(one: RgbImage, other: RgbImage) -> float:
    """The correlation of two frames, each averaged to 12 x 12."""
    return float(np.corrcoef(_small(one).ravel(), _small(other).ravel())[0, 1])


def _small(image: RgbImage) -> NDArray[np.float64]:
    return np.asarray(Image.fromarray(image).convert("L").resize((12, 12)), np.float64)


def test_one_seed_gives_the_same_files_and_another_other_ones() -> None:
    made = [burst(photograph(), FACE, 3, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert made[0] == made[1]
    assert not set(made[0]) & set(made[2])


def test_all_frames_differ_and_show_the_same_subject() -> None:
    frames = [opened(each) for each in burst(photograph(), FACE, 8, np.random.default_rng(4))]
    others = [opened(e) for e in burst(photograph(seed=9), FACE, 8, np.random.default_rng(4))]
    assert len({each.tobytes() for each in frames}) == 8
    assert min(alike(frames[0], each) for each in frames[1:]) > 0.6
    assert max(alike(frames[0], each) for each in others) < 0.6


@pytest.mark.parametrize("size", [40.0, 100.0, 2400.0])
def test_a_face_is_made_smaller_and_never_larger(size: float) -> None:
    image = photograph(int(3 * size), int(3 * size))
    subject = Box(size, size, size, 0.8 * size)
    (frame,) = burst(image, subject, 1, np.random.default_rng(3))
    height, width = opened(frame).shape[:2]
    assert height == width
    assert 2.4 * min(size, 90) - 1 <= width <= 2.4 * min(size, 150) + 1


def test_the_subject_is_in_the_middle_wherever_it_was() -> None:
    image = np.full((300, 400, 3), 30, np.uint8)
    image[180:260, 290:370] = (240, 240, 240)
    for frame in burst(image, Box(290, 180, 80, 80), 8, np.random.default_rng(5)):
        pixels = opened(frame).mean(axis=2)
        middle = len(pixels) // 2
        assert pixels[middle - 8 : middle + 8, middle - 8 : middle + 8].mean() > 150
        assert pixels[:12, :12].mean() < 150
