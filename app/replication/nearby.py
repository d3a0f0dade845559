"""Searches among people of whom some may not be named now."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.index.base import Keys, Neighbours, VectorIndex, Vectors

NOBODY: Final = -1
"""The key that fills a row with fewer neighbours than another row: it is nobody's, and its
similarity is minus infinity.
"""
_WIDER: Final = 64

_Valid = NDArray[np.bool_]


def has_enough(valid: _Valid, k: int, persons: int) -> bool:
    """Whether each row of ``valid`` (b, m), the validity of neighbours, has ``k`` valid people, or
    all ``persons`` who are valid.
    """
    return bool((valid.sum(axis=1) >= min(k, persons)).all())


def widened(
    index: VectorIndex,
    queries: Vectors,
    found: Neighbours,
    *,
    are_valid: Callable[[Keys], _Valid],
    persons: int,
    all_valid: Callable[[], Keys],
) -> tuple[Neighbours, _Valid]:
    """The people ``found`` nearest to each of ``queries`` (b, d), and the same number of the
    nearest valid people: (b, m) together, best first, and whether each is valid.

    ``persons`` is the number of valid people, and ``all_valid`` gives their keys in O(n); it is
    called only where hardly anybody near a query is valid.
    """
    k = found.keys.shape[1]
    wider = index.search(queries, k + _WIDER)
    valid = are_valid(wider.keys)
    if not has_enough(valid, k, persons):
        wider = _joined(found, index.search_among(queries, k, all_valid()))
        there = wider.keys != NOBODY
        valid = np.zeros(there.shape, np.bool_)
        valid[there] = are_valid(wider.keys[there])
    return _only(wider, valid, k)


def _joined(found: Neighbours, more: Neighbours) -> Neighbours:
    """Both together, best first; a key of ``more`` that is also ``found`` becomes nobody."""
    again = (more.keys[:, :, None] == found.keys[:, None, :]).any(axis=2)
    keys = np.concatenate([found.keys, np.where(again, NOBODY, more.keys)], axis=1)
    others = np.where(again, -np.inf, more.similarities).astype(np.float32)
    return _sorted(keys, np.concatenate([found.similarities, others], axis=1))[0]


def _only(found: Neighbours, valid: _Valid, k: int) -> tuple[Neighbours, _Valid]:
    """The first ``k``, and the first ``k`` who are valid."""
    kept = valid & (np.cumsum(valid, axis=1) <= k)
    kept[:, :k] |= found.keys[:, :k] != NOBODY
    keys = np.where(kept, found.keys, NOBODY)
    similarities = np.where(kept, found.similarities, -np.inf).astype(np.float32)
    most = int(kept.sum(axis=1).max(initial=0))
    neighbours, order = _sorted(keys, similarities)
    valid = np.take_along_axis(valid & kept, order, axis=1)
    return Neighbours(neighbours.keys[:, :most], neighbours.similarities[:, :most]), valid[:, :most]


def _sorted(keys: Keys, similarities: Vectors) -> tuple[Neighbours, NDArray[np.intp]]:
    order = np.argsort(-similarities, axis=1, kind="stable")
    return (
        Neighbours(
            np.take_along_axis(keys, order, axis=1),
            np.take_along_axis(similarities, order, axis=1),
        ),
        order,
    )
