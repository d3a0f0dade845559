"""A replica continues from a snapshot of its own history, and from no other."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from app.core.clock import microseconds
from app.decision.rates import GallerySize
from app.index.base import Vectors
from app.index.reference import ReferenceIndex
from app.replication import projection
from app.replication.deltas import Delta, joined
from app.replication.replica import CollectionReplica
from app.replication.snapshot import Snapshots
from tests.support.fake_bundle import contract_named
from tests.unit.replication.truth import (
    COLLECTION,
    DIMENSION,
    NOW,
    FaultyIndex,
    Truth,
    found,
    of,
    size,
    vectors,
)


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    return Snapshots(tmp_path, contract_named("contract", DIMENSION))


def restarted(truth: Truth, snapshots: Snapshots) -> CollectionReplica:
    truth.asked.clear()
    return of(truth, lambda: ReferenceIndex(DIMENSION), snapshots)


def kept(truth: Truth, snapshots: Snapshots) -> None:
    """Somebody was there, with a window, and a snapshot was written."""
    truth.until[2] = microseconds(NOW - timedelta(days=1))
    for person in (1, 2, 3):
        truth.put(person, templates=person)
    replica = of(truth, lambda: ReferenceIndex(DIMENSION), snapshots)
    replica.catch_up(truth.revision)
    assert replica.keep()
    assert not replica.keep()  # nothing changed since


def test_after_a_restart_only_what_changed_since_the_snapshot_is_read(
    truth: Truth, snapshots: Snapshots
) -> None:
    kept(truth, snapshots)
    truth.remove(1)
    truth.put(4)
    replica = restarted(truth, snapshots)
    assert found(replica, truth.revision) == [2, 3, 4]
    assert size(replica, truth.revision) == GallerySize(2, 4)  # person 2 is no longer valid
    assert None not in truth.asked


def test_a_snapshot_that_is_damaged_is_passed_over(truth: Truth, snapshots: Snapshots) -> None:
    kept(truth, snapshots)
    snapshots.file(COLLECTION).write_bytes(b"no snapshot")
    replica = restarted(truth, snapshots)
    assert found(replica, truth.revision) == [1, 2, 3]
    assert truth.asked == [None]
    assert replica.keep()  # and written again


def test_a_snapshot_of_a_history_that_was_undone_is_passed_over(
    truth: Truth, snapshots: Snapshots
) -> None:
    """The database was restored from a backup: it is at an earlier revision."""
    kept(truth, snapshots)
    restored = Truth()
    restored.put(9)
    assert found(restarted(restored, snapshots), restored.revision) == [9]


def test_a_snapshot_of_another_epoch_is_passed_over(truth: Truth, snapshots: Snapshots) -> None:
    kept(truth, snapshots)
    whole = joined(snapshots.read(COLLECTION))
    snapshots.write(COLLECTION, replace(whole, epoch="other"))
    restored = Truth()
    for person in (7, 8, 9, 10):
        restored.put(person)
    assert found(restarted(restored, snapshots), restored.revision) == [7, 8, 9, 10]


def test_a_snapshot_that_leads_to_other_people_than_sql_has_is_passed_over(
    truth: Truth, snapshots: Snapshots
) -> None:
    kept(truth, snapshots)
    del truth.people[3]  # behind the log's back
    replica = restarted(truth, snapshots)
    assert found(replica, truth.revision) == [1, 2]
    assert truth.asked[-1] is None


@contextmanager
def changing(
    changes: list[Callable[[], int]], replica: CollectionReplica, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Vectors are read one by one into a snapshot, and after each the next of ``changes`` is made
    and followed.
    """
    write = Snapshots.write

    def write_slowly(self: Snapshots, key: int, gallery: Delta, parts: Iterable[Vectors]) -> None:
        def slowly() -> Iterator[Vectors]:
            for change, part in zip(changes, parts, strict=True):
                yield part
                with suppress(MemoryError):
                    replica.catch_up(change())

        write(self, key, gallery, slowly())

    with monkeypatch.context() as patch:
        patch.setattr(projection, "_PART", 1)
        patch.setattr(Snapshots, "write", write_slowly)
        yield


def test_a_snapshot_that_was_written_while_people_changed_leads_to_those_who_are_there(
    truth: Truth, snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in range(1, 9):
        truth.put(person)
    replica = of(truth, lambda: ReferenceIndex(DIMENSION), snapshots)
    replica.catch_up(truth.revision)
    changes: list[Callable[[], int]] = [
        lambda: truth.remove(8),
        lambda: truth.put(9),
        lambda: truth.put(1, templates=2),
        lambda: truth.put(7, templates=2),
        lambda: truth.remove(1),
        lambda: truth.remove(6),
        lambda: truth.put(6),
        lambda: truth.remove(2),
    ]
    with changing(changes, replica, monkeypatch):
        assert replica.keep()
    again = restarted(truth, snapshots)
    assert found(again, truth.revision) == [3, 4, 5, 6, 7, 9]
    assert None not in truth.asked
    there = again.everybody(revision=truth.revision)
    np.testing.assert_array_equal(there.vectors, vectors(3, 4, 5, 6, 7, 9))
    assert replica.keep()  # for it has changed since


def test_no_snapshot_stays_of_a_gallery_that_a_change_left_half_applied(
    truth: Truth, snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in (1, 2, 3):
        truth.put(person)
    replica = of(truth, lambda: FaultyIndex(DIMENSION), snapshots)
    replica.catch_up(truth.revision)

    def fail() -> int:
        monkeypatch.setattr(FaultyIndex, "failures", 1)
        return truth.put(2, templates=2)

    changes = [fail, lambda: truth.put(4), lambda: truth.put(5)]
    with changing(changes, replica, monkeypatch):
        assert not replica.keep()
    assert not snapshots.file(COLLECTION).exists()
    assert found(replica, truth.revision) == [1, 2, 3, 4, 5]
    assert replica.keep()
    assert snapshots.file(COLLECTION).exists()
