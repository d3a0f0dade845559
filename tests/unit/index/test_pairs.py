"""Which of many vectors lie near each other, against looking at every pair."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.index import pairs as room
from app.index.pairs import near_pairs


@given(
    st.integers(0, 40),
    st.integers(0, 2**32 - 1),
    st.floats(-1, 1),
    st.integers(1, 30),
    st.integers(1, 200),
)
def test_the_nearest_pairs_are_those_of_all_pairs(
    count: int, seed: int, least: float, most: int, cells: int
) -> None:
    rows = np.random.default_rng(seed).integers(-1, 2, (count, 5)) + 0.01
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_BLOCK_CELLS", cells)
        found = near_pairs(vectors, least, most=most)
    every = {
        (i, j): float(vectors[i] @ vectors[j])
        for i in range(count)
        for j in range(i + 1, count)
        if vectors[i] @ vectors[j] >= least + 1e-6
    }
    together = list(zip(found.one.tolist(), found.other.tolist(), strict=True))
    assert len(set(together)) == len(together) <= most
    assert len(together) >= min(most, len(every))
    assert found.similarity.tolist() == sorted(found.similarity.tolist(), reverse=True)
    for (one, other), similarity in zip(together, found.similarity, strict=True):
        assert one < other
        assert similarity == pytest.approx(vectors[one] @ vectors[other], abs=1e-6)
        assert similarity >= least
    best = sorted(every.values(), reverse=True)[:most]
    assert found.similarity[: len(best)] == pytest.approx(best, abs=2e-6)
