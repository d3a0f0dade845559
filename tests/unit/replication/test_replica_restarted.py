"""A replica continues from a snapshot of its own history, and from no other."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.core.clock import microseconds
from app.decision.rates import GallerySize
from app.index.reference import ReferenceIndex
from app.replication.replica import CollectionReplica
from app.replication.snapshot import Snapshots
from tests.support.fake_bundle import contract_named
from tests.unit.replication.truth import COLLECTION, DIMENSION, NOW, Truth, found, of, size


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
    assert replica.keep()  # and written anew


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
    whole = snapshots.read(COLLECTION)
    assert whole is not None
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
