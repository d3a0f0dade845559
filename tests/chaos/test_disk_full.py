"""A disk that fills up: data that cannot be kept are refused, and nothing is kept by half."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.chaos.checked import assert_exact
from tests.chaos.conftest import Length
from tests.chaos.load import COLLECTION, Load
from tests.support.disks import small_disk
from tests.support.pictures import picture
from tests.support.server import ServerProcess

FULL: Final = "The database's disk is full; nothing was written."
_KEPT: Final = re.compile("snapshot.kept")
_FAILED: Final = re.compile("No space left.*snapshot.failed")


def test_while_the_disk_is_full_nothing_is_written_and_everything_else_answered(
    server: Callable[..., ServerProcess], tmp_path: Path, length: Length
) -> None:
    with small_disk(tmp_path / "server-0", "8m") as disk:  # with the log, as on many a machine
        running = server()
        with running.client() as admin:
            assert admin.post("/collections", json={"id": COLLECTION}).status_code == 201
            load = Load([running.url], clients=4, people=16).start()
            load.more(20)
            disk.fill()
            load.more(20)  # reads, and writes that find nothing to change
            time.sleep(length.of(short=0, long=10))
            files = {"image": picture(1)}
            assert admin.post(f"/collections/{COLLECTION}/identify", files=files).is_success
            wasted = admin.post(f"/collections/{COLLECTION}/persons", json={"id": "x" * 64})
            assert (wasted.status_code, wasted.json()["detail"]) == (503, FULL)
        disk.free()
        load.more(20)
        load.stop()
        assert set(load.said) == {FULL}
        assert not load.broken
        database = f"sqlite:///{running.data_dir / 'kith.db'}"
        assert_exact(load, database, running.data_dir / "index")
        running.kill()
        load.urls = [running.start().url]
        assert_exact(load, database, running.data_dir / "index")


@pytest.mark.on_postgresql
def test_a_snapshot_that_the_disk_has_no_room_for_leaves_the_old_one_and_the_service_unharmed(
    server: Callable[..., ServerProcess], database_url: str, tmp_path: Path, length: Length
) -> None:
    with small_disk(tmp_path / "server-0" / "index", "64k") as disk:
        running = server(KITH_DATABASE_URL=database_url, KITH_SNAPSHOT_SECONDS="1")
        with running.client() as admin:
            assert admin.post("/collections", json={"id": COLLECTION}).status_code == 201
            admin.post(f"/collections/{COLLECTION}/persons", files={"images": picture(0)})
        running.says(_KEPT)
        disk.fill(but=length.of(short=0, long=4096))  # what it has room for is not the whole
        load = Load([running.url], clients=4, people=length.of(short=16, long=400)).start()
        for _ in range(length.of(short=1, long=10)):
            running.says(_FAILED, since=running.log.stat().st_size)
        (kept,) = [each for each in disk.folder.iterdir() if each.name != "filler"]
        assert kept.suffix == ".snapshot"
        disk.free()
        running.says(_KEPT, since=running.log.stat().st_size)
        load.more(20)
        load.stop()
        assert load.refused == 0
        assert_exact(load, database_url, disk.folder)
        running.kill()
        load.urls = [running.start().url]
        assert_exact(load, database_url, disk.folder)
        assert "snapshot.unfit" not in running.log.read_text()
