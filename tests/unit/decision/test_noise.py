"""The margin of ambiguity: the noise of mated similarities, measured in any way."""

import numpy as np
import pytest

from app.decision.noise import score_noise
from app.vision.again import seen_again


def unit(rows: np.ndarray) -> np.ndarray:
    unit_rows: np.ndarray = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit_rows


def test_the_margin_is_twice_the_noise_of_a_score_whatever_the_order_of_the_rows() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([f"person {i}" for i in range(2000)], 2)
    enrolled = np.repeat(unit(rng.normal(size=(2000, 128))), 2, axis=0)
    one, other = (
        (enrolled + 0.01 * rng.normal(size=enrolled.shape)).astype(np.float32) for _ in range(2)
    )
    # Each score is noisy by 0.01, so the difference of two by sqrt(2) times that.
    assert score_noise(one, other, labels) == pytest.approx(2 * 0.01 * np.sqrt(2), rel=0.05)
    assert score_noise(one, one, labels) == 0
    order = rng.permutation(len(labels))
    shuffled = score_noise(one[order], other[order], labels[order])
    assert shuffled == pytest.approx(score_noise(one, other, labels), rel=0.05)


def test_only_mated_similarities_count_and_a_lone_sample_none() -> None:
    """Along the person's own direction the noise is 0.1 either way, across it 0."""
    rng = np.random.default_rng(1)
    people = np.eye(40, dtype=np.float32)
    rows, labels = np.repeat(people, 2, axis=0), np.repeat(np.arange(40), 2)
    again = rows * (1 + rng.choice([-0.1, 0.1], (80, 1))).astype(np.float32)
    mated = score_noise(rows, again, labels)
    assert mated == pytest.approx(0.2, rel=0.15)
    lone = np.concatenate([rows, 5 * people]), np.concatenate([again, 0 * people])
    with_lone = score_noise(*lone, np.concatenate([labels, np.arange(100, 140)]))
    assert with_lone == mated
    with pytest.raises(ValueError, match="nobody has two images"):
        score_noise(people, people, np.arange(40))


def test_a_sample_seen_again_is_a_pixel_away_and_a_face_in_the_mirror_too() -> None:
    one = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    batch = np.stack([one, one[::-1]])
    assert seen_again(one, face=False)[:, :, 0].tolist() == [[6, 0, 3], [15, 9, 12]]
    assert seen_again(one, face=True)[:, :, 0].tolist() == [[3, 0, 6], [12, 9, 15]]
    for face in (False, True):
        assert np.array_equal(seen_again(batch, face=face)[0], seen_again(one, face=face))
