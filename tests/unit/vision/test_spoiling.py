"""Portraits are spoilt by chance that is given, and stay pictures."""

import numpy as np
import pytest

from app.vision.align import ARCFACE_112, ARCFACE_SIZE, align_face
from app.vision.spoiling import KINDS, SIDE, elsewhere, portrait
from app.vision.types import RgbImage
from tests.unit.inference.faces import astronaut

LANDMARKS = (ARCFACE_112 * 1.1 + (170, 60)).astype(np.float32)


def face() -> RgbImage:
    return portrait(astronaut(), LANDMARKS)


def test_the_middle_of_a_portrait_is_the_aligned_crop() -> None:
    rim = (SIDE - ARCFACE_SIZE) // 2
    middle = face()[rim:-rim, rim:-rim].astype(int)
    away = np.abs(middle - align_face(astronaut(), LANDMARKS).astype(int))
    assert away.mean() < 1


@pytest.mark.parametrize("name", KINDS)
def test_what_is_spoilt_is_another_picture_and_the_same_by_the_same_chance(name: str) -> None:
    whole = face()
    before = whole.copy()
    first, again = (KINDS[name](whole, np.random.default_rng(7)) for _ in range(2))
    others = [KINDS[name](whole, np.random.default_rng(seed)) for seed in range(10, 16)]
    assert np.array_equal(whole, before)
    assert first.dtype == np.uint8
    assert first.shape[2:] == (3,)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, whole)
    varies = any(not np.array_equal(first, other) for other in others)
    assert varies is (name != "negative")


def test_what_is_no_face_comes_from_anywhere() -> None:
    crops = [elsewhere(astronaut(), np.random.default_rng(seed)) for seed in range(10)]
    assert {crop.shape for crop in crops} == {(ARCFACE_SIZE, ARCFACE_SIZE, 3)}
    assert len({crop.tobytes() for crop in crops}) == 10
