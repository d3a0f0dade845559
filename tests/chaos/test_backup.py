"""Backups of a service under load: each is of one moment, and what is restored of it is whole."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.core.db import Database
from app.maintenance.archive import opened_archive
from app.maintenance.backup import backup
from app.maintenance.restore import restore
from migrations import upgrade
from tests.chaos.checked import odd
from tests.chaos.conftest import Length
from tests.chaos.load import COLLECTION, Load
from tests.support.server import ServerProcess
from tests.support.services import unwatched


@pytest.mark.both_databases
def test_a_backup_while_people_come_and_go_is_of_one_moment(
    server: Callable[..., ServerProcess], database_url: str, length: Length, tmp_path: Path
) -> None:
    running = server(KITH_DATABASE_URL=database_url)
    with running.client() as admin:
        assert admin.post("/collections", json={"id": COLLECTION}).status_code == 201
    database = Database(database_url)
    load = Load([running.url], clients=4, people=16).start()
    files = [tmp_path / f"{number}.zip" for number in range(length.of(short=3, long=100))]
    for file in files:
        now = datetime.now(UTC)
        backup(database, file, collection_id=None, made_at=now, progress=unwatched)
        load.more(20)
    load.stop()
    assert load.wrong == []
    assert load.explained() == []
    revisions = [_of_one_moment(file) for file in files]
    assert revisions == sorted(revisions)
    assert revisions[-1] > revisions[0]
    _restore(files[-1], tmp_path)
    database.close()


def _of_one_moment(file: Path) -> int:
    """The revision. Everybody was enrolled with one photo, in a transaction of one revision; so was
    everybody removed. Half a person, or a count of another moment, would show.
    """
    with opened_archive(file, unwatched) as archive:
        (collection,) = archive.manifest.collections
        tables = {
            name: [row for batch in archive.batches(name) for row in batch]
            for name in archive.manifest.tables
        }
    people = [row["key"] for row in tables["persons"]]
    assert sorted(row["person_key"] for row in tables["faces"]) == people
    assert (collection.persons, collection.faces) == (len(people), len(people))
    assert (collection.revision - len(people)) % 2 == 0
    return collection.revision


def _restore(file: Path, folder: Path) -> None:
    fresh = Database(f"sqlite:///{folder / 'fresh.db'}")
    upgrade(fresh)
    with opened_archive(file, unwatched) as archive:
        restore(fresh, archive, replace=False, progress=unwatched)
    assert odd(fresh, folder) == []
    fresh.close()
