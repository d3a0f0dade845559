"""A search among people of whom hardly anybody may be named, against looking at everybody."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.index.base import Keys
from app.index.flat import FlatIndex
from app.replication.nearby import NOBODY, has_enough, widened

DIMENSION = 8


@given(
    persons=st.integers(0, 300),
    share=st.sampled_from([0.0, 0.01, 0.1, 0.9, 1.0]),
    probes=st.integers(1, 3),
    k=st.integers(1, 7),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_nearest_valid_people_are_all_found_and_nobody_else_beyond_the_nearest(
    persons: int, share: float, probes: int, k: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((persons + probes, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    people, queries = vectors[:persons], vectors[persons:]
    valid = rng.random(persons) < share
    index = FlatIndex(DIMENSION)
    index.put(np.arange(persons), people)

    def are_valid(keys: Keys) -> np.ndarray:
        assert (keys != NOBODY).all()
        return np.asarray(valid[keys])

    found, named = index.search(queries, k), int(valid.sum())
    said = are_valid(found.keys)
    if not has_enough(said, k, named):
        found, said = widened(
            index,
            queries,
            found,
            are_valid=are_valid,
            persons=named,
            all_valid=lambda: np.flatnonzero(valid),
        )
    for row, query in enumerate(queries):
        order = np.argsort(-(people @ query), kind="stable").tolist()
        wanted = {*order[:k], *[key for key in order if valid[key]][:k]}
        keys = [key for key in found.keys[row].tolist() if key != NOBODY]
        assert set(keys) == wanted
        assert keys == sorted(keys, key=lambda key: -float(people[key] @ query))
        assert said[row].tolist()[: len(keys)] == [bool(valid[key]) for key in keys]
        assert not said[row, len(keys) :].any()
