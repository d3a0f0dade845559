"""Which of many vectors lie near each other, against looking at every pair."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.index import pairs as room
from app.index.pairs import near_pairs, nearest_of, nearest_other

tiles = st.tuples(st.integers(1, 50), st.integers(1, 50))


@given(
    st.integers(0, 40),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["one", "each", "some unreachable"]),
    st.integers(1, 30),
    tiles,
)
def test_the_nearest_pairs_are_those_of_all_pairs(
    count: int, seed: int, kind: str, most: int, tile: tuple[int, int]
) -> None:
    """Sums of products of these numbers are exact, so that equality with a limit is seen."""
    rng = np.random.default_rng(seed)
    vectors = (rng.integers(-4, 5, (count, 5)) / 8).astype(np.float32)
    limits = rng.integers(-64, 65, count) / 64
    if kind == "one":
        limits[:] = limits.max(initial=-1)
    elif kind == "some unreachable":
        limits[rng.random(count) < 0.5] = np.inf
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_ROWS", tile[0])
        patch.setattr(room, "_COLUMNS", tile[1])
        found = near_pairs(vectors, limits, most=most)
    every = [
        (-float(vectors[i] @ vectors[j]), i, j)
        for i in range(count)
        for j in range(i + 1, count)
        if vectors[i] @ vectors[j] >= max(limits[i], limits[j])
    ]
    assert [
        (-similarity, one, other)
        for one, other, similarity in zip(
            found.one.tolist(), found.other.tolist(), found.similarity.tolist(), strict=True
        )
    ] == sorted(every)[:most]


def test_a_limit_between_two_float32_numbers_is_kept() -> None:
    """The similarity is the float32 just below, or just at, what is asked for in float64."""
    vectors = np.array([[0.6, 0.8], [0.8, 0.6]], np.float32)
    similarity = float(vectors[0] @ vectors[1])
    above = np.full(2, similarity + 1e-9)
    assert len(near_pairs(vectors, above, most=9).one) == 0
    assert len(near_pairs(vectors, np.array([similarity, -1]), most=9).one) == 1


@given(st.integers(0, 40), st.integers(0, 2**32 - 1), st.integers(1, 5), tiles)
def test_the_nearest_others_are_those_of_all(
    count: int, seed: int, most: int, tile: tuple[int, int]
) -> None:
    rng = np.random.default_rng(seed)
    vectors = (rng.integers(-4, 5, (count, 5)) / 8).astype(np.float32)
    some = vectors[rng.random(count) < 0.5]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_ROWS", tile[0])
        patch.setattr(room, "_COLUMNS", tile[1])
        nearest = nearest_other(vectors)
    few, rows = nearest_of(some, vectors, most)
    for i in range(count):
        others = np.delete(vectors @ vectors[i], i)
        assert nearest[i] == others.max(initial=-2)
    assert few.shape == (len(some), min(most, count))
    at = [row[places].tolist() for row, places in zip(some @ vectors.T, rows, strict=True)]
    assert few.tolist() == at == [sorted(vectors @ each, reverse=True)[:most] for each in some]
