"""The replicas of a process: one for each collection, with payloads of everybody or none."""

from pathlib import Path

import numpy as np
import pytest

from app.errors import NotReady
from app.index.reference import ReferenceIndex
from app.replication.replicas import Replicas
from app.replication.snapshot import Snapshots
from tests.support.fake_bundle import contract_named
from tests.unit.replication.truth import COLLECTION, DIMENSION, EPOCH, Truth, found


def test_a_replica_has_the_payload_of_everybody_or_says_that_it_has_none(
    truth: Truth, tmp_path: Path
) -> None:
    snapshots = Snapshots(tmp_path, contract_named("test", DIMENSION))
    replicas = Replicas(truth, lambda: ReferenceIndex(DIMENSION), snapshots)

    def names(people: Replicas, revision: int) -> list[str] | None:
        people.of(COLLECTION, EPOCH).catch_up(revision)
        kept = people.kept(COLLECTION, EPOCH, revision)
        if kept is None:
            return None
        found = kept.people(np.arange(9), revision=revision).payloads
        assert all(kept.key_of(each.id, revision=revision) == key for key, each in found.items())
        return [each.id for each in found.values()]

    truth.put(1)
    assert names(replicas, truth.put(2)) is None  # none are kept
    truth.names = True
    assert names(replicas, truth.put(3)) == ["person 1", "person 2", "person 3"]
    assert names(replicas, truth.remove(1)) == ["person 2", "person 3"]
    assert replicas.of(COLLECTION, EPOCH).key_of("person 1", revision=truth.revision) is None
    assert replicas.kept(COLLECTION, "restored", truth.revision) is None
    assert replicas.kept(COLLECTION, EPOCH, truth.revision + 1) is None
    assert replicas.kept(COLLECTION + 1, EPOCH, 0) is None
    replicas.keep()
    assert b"person 2" not in snapshots.file(COLLECTION).read_bytes()
    truth.put(4)
    later = Replicas(truth, lambda: ReferenceIndex(DIMENSION), snapshots)
    assert names(later, truth.revision) == ["person 2", "person 3", "person 4"]
    assert truth.asked[-1] == truth.revision - 1  # from the snapshot
    truth.names = False  # they cannot be read
    assert names(later, truth.put(5)) is None
    truth.names = True
    assert names(later, truth.put(6)) == [f"person {key}" for key in (2, 3, 4, 5, 6)]


def test_a_collection_has_one_replica_until_it_is_forgotten(truth: Truth) -> None:
    replicas = Replicas(truth, lambda: ReferenceIndex(DIMENSION))
    revision = truth.put(1)
    replica = replicas.of(COLLECTION, EPOCH)
    found(replica, revision)
    assert replicas.of(COLLECTION, EPOCH) is replica
    assert replicas.of(COLLECTION + 1, EPOCH) is not replica
    replicas.forget(COLLECTION)
    assert replicas.of(COLLECTION, EPOCH) is not replica
    replicas.forget(COLLECTION + 2)


def test_a_replica_of_a_collection_that_was_restored_says_so_and_another_takes_its_place(
    truth: Truth,
) -> None:
    replicas = Replicas(truth, lambda: ReferenceIndex(DIMENSION))
    truth.put(1)
    with pytest.raises(NotReady, match="restored"):
        found(replicas.of(COLLECTION, "before"), truth.revision)
    assert found(replicas.of(COLLECTION, EPOCH), truth.revision) == [1]
