"""Chooses the engine that a gallery's index has."""

from collections.abc import Callable

import structlog

from app.index.base import VectorIndex
from app.index.flat import FlatIndex
from app.index.large import LargeIndex
from app.index.scan_check import fault

_log = structlog.get_logger()


def new_index(dimension: int, *, large_from: int) -> Callable[[], VectorIndex]:
    """Makes indexes that become large at ``large_from`` vectors. Where the installed FAISS does not
    scan codes as it should, it makes indexes that stay flat.
    """
    if (wrong := fault(dimension)) is not None:
        _log.warning("index.stays_flat", reason=wrong)
        return lambda: FlatIndex(dimension)
    return lambda: LargeIndex(dimension, large_from=large_from)
