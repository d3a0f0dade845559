"""``kith backup``, ``restore``, ``import`` and ``check`` as an operator meets them."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from app.core.db import Database
from app.replication.snapshot import snapshot_files
from migrations import upgrade
from tests.support.commands import Kith
from tests.support.databases import damage
from tests.support.fake_bundle import write_fake_bundle
from tests.support.pictures import picture
from tests.support.server import ServerProcess


def clear_line(said: str, *parts: str) -> None:
    """One line that says what is wrong, after the bars at most, and no traceback."""
    assert said.endswith("[1]"), said
    lines = [line for line in said.splitlines()[:-1] if not line.startswith("Verifying")]
    assert [line[:5] for line in lines] == ["kith:"], said
    assert all(part in said for part in parts), said


@pytest.fixture
def running(server: Callable[..., ServerProcess]) -> ServerProcess:
    """A service with Ada in it."""
    started = server()
    with started.client() as admin:
        assert admin.post("/collections", json={"id": "hq"}).status_code == 201
        ada = {"images": ("ada.png", picture(1))}
        assert admin.post("/collections/hq/persons", data={"id": "ada"}, files=ada).is_success
    return started


def named(service: ServerProcess, collection: str) -> str | None:
    with service.client() as client:
        files = {"image": ("ada.png", picture(1))}
        answer = client.post(f"/collections/{collection}/identify", files=files).json()
        person: str | None = answer["faces"][0]["person_id"]
        return person


def test_backed_up_moved_and_brought_back_while_the_service_runs(
    running: ServerProcess, fake_bundle: Path, tmp_path: Path, kith: Kith
) -> None:
    file = tmp_path / "kith.zip"
    here = partial(kith, running.data_dir, fake_bundle)
    there = partial(kith, tmp_path / "there", write_fake_bundle(tmp_path / "other", seed=1))
    said = here("backup", file)
    assert "collections 1, persons 1, faces 1" in said
    assert said.endswith("[0]")

    said = there("restore", file)
    assert "Restored: collections 1, persons 1, faces 1" in said
    assert "it answers contract_mismatch for that collection" in said
    assert said.endswith("[0]")
    clear_line(there("restore", file), "is not empty: it has", "collections 1, ", "persons 1, ")
    assert there("check").endswith("[1]")  # of another model

    clear_line(here("import", file), "There is a collection 'hq' already; --as gives")
    assert "The collection 'annex' is there" in here("import", file, "--as", "annex")
    assert named(running, "annex") == "ada"

    with running.client() as admin:
        assert admin.delete("/collections/hq/persons/ada").status_code == 204
    assert named(running, "hq") is None
    assert here("restore", file, "--replace").endswith("[0]")
    assert named(running, "hq") == "ada"
    with running.client() as admin:
        assert admin.get("/collections/annex").status_code == 404
    assert here("check").endswith("[0]")


def test_a_damaged_backup_changes_nothing(
    running: ServerProcess, fake_bundle: Path, tmp_path: Path, kith: Kith
) -> None:
    file = tmp_path / "kith.zip"
    kith(running.data_dir, fake_bundle, "backup", file)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    said = kith(running.data_dir, fake_bundle, "restore", file, "--replace")
    clear_line(said, "damaged, cut short, or no backup")
    assert named(running, "hq") == "ada"


def test_what_is_odd_makes_check_fail_until_it_is_mended(
    running: ServerProcess, fake_bundle: Path, kith: Kith
) -> None:
    assert named(running, "hq") == "ada"
    assert running.stop() == 0
    (file,) = snapshot_files(running.data_dir / "index").values()
    file.write_bytes(file.read_bytes()[:-1])
    said = kith(running.data_dir, fake_bundle, "check")
    assert "it is too short or too long" in said
    assert said.endswith("[1]")
    said = kith(running.data_dir, fake_bundle, "check", "--repair")
    assert "After the repair" in said
    assert said.endswith("[0]")


def test_where_there_is_no_database_none_is_made(
    fake_bundle: Path, tmp_path: Path, kith: Kith
) -> None:
    for command in (("backup", tmp_path / "kith.zip"), ("check",)):
        clear_line(kith(tmp_path / "data", fake_bundle, *command), "There is no database yet")
    assert not (tmp_path / "data").exists()
    assert not (tmp_path / "kith.zip").exists()


def test_a_damaged_database_is_one_clear_line(
    fake_bundle: Path, tmp_path: Path, kith: Kith
) -> None:
    made(tmp_path / "data" / "kith.db")
    damage(tmp_path / "data" / "kith.db")
    for command in (("backup", tmp_path / "kith.zip"), ("check",)):
        said = kith(tmp_path / "data", fake_bundle, *command)
        clear_line(said, "malformed", "Restore the last good backup")
    assert not (tmp_path / "kith.zip").exists()


def made(file: Path) -> None:
    """A database with nobody in it."""
    database = Database(f"sqlite:///{file}")
    upgrade(database)
    database.close()


def test_a_place_that_cannot_be_written_is_one_clear_line(
    fake_bundle: Path, tmp_path: Path, kith: Kith
) -> None:
    made(tmp_path / "data" / "kith.db")
    said = kith(tmp_path / "data", fake_bundle, "backup", tmp_path / "nowhere" / "kith.zip")
    clear_line(said, "cannot be written: No such file or directory")
