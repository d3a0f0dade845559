"""Tries at the start whether the installed FAISS scans codes as ``codes`` writes them."""

from functools import cache
from typing import Final

import numpy as np

from app.index.base import Vectors
from app.index.codes import Codes, can_code

_ROWS: Final = 333  # ten blocks, and a part of one
_CLOSE: Final = 0.02  # FAISS rounds the parts of an estimate to one byte


@cache
def fault(dimension: int) -> str | None:
    """The fault of scans of codes of this ``dimension``, or None. It takes milliseconds.

    Codes are put, replaced and taken out, and each estimate is compared with numpy's.
    """
    if not can_code(dimension):
        return f"vectors of {dimension} numbers have no codes"
    try:
        return _fault(dimension)
    except Exception as error:  # noqa: BLE001 - whatever an upgrade of FAISS broke
        return f"{type(error).__name__}: {error}"


def _fault(dimension: int) -> str | None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((_ROWS + 10, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    codes, there = Codes(dimension), vectors[:_ROWS]
    codes.put(np.arange(_ROWS), there)
    if not _agrees(codes, there):
        return "a scan does not find what was put"
    rows = np.array([0, 15, 16, 31, 32, 200, 320, 321, 331, 332])
    there = there.copy()
    there[rows] = vectors[_ROWS:]
    codes.put(rows, there[rows])
    if not _agrees(codes, there):
        return "a scan does not find what was replaced"
    codes.shorten(310)
    if not _agrees(codes, there[:310]):
        return "a scan finds what was taken out"
    codes.put(np.arange(310, 325), there[:15])
    if not _agrees(codes, np.concatenate([there[:310], there[:15]])):
        return "a scan does not find what was put after something was taken out"
    return None


def _agrees(codes: Codes, there: Vectors) -> bool:
    queries = there[:3]
    estimates, rows = codes.nearest(queries, _ROWS)
    if (np.sort(rows, axis=1) != np.arange(len(there))).any():
        return False
    wanted = np.take_along_axis(queries @ codes.decoded(there).T, rows, axis=1)
    return bool(np.abs(estimates - wanted).max() < _CLOSE)
