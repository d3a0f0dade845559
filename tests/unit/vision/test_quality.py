"""Measures of quality fall when the picture gets worse, and poses come back in degrees."""

from itertools import pairwise

import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from app.vision.quality import _HEAD, measure_quality, pose
from app.vision.types import AlignedCrop, Box, Landmarks, Quality

_BOX = Box(10, 10, 90, 120)


def _face() -> AlignedCrop:
    """A photographed face, about as an aligned crop shows it."""
    image = np.asarray(skimage.data.astronaut(), np.uint8)
    return np.asarray(Image.fromarray(image[60:240, 130:310]).resize((112, 112)))


def _landmarks(yaw: float = 0, pitch: float = 0, roll: float = 0) -> Landmarks:
    """The average head, turned by degrees and seen from far away."""
    y, p, r = np.radians([-yaw, -pitch, roll])
    about_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    about_x = [[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]]
    about_z = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    turned = _HEAD @ (np.array(about_z) @ about_y @ about_x).T
    points: Landmarks = (turned[:, :2] * 1.7 + (140, 120)).astype(np.float32)
    return points


def _quality(
    crop: AlignedCrop | None = None, landmarks: Landmarks | None = None, box: Box = _BOX
) -> Quality:
    return measure_quality(
        box, _landmarks() if landmarks is None else landmarks, _face() if crop is None else crop
    )


def _falls(values: list[float]) -> bool:
    return all(before > after for before, after in pairwise(values))


def test_a_good_photograph_scores_high() -> None:
    quality = _quality()
    assert quality.score > 0.7
    assert quality.face_size == 90
    assert 0.2 < quality.brightness < 0.8


def test_blur_lowers_sharpness_and_score() -> None:
    picture = Image.fromarray(_face())
    seen = [
        _quality(np.asarray(picture.filter(ImageFilter.GaussianBlur(radius))))
        for radius in (0, 1, 2, 4, 8)
    ]
    assert _falls([each.sharpness for each in seen])
    assert _falls([each.score for each in seen])


def test_darkness_lowers_brightness_and_at_last_the_score_to_nothing() -> None:
    seen = [_quality((_face() * share).astype(np.uint8)) for share in (1, 0.5, 0.25, 0.1, 0)]
    assert _falls([each.brightness for each in seen])
    assert _falls([each.score for each in seen])
    assert seen[-1].score == 0


def test_a_white_picture_scores_nothing() -> None:
    white = _quality(np.full((112, 112, 3), 255, np.uint8))
    assert (white.brightness, white.sharpness, white.score) == pytest.approx((1, 0, 0), abs=1e-3)


def test_smaller_faces_score_less_and_a_box_without_size_nothing() -> None:
    boxes = [Box(0, 0, side, side * 1.3) for side in (112, 60, 30, 10, 0)]
    seen = [_quality(box=box) for box in boxes]
    assert [each.face_size for each in seen] == [112, 60, 30, 10, 0]
    assert _falls([each.score for each in seen])


def test_a_turned_head_scores_less_to_either_side() -> None:
    for sign in (-1, 1):
        turned = [_quality(landmarks=_landmarks(yaw=sign * yaw)) for yaw in (0, 20, 40, 60, 80)]
        assert _falls([each.score for each in turned])


@given(yaw=st.floats(-75, 75), pitch=st.floats(-60, 60), roll=st.floats(-170, 170))
def test_the_pose_of_the_average_head_comes_back(yaw: float, pitch: float, roll: float) -> None:
    np.testing.assert_allclose(pose(_landmarks(yaw, pitch, roll)), (yaw, pitch, roll), atol=0.1)


def test_signs_are_as_documented() -> None:
    right, up, tilted = _landmarks(yaw=30), _landmarks(pitch=30), _landmarks(roll=30)
    frontal = _landmarks()

    def nose(points: Landmarks) -> NDArray[np.float32]:
        return np.asarray(points[2] - points[[0, 1, 3, 4]].mean(axis=0))

    assert nose(right)[0] > nose(frontal)[0]
    assert nose(up)[1] < nose(frontal)[1]
    assert tilted[1, 1] > tilted[0, 1]  # the right-hand eye in the image is the lower one


@pytest.mark.parametrize("landmarks", [np.zeros((5, 2)), np.full((5, 2), 7.0), np.eye(5, 2)])
def test_degenerate_landmarks_have_some_finite_pose(landmarks: NDArray[np.float64]) -> None:
    assert np.isfinite(pose(landmarks.astype(np.float32))).all()


@given(st.integers(0, 1000))
def test_measures_stay_within_their_ranges(seed: int) -> None:
    rng = np.random.default_rng(seed)
    crop = rng.integers(0, 256, (112, 112, 3)).astype(np.uint8)
    box = Box(0, 0, *map(float, rng.uniform(0, 400, 2)))
    quality = _quality(crop, rng.normal(50, 30, (5, 2)).astype(np.float32), box)
    assert 0 <= quality.score <= 1
    assert 0 <= quality.sharpness <= 1
    assert 0 <= quality.brightness <= 1
