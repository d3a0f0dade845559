"""Data are synced to the disk as docs/durability.md says, before any answer says that they are
there.

The calls of fsync are watched, for a test cannot cut the power. SQLite makes its own, by the
settings that tests/unit/core/test_db.py holds.
"""

import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from sqlalchemy import event

from app.auth.service import KeyService
from app.core.clock import SystemClock
from app.core.db import Database
from app.core.files import write_whole
from app.gallery.templates import TemplateFeed
from app.index.flat import FlatIndex
from app.maintenance.backup import backup
from app.replication.replicas import Replicas
from app.replication.snapshot import Snapshots
from bench.startup import CONTRACT, DIMENSION, filled
from migrations import upgrade
from tests.support.fake_bundle import write_fake_bundle


class Synced:
    """Which files and folders were synced so far, as they are named now."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._seen: set[tuple[int, int]] = set()
        plain = os.fsync

        def fsync(descriptor: int) -> None:
            plain(descriptor)
            found = os.fstat(descriptor)
            self._seen.add((found.st_dev, found.st_ino))

        monkeypatch.setattr(os, "fsync", fsync)

    def __contains__(self, path: Path) -> bool:
        found = path.stat()
        return (found.st_dev, found.st_ino) in self._seen


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> Synced:
    return Synced(monkeypatch)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'kith.db'}")
    upgrade(made)
    yield made
    made.close()


def test_the_first_admin_key_is_synced_before_the_database_commits_it(
    tmp_path: Path, database: Database, synced: Synced
) -> None:
    """Else a power cut may leave a key in the database that nobody can read."""
    file = tmp_path / "keys" / "admin.key"
    at_commit = []

    def look(_: object) -> None:
        at_commit.append(file.is_file() and file in synced and file.parent in synced)

    event.listen(database.sessions, "before_commit", look)
    assert KeyService(database, SystemClock(), admin_key=None).ensure_admin(file)
    assert at_commit == [True]


def test_a_backup_a_snapshot_a_bundle_and_a_report_are_synced_with_their_folders(
    tmp_path: Path, database: Database, synced: Synced
) -> None:
    key, epoch, revision = filled(database, 3)
    kept, folder = tmp_path / "kept", tmp_path / "index"
    kept.mkdir()
    backup(
        database,
        kept / "kith.zip",
        collection_id=None,
        made_at=SystemClock().now(),
        progress=lambda _: nullcontext(lambda _: None),
    )
    feed = TemplateFeed(database, CONTRACT)
    snapshots = Snapshots(folder, CONTRACT)
    replicas = Replicas(feed, lambda: FlatIndex(DIMENSION), snapshots)
    replicas.of(key, epoch).catch_up(revision)
    replicas.keep()
    bundle = write_fake_bundle(tmp_path / "models" / "bundle")
    write_whole(kept / "report.json", "{}")
    files = [kept / "kith.zip", kept / "report.json", snapshots.file(key), *bundle.iterdir()]
    assert len(files) >= 7
    for file in files:
        assert file in synced, file.name
    for parent in (kept, folder, bundle.parent):
        assert parent in synced, parent.name
