"""The indexes that are searched against their slow twin, through whatever history."""

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.index import large
from app.index.base import Keys, Neighbours, VectorIndex, Vectors
from app.index.flat import FlatIndex
from app.index.large import LargeIndex
from app.index.reference import ReferenceIndex
from app.index.short import lengthened, shortened

DIMENSION = 8
TOLERANCE = 1e-5

some_keys = st.lists(st.integers(0, 400), min_size=1, max_size=12, unique=True)
seeds = st.integers(0, 2**32 - 1)


def unit_vectors(seed: int, count: int) -> Vectors:
    """Rows of small whole numbers at unit length: equal vectors and equal distances are common."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(-1, 2, (count, DIMENSION)).astype(np.float32)
    rows[:, 0] += (np.abs(rows).sum(axis=1) == 0).astype(np.float32)
    unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


class FlatHistory(RuleBasedStateMachine):
    """Does everything to both, and expects the same of both."""

    def __init__(self) -> None:
        super().__init__()
        self.index = self.empty()
        self.twin = ReferenceIndex(DIMENSION)

    def empty(self) -> VectorIndex:
        return FlatIndex(DIMENSION)

    def vectors(self, seed: int, count: int) -> Vectors:
        return unit_vectors(seed, count)

    @rule(keys=some_keys, seed=seeds)
    def put_some(self, keys: list[int], seed: int) -> None:
        self._put(np.array(keys, np.int64), seed)

    @rule(first=st.integers(0, 300), count=st.integers(60, 200), seed=seeds)
    def put_more_than_there_is_room_for(self, first: int, count: int, seed: int) -> None:
        self._put(np.arange(first, first + count), seed)

    @rule(keys=some_keys)
    def remove_some_who_may_be_absent(self, keys: list[int]) -> None:
        self._remove(np.array(keys, np.int64))

    @rule(first=st.integers(0, 300), count=st.integers(60, 500))
    def remove_many(self, first: int, count: int) -> None:
        self._remove(np.arange(first, first + count))

    @rule(seed=seeds, probes=st.integers(1, 4), k=st.integers(0, 600))
    def search(self, seed: int, probes: int, k: int) -> None:
        queries = unit_vectors(seed, probes)
        self._same(queries, self.index.search(queries, k), self.twin.search(queries, k))

    @rule(seed=seeds, probes=st.integers(1, 4), k=st.integers(0, 60), draw=st.integers(0, 2**16))
    def search_among_some(self, seed: int, probes: int, k: int, draw: int) -> None:
        queries, keys = unit_vectors(seed, probes), self._some(draw)
        found = self.index.search_among(queries, k, keys)
        assert np.isin(found.keys, keys).all()
        self._same(queries, found, self.twin.search_among(queries, k, keys))

    def _same(self, queries: Vectors, found: Neighbours, expected: Neighbours) -> None:
        assert found.keys.shape == expected.keys.shape
        np.testing.assert_allclose(found.similarities, expected.similarities, atol=TOLERANCE)
        everything = self.twin.search(queries, len(self.twin))
        for row in range(len(queries)):
            keys = found.keys[row].tolist()
            assert len(set(keys)) == len(keys)
            # Ties may come in any order, so each key is held to its own similarity.
            true = dict(
                zip(everything.keys[row].tolist(), everything.similarities[row], strict=True)
            )
            own = [true[key] for key in keys]
            np.testing.assert_allclose(found.similarities[row], own, atol=TOLERANCE)

    @rule(draw=st.integers(0, 2**16))
    def get_some_who_are_there(self, draw: int) -> None:
        keys = self._some(draw)
        np.testing.assert_array_equal(self.index.get(keys), self.twin.get(keys))

    @invariant()
    def both_are_of_one_size(self) -> None:
        assert len(self.index) == len(self.twin)

    def _some(self, draw: int) -> Keys:
        return np.array(sorted(self.twin._rows)[draw % 7 :: 3], np.int64)

    def _put(self, keys: Keys, seed: int) -> None:
        vectors = self.vectors(seed, len(keys))
        self.index.put(keys, vectors)
        self.twin.put(keys, vectors)

    def _remove(self, keys: Keys) -> None:
        self.index.remove(keys)
        self.twin.remove(keys)


class LargeHistory(FlatHistory):
    """The same through codes, which come and go: with a list of few and of many, and while only
    some rows are coded; of vectors that are the same in their short form.
    """

    def empty(self) -> VectorIndex:
        return LargeIndex(DIMENSION, large_from=100, listed=32)

    def vectors(self, seed: int, count: int) -> Vectors:
        return lengthened(shortened(unit_vectors(seed, count)))

    @initialize(step=st.integers(1, 64))
    def code_so_many_at_a_time(self, step: int) -> None:
        self._step = step

    @rule(parts=st.integers(1, 8))
    def tend(self, parts: int) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(large, "_STEP", self._step)
            for _ in range(parts):
                self.index.tend()

    @rule()
    def tend_to_the_end(self) -> None:
        while self.index.tend():
            pass
        assert self.index.engine == "large" or len(self.index) < 100


TestFlatHistory = FlatHistory.TestCase
TestFlatHistory.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestLargeHistory = LargeHistory.TestCase
TestLargeHistory.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
