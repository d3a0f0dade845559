"""The short form of vectors: what it loses, and that it loses it once."""

import numpy as np
import pytest

from app.index.base import Vectors
from app.index.large import LargeIndex
from app.index.short import STEPS, lengthened, shortened


def strangers(count: int, dimension: int = 128, seed: int = 0) -> Vectors:
    rows = np.random.default_rng(seed).standard_normal((count, dimension), np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def test_every_step_comes_back_as_it_is() -> None:
    steps = np.arange(-STEPS, STEPS + 1).astype(np.int16)[:, None]
    np.testing.assert_array_equal(shortened(lengthened(steps)), steps)
    ends = np.array([[-1, 0, 1]], np.float32)
    np.testing.assert_array_equal(lengthened(shortened(ends)), ends)


@pytest.mark.parametrize("dimension", [8, 128, 512])
def test_similarities_move_by_some_millionths(dimension: int) -> None:
    people, probes = strangers(2000, dimension), strangers(50, dimension, seed=1)
    moved = probes @ lengthened(shortened(people)).T - probes @ people.T
    assert moved.std() < 1e-5
    assert np.abs(moved).max() < 1e-4


def test_a_large_gallery_keeps_vectors_shortened_and_a_small_one_as_they_are() -> None:
    people, index = strangers(1000, 64), LargeIndex(64, large_from=1000)
    index.put(np.arange(999), people[:999])
    np.testing.assert_array_equal(index.get(np.arange(999)), people[:999])
    index.put(np.array([999]), people[999:])
    short = lengthened(shortened(people))
    np.testing.assert_array_equal(index.get(np.arange(1000)), short)
    index.remove(np.arange(501))
    np.testing.assert_array_equal(index.get(np.arange(501, 1000)), short[501:])
    index.put(np.arange(501), people[:501])
    np.testing.assert_array_equal(index.get(np.arange(1000)), short)
