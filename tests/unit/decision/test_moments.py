"""Mean and deviation of impostors' similarities, against the pairs one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decision.fusion import fuse_persons
from app.decision.moments import Moments, measure_moments

DIMENSION = 5


@given(st.lists(st.integers(1, 4), min_size=3, max_size=8), st.integers(0, 2**32 - 1))
def test_the_moments_are_those_of_all_pairs_of_different_people(
    images: list[int], seed: int
) -> None:
    images[0] = 2  # without two images of anybody there is no coherence
    identity = np.repeat(np.arange(len(images)), images)
    rows = np.random.default_rng(seed).normal(size=(len(identity), DIMENSION))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = measure_moments(rows.astype(np.float32), identity)
    means, squares = [], []
    for one in range(len(images)):
        for other in range(one):
            scores = rows[identity == one] @ rows[identity == other].T
            means.append(scores.mean())
            squares.append((scores**2).mean())
    assert found.mean == pytest.approx(np.mean(means), abs=1e-5)
    variance = np.mean(squares) - np.mean(means) ** 2
    assert found.deviation == pytest.approx(np.sqrt(variance), abs=1e-4)


def test_the_law_holds_for_people_fused_from_any_number_of_images() -> None:
    rng = np.random.default_rng(0)
    direction = rng.normal(size=64)
    centres = rng.normal(size=(600, 64)) + direction  # everybody is a little alike
    owners = np.repeat(np.arange(600), 8)
    rows = centres[owners] + rng.normal(size=(4800, 64))
    images = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    moments = measure_moments(images, owners)
    half = owners < 300
    probes = images[~half][::8]
    for k in (1, 2, 3, 5, 8):
        first = half & (np.tile(np.arange(8), 600) < k)
        fused = fuse_persons(images[first], owners[first]).vectors
        law = moments.mean_of(np.array([float(k)]))[0]
        assert (probes @ fused.T).mean() == pytest.approx(law, abs=0.015)


def test_the_length_of_a_mean_is_one_for_one_template_and_falls_to_the_coherence() -> None:
    lengths = Moments(0.1, 0.1, 0.64).length_of(np.array([1.0, 2.0, 3.0, 1e9]))
    assert lengths[0] == 1
    assert (np.diff(lengths) < 0).all()
    assert lengths[-1] == pytest.approx(0.8)
