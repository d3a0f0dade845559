"""A snapshot comes back bit by bit, or is said to be unusable; it is never half of one."""

import errno
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from app.decision.fusion import Fused
from app.replication import snapshot as room
from app.replication.deltas import Delta, joined
from app.replication.snapshot import SnapshotError, Snapshots, Superseded
from tests.support.fake_bundle import contract_named

KEY, DIMENSION = 7, 5


def gallery(persons: int = 20, *, revision: int = 9) -> Delta:
    rng = np.random.default_rng(persons)
    keys = np.sort(rng.choice(10**6, persons, replace=False)).astype(np.int64)
    return Delta(
        epoch="first",
        revision=revision,
        whole=True,
        people=Fused(
            keys,
            rng.normal(size=(persons, DIMENSION)).astype(np.float32),
            rng.integers(1, 9, persons),
        ),
        valid_from=rng.integers(-(2**62), 0, persons),
        valid_until=rng.integers(0, 2**62, persons),
        gone=np.empty(0, np.int64),
    )


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    return Snapshots(tmp_path / "index", contract_named("contract", DIMENSION))


def read(snapshots: Snapshots) -> Delta | None:
    parts = list(snapshots.read(KEY))
    return joined(parts) if parts else None


def same(one: Delta, other: Delta) -> None:
    assert (one.epoch, one.revision, one.whole) == (other.epoch, other.revision, other.whole)
    for name in ("owners", "vectors", "templates"):
        np.testing.assert_array_equal(getattr(one.people, name), getattr(other.people, name))
    np.testing.assert_array_equal(one.valid_from, other.valid_from)
    np.testing.assert_array_equal(one.valid_until, other.valid_until)


@pytest.mark.parametrize("persons", [0, 1, 100, 300])
def test_a_gallery_comes_back_bit_by_bit(
    snapshots: Snapshots, persons: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_PART", 100)
    kept = gallery(persons)
    snapshots.write(KEY, kept)
    found = read(snapshots)
    assert found is not None
    same(found, kept)


def test_where_there_is_none_there_is_none(snapshots: Snapshots) -> None:
    assert read(snapshots) is None
    snapshots.forget(KEY)


def test_a_later_one_takes_the_place_of_an_earlier(snapshots: Snapshots) -> None:
    snapshots.write(KEY, gallery(30, revision=1))
    snapshots.write(KEY, gallery(10, revision=2))
    found = read(snapshots)
    assert found is not None
    assert found.revision == 2
    assert [each.name for each in snapshots.file(KEY).parent.iterdir()] == ["7.snapshot"]


def test_any_flipped_bit_is_noticed(snapshots: Snapshots) -> None:
    snapshots.write(KEY, gallery(3))
    whole = snapshots.file(KEY).read_bytes()
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        snapshots.file(KEY).write_bytes(damaged)
        with pytest.raises(SnapshotError) as caught:
            read(snapshots)
        assert not isinstance(caught.value, Superseded)  # which would be nothing odd


@pytest.mark.parametrize("length", [0, 10, 200, -1])
def test_a_file_cut_short_is_noticed(snapshots: Snapshots, length: int) -> None:
    snapshots.write(KEY, gallery(3))
    whole = snapshots.file(KEY).read_bytes()
    snapshots.file(KEY).write_bytes(whole[:length])
    with pytest.raises(SnapshotError):
        read(snapshots)


def test_a_file_with_something_behind_it_is_noticed(snapshots: Snapshots) -> None:
    snapshots.write(KEY, gallery(3))
    with snapshots.file(KEY).open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(SnapshotError, match="too long"):
        read(snapshots)


def test_another_models_snapshot_is_not_used(snapshots: Snapshots, tmp_path: Path) -> None:
    snapshots.write(KEY, gallery())
    other = Snapshots(tmp_path / "index", contract_named("other", DIMENSION))
    with pytest.raises(Superseded):
        read(other)


def test_a_file_of_an_earlier_release_is_not_used(snapshots: Snapshots) -> None:
    """It had one column more, and vectors that were fused with less care."""
    kept = gallery(4)
    snapshots.write(KEY, kept)
    head, header, rest = snapshots.file(KEY).read_bytes().split(b"\n", 2)
    columns = rest[: 4 * 16] + np.ones(4).tobytes() + rest[4 * 16 : -32]
    former = head.replace(b"2", b"1") + b"\n" + header + b"\n" + columns
    snapshots.file(KEY).write_bytes(former + hashlib.sha256(former).digest())
    with pytest.raises(Superseded, match="an earlier release"):
        read(snapshots)
    snapshots.file(KEY).write_bytes(former + hashlib.sha256(former[1:]).digest())
    with pytest.raises(SnapshotError, match="checksum"):
        read(snapshots)


def test_a_disk_that_is_full_leaves_the_old_one(
    snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    kept = gallery(5)
    snapshots.write(KEY, kept)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        snapshots.write(KEY, gallery(50))
    found = read(snapshots)
    assert found is not None
    same(found, kept)
    assert len(list(snapshots.file(KEY).parent.iterdir())) == 1
