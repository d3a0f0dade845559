"""The index that scans codes: when it does, when it compares everybody, and when it may not."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from structlog.testing import capture_logs

from app.index import codes as coding
from app.index import scan_check
from app.index.base import Vectors
from app.index.engines import new_index
from app.index.flat import FlatIndex
from app.index.large import LargeIndex, Searches
from app.index.reference import ReferenceIndex
from app.index.short import lengthened, shortened

DIMENSION = 64


def unit(rows: Vectors) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def strangers(count: int, seed: int = 0) -> Vectors:
    """Vectors that are the same in their short form."""
    rows = np.random.default_rng(seed).standard_normal((count, DIMENSION), np.float32)
    return lengthened(shortened(unit(rows)))


def large(vectors: Vectors, *, listed: int) -> LargeIndex:
    index = LargeIndex(DIMENSION, large_from=min(1000, len(vectors)), listed=listed)
    index.put(np.arange(len(vectors)), vectors)
    while index.tend():
        pass
    assert index.engine == "large"
    return index


def test_probes_that_stand_out_are_answered_from_the_short_list_as_exactly_as_by_all() -> None:
    people = strangers(20_000)
    index, flat = large(people, listed=256), FlatIndex(DIMENSION)
    flat.put(np.arange(len(people)), people)
    apart = strangers(300, seed=1)
    probes = unit(0.7 * people[:300] + 0.7 * apart)
    found, expected = index.search(probes, 1), flat.search(probes, 1)
    np.testing.assert_array_equal(found.keys, expected.keys)
    np.testing.assert_allclose(found.similarities, expected.similarities, atol=1e-6)
    assert index.searches == Searches(short=300, everybody=0)


LAYOUTS: dict[str, Callable[[Vectors], NDArray[np.floating]]] = {
    "float64": lambda rows: rows.astype(np.float64),
    "float16": lambda rows: rows.astype(np.float16),
    "big-endian": lambda rows: rows.astype(">f4"),
    "by columns": np.asfortranarray,
    "every other row": lambda rows: np.repeat(rows, 2, axis=0)[::2],
    "every other number": lambda rows: np.repeat(rows, 2, axis=1)[:, ::2],
    "read only": lambda rows: np.frombuffer(rows.tobytes(), np.float32).reshape(rows.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("engine", ["flat", "large"])
def test_vectors_of_any_type_and_layout_are_put_and_searched(layout: str, engine: str) -> None:
    people, changed, probes = strangers(1500), strangers(20, seed=1), strangers(40, seed=2)
    index = large(people, listed=256) if engine == "large" else FlatIndex(DIMENSION)
    expected, laid_out = ReferenceIndex(DIMENSION), LAYOUTS[layout]
    kept = lengthened(shortened(laid_out(changed))) if engine == "large" else laid_out(changed)
    for each, rows in ((index, laid_out(changed)), (expected, kept)):
        each.put(np.arange(1500), people)
        each.put(np.arange(20), rows)
    queries = laid_out(probes)
    wanted = expected.search(queries.astype(np.float32), 3)
    among = index.search_among(queries, 3, np.arange(1500))
    for found in (index.search(queries, 3), among):
        np.testing.assert_array_equal(found.keys, wanted.keys)
        np.testing.assert_allclose(found.similarities, wanted.similarities, atol=1e-6)
    if isinstance(index, LargeIndex):
        assert index.searches.short > 0


def test_in_a_crowd_everybody_is_compared() -> None:
    one = strangers(1)
    crowd = lengthened(shortened(unit(one + 0.02 * strangers(2000, seed=2))))
    index, twin = large(crowd, listed=16), ReferenceIndex(DIMENSION)
    twin.put(np.arange(len(crowd)), crowd)
    found, expected = index.search(one, 5), twin.search(one, 5)
    np.testing.assert_allclose(found.similarities, expected.similarities, atol=1e-6)
    assert index.searches == Searches(short=0, everybody=1)


def test_a_gallery_that_shrinks_to_half_is_flat_again_and_may_grow_again() -> None:
    people = strangers(1000)
    index = large(people, listed=64)
    index.remove(np.arange(500))
    assert index.engine == "large"
    index.remove(np.array([500]))
    assert index.engine == "flat"
    assert not index.tend()
    index.put(np.arange(1000), people)
    while index.tend():
        pass
    assert index.engine == "large"
    assert index.search(people[3:4], 1).keys.tolist() == [[3]]


def test_vectors_without_codes_stay_flat() -> None:
    index = LargeIndex(6, large_from=10)
    index.put(np.arange(20), np.eye(20, 6, dtype=np.float32))
    assert not index.tend()
    assert index.engine == "flat"


@pytest.mark.parametrize("dimension", [8, 64, 128, 512])
def test_the_installed_library_scans_as_it_should(dimension: int) -> None:
    assert scan_check.fault(dimension) is None


def _raises(*_: object) -> None:
    raise AttributeError("no ntotal2")


def test_a_library_that_lays_codes_out_otherwise_is_noticed_and_said_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scan_check.fault.cache_clear()
    monkeypatch.setattr(coding, "_PLACES", np.roll(coding._PLACES, 1))
    try:
        with capture_logs() as logs:
            index = new_index(DIMENSION, large_from=1000)()
        assert isinstance(index, FlatIndex)
        assert not isinstance(index, LargeIndex)
        assert [(each["event"], each["log_level"]) for each in logs] == [
            ("index.stays_flat", "warning")
        ]
    finally:
        scan_check.fault.cache_clear()


def test_a_library_without_what_is_used_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    scan_check.fault.cache_clear()
    monkeypatch.setattr(coding.Codes, "shorten", _raises)
    try:
        assert scan_check.fault(DIMENSION) == "AttributeError: no ntotal2"
    finally:
        scan_check.fault.cache_clear()
