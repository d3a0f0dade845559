"""Templates of a person become one vector: against a slow twin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decision.fusion import Keys, Vectors, fuse, fuse_persons

DIMENSION = 6


def templates(seed: int, count: int) -> Vectors:
    rows = np.random.default_rng(seed).normal(size=(count, DIMENSION))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def slowly_fused(rows: Vectors, owners: Keys) -> dict[int, tuple[Vectors, int]]:
    """The definition: the mean of a person's templates, at unit length."""
    result = {}
    for owner in sorted(set(owners.tolist())):
        own = [row for row, of in zip(rows, owners.tolist(), strict=True) if of == owner]
        mean = np.mean(np.array(own, np.float64), axis=0)
        result[owner] = ((mean / np.linalg.norm(mean)).astype(np.float32), len(own))
    return result


@given(st.lists(st.integers(-3, 2**40), max_size=30), st.integers(0, 2**32 - 1))
def test_each_person_is_the_unit_mean_of_their_templates(people: list[int], seed: int) -> None:
    owners, rows = np.array(people, np.int64), templates(seed, len(people))
    fused = fuse_persons(rows, owners)
    expected = slowly_fused(rows, owners)
    assert fused.owners.tolist() == list(expected)
    assert fused.templates.tolist() == [count for _, count in expected.values()]
    assert fused.vectors.dtype == np.float32
    assert fused.vectors.shape == (len(expected), DIMENSION)
    for vector, (twin, _) in zip(fused.vectors, expected.values(), strict=True):
        np.testing.assert_allclose(vector, twin, atol=1e-5)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.integers(0, 2**32 - 1))
def test_a_person_is_the_same_to_the_last_bit_in_any_order_and_company(
    people: list[int], seed: int
) -> None:
    """One replica reads everybody at once, another one person after the other."""
    owners, rows = np.array(people, np.int64), templates(seed, len(people))
    fused = fuse_persons(rows, owners)
    order = np.random.default_rng(seed).permutation(len(people))
    np.testing.assert_array_equal(fuse_persons(rows[order], owners[order]).vectors, fused.vectors)
    for owner, vector in zip(fused.owners, fused.vectors, strict=True):
        alone = fuse(rows[order][owners[order] == owner])
        np.testing.assert_array_equal(alone, vector)
        assert np.linalg.norm(alone) == pytest.approx(1, abs=1e-6)


def test_one_template_is_the_person() -> None:
    row = templates(1, 1)
    np.testing.assert_allclose(fuse(row), row[0], atol=1e-7)


def test_templates_that_cancel_out_give_the_first_of_them() -> None:
    one = templates(1, 1)
    np.testing.assert_allclose(fuse(np.concatenate([one, -one])), one[0], atol=1e-7)


def test_nobody_fused_is_nobody() -> None:
    fused = fuse_persons(np.empty((0, DIMENSION), np.float32), np.empty(0, np.int64))
    assert (len(fused.owners), fused.vectors.shape) == (0, (0, DIMENSION))
    assert len(fused.templates) == 0
