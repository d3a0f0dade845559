"""The similarity transform and the warp, each against a slow twin or a known answer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from app.vision.align import ARCFACE_112, align_face, cut_off, similarity_transform, warp
from app.vision.types import RgbImage

_Matrix = NDArray[np.float64]


def _matrix(angle: float, scale: float, shift: tuple[float, float]) -> _Matrix:
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[cosine, -sine, shift[0]], [sine, cosine, shift[1]]])


def _apply(matrix: _Matrix, points: NDArray[np.floating]) -> _Matrix:
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2])


def _smooth(height: int, width: int, seed: int = 0) -> RgbImage:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def _slow_warp(image: RgbImage, matrix: _Matrix, size: int) -> RgbImage:
    """Each pixel by itself: where it comes from, and the four pixels around that; black outside."""
    inverse = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))
    out = np.zeros((size, size, 3))
    for v in range(size):
        for u in range(size):
            x, y, _ = inverse @ (u, v, 1)
            left, top = int(np.floor(x)), int(np.floor(y))
            for row, column in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
                if 0 <= row < image.shape[0] and 0 <= column < image.shape[1]:
                    weight = (1 - abs(x - column)) * (1 - abs(y - row))
                    out[v, u] += weight * image[row, column]
    return out.astype(np.uint8)


@given(
    angle=st.floats(-np.pi, np.pi),
    scale=st.floats(0.05, 20),
    shift=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
)
def test_a_similarity_is_found_again_exactly(
    angle: float, scale: float, shift: tuple[float, float]
) -> None:
    matrix = _matrix(angle, scale, shift)
    found = similarity_transform(ARCFACE_112, _apply(matrix, ARCFACE_112))
    np.testing.assert_allclose(found, matrix, atol=1e-3)


@given(st.integers(0, 10_000))
@settings(max_examples=50)
def test_no_similarity_nearby_fits_noisy_landmarks_better(seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = ARCFACE_112 * 2 + rng.normal(0, 8, (5, 2))
    best = similarity_transform(source, ARCFACE_112)
    error = np.square(_apply(best, source) - ARCFACE_112).sum()
    for _ in range(20):
        angle, scale = rng.normal(0, 0.02), 1 + rng.normal(0, 0.02)
        turn = _matrix(angle, scale, (rng.normal(), rng.normal()))
        other = np.column_stack([turn[:, :2] @ best[:, :2], turn[:, :2] @ best[:, 2] + turn[:, 2]])
        assert np.square(_apply(other, source) - ARCFACE_112).sum() >= error


def test_a_mirrored_face_is_turned_and_scaled_but_never_mirrored() -> None:
    mirrored = ARCFACE_112 * (-1, 1)
    assert np.linalg.det(similarity_transform(mirrored, ARCFACE_112)[:, :2]) > 0


@pytest.mark.parametrize(
    ("angle", "scale", "shift"),
    [
        (0.0, 1.0, (0.0, 0.0)),
        (0.0, 1.0, (-20.0, -10.0)),
        (0.0, 1.0, (-20.5, -10.25)),
        (0.3, 1.4, (-30.0, -40.0)),
        (-2.0, 0.8, (60.0, 70.0)),
        (0.1, 2.5, (30.0, -60.0)),
        (0.5, 1.0, (50.0, 50.0)),
    ],
)
def test_the_warp_is_that_of_the_slow_twin(
    angle: float, scale: float, shift: tuple[float, float]
) -> None:
    image, matrix = _smooth(90, 120), _matrix(angle, scale, shift)
    fast, slow = warp(image, matrix, 64), _slow_warp(image, matrix, 64)
    assert np.abs(fast.astype(int) - slow).max() <= 2


def test_a_whole_shift_moves_pixels_and_changes_none() -> None:
    """But by one level, where the matrix is a rounding away from whole."""
    image = np.random.default_rng(1).integers(0, 256, (60, 60, 3)).astype(np.uint8)
    crop = warp(image, _matrix(0, 1, (-7, -3)), 40)
    np.testing.assert_allclose(crop.astype(int), image[3:43, 7:47], rtol=0, atol=1)


def test_landmarks_land_on_the_template() -> None:
    landmarks = _apply(_matrix(0.4, 1.7, (60, 20)), ARCFACE_112).astype(np.float32)
    image = np.zeros((400, 400, 3), np.uint8)
    for x, y in landmarks.round().astype(int):
        image[y - 2 : y + 3, x - 2 : x + 3] = 255
    crop = align_face(image, landmarks)
    assert crop.shape == (112, 112, 3)
    for x, y in ARCFACE_112.round().astype(int):
        assert crop[y, x].min() > 200
    assert (crop > 128).mean() < 0.02


@pytest.mark.parametrize("factor", [2, 3, 7, 10])
def test_a_large_face_gives_the_same_crop_as_a_small_one(factor: int) -> None:
    small = _smooth(150, 150)
    large = np.asarray(
        Image.fromarray(small).resize((150 * factor, 150 * factor), Image.Resampling.BICUBIC)
    )
    landmarks = (ARCFACE_112 * 1.1 + 10).astype(np.float32)
    enlarged = ((landmarks + 0.5) * factor - 0.5).astype(np.float32)
    difference = align_face(large, enlarged).astype(int) - align_face(small, landmarks)
    assert np.abs(difference).mean() < 1.5


def test_grain_in_a_large_face_is_averaged_and_not_sampled() -> None:
    rng = np.random.default_rng(0)
    grain = (128 + rng.normal(0, 40, (1200, 1200, 1)).repeat(3, axis=2)).clip(0, 255)
    crop = align_face(grain.astype(np.uint8), ARCFACE_112 * 10)
    assert crop.std() < 8  # one pixel in ten taken as it is would keep 40


@pytest.mark.parametrize(
    "landmarks",
    [
        np.zeros((5, 2)),
        np.full((5, 2), 30.0),
        ARCFACE_112 * 1e-4,
        ARCFACE_112 * 1e5,
        ARCFACE_112 + 1e5,
        ARCFACE_112 - 1e5,
        np.stack([np.arange(5), np.arange(5)], axis=1),
    ],
)
@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 2000, 3), (60, 60, 3)])
def test_degenerate_landmarks_give_some_crop_and_no_exception(
    landmarks: NDArray[np.float64], shape: tuple[int, ...]
) -> None:
    crop = align_face(np.full(shape, 200, np.uint8), landmarks.astype(np.float32))
    assert crop.shape == (112, 112, 3)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 1_000_000), st.integers(1, 40), st.integers(1, 40))
def test_any_landmarks_on_any_image_give_a_crop(seed: int, height: int, width: int) -> None:
    landmarks = np.random.default_rng(seed).normal(0, 60, (5, 2)).astype(np.float32)
    assert align_face(np.ones((height, width, 3), np.uint8), landmarks).shape == (112, 112, 3)


@pytest.mark.parametrize("border", ["left", "right", "top", "bottom"])
@pytest.mark.parametrize("share", [0.0, 0.25, 0.3])
def test_the_share_that_the_border_cuts_off_is_the_share_of_the_crop(
    border: str, share: float
) -> None:
    """A face that fills the image as it fills the crop, and then moves over one border."""
    scale, step = 3, 336 * share
    away = {"left": (-step, 0), "right": (step, 0), "top": (0, -step), "bottom": (0, step)}[border]
    face = ((ARCFACE_112 + 0.5) * scale - 0.5 + away).astype(np.float32)
    inside = ((face >= 0) & (face <= 335)).all()
    assert cut_off(face, 336, 336) == pytest.approx(share if inside else 1.0, abs=0.02)
    black = (align_face(np.full((336, 336, 3), 255, np.uint8), face) < 128).mean()
    if inside:
        assert cut_off(face, 336, 336) == pytest.approx(black, abs=0.03)


def test_a_face_with_room_around_it_is_whole_however_it_leans() -> None:
    turn = _matrix(0.7, 1.0, (300, 250))
    assert cut_off(_apply(turn, ARCFACE_112).astype(np.float32), 800, 800) == 0


@pytest.mark.parametrize(("place", "value"), [((0, 0), -0.6), ((4, 1), 399.6)])
def test_a_landmark_outside_is_a_guess(place: tuple[int, int], value: float) -> None:
    face = (ARCFACE_112 + 150).astype(np.float32)
    face[place] = value
    assert cut_off(face, 400, 400) == 1.0


@pytest.mark.parametrize("left", [-30.0, 40.0, 250.0])
def test_a_face_is_cut_out_of_a_pillow_image_as_out_of_an_array(left: float) -> None:
    image = _smooth(200, 300)
    landmarks = (ARCFACE_112 * 1.7 + (left, 20)).astype(np.float32)
    expected = align_face(image, landmarks)
    np.testing.assert_array_equal(align_face(Image.fromarray(image), landmarks), expected)
