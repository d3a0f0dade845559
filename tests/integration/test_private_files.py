"""Every file that Kith writes is for its owner alone, with any umask, and also where the file
exists."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.bootstrap import build
from app.core.db import Database
from app.settings import Settings
from migrations import upgrade
from tests.support.client import client_of
from tests.support.commands import Kith
from tests.support.pictures import picture
from tests.support.server import ServerProcess


@pytest.fixture(autouse=True)
def open_to_all() -> Iterator[None]:
    """A umask that takes nothing away."""
    before = os.umask(0)
    yield
    os.umask(before)


def _open(folder: Path) -> list[str]:
    """The files on which others than the owner have any right."""
    found = [folder, *folder.rglob("*")]
    return [str(each) for each in found if stat.S_IMODE(each.lstat().st_mode) & 0o077]


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _photos(folder: Path, people: int) -> None:
    for somebody in range(people):
        (folder / f"p{somebody}").mkdir(parents=True)
        for shake in range(2):
            (folder / f"p{somebody}" / f"{shake}.png").write_bytes(picture(somebody, shake))


def _serve_once(settings: Settings) -> None:
    """Start, enrol somebody, look at what is there while it runs, stop."""
    with client_of(build(settings)) as client:
        client.post("/collections", json={"id": "hq", "keep_crops": True})
        client.post("/collections/hq/persons", data={"id": "a"}, files={"images": picture(1)})
        client.post("/collections/hq/identify", files={"image": picture(1)})
        assert _open(settings.data_dir) == []


@pytest.mark.both_databases
def test_a_service_writes_for_its_owner_alone(settings: Settings) -> None:
    _serve_once(settings)
    assert list((settings.data_dir / "index").iterdir())
    assert _open(settings.data_dir) == []


def test_the_first_key_is_in_a_file_for_its_owner_alone(
    server: Callable[..., ServerProcess],
) -> None:
    process = server(KITH_ADMIN_KEY="")
    assert _mode(process.data_dir) == 0o700
    assert {_mode(each) for each in process.data_dir.iterdir() if each != process.log} == {0o600}
    assert {each.name for each in process.data_dir.iterdir()} >= {"kith.db-wal", "kith.db-shm"}


def test_what_an_older_release_left_open_is_closed_at_the_start(
    settings: Settings, tmp_path: Path
) -> None:
    settings = settings.model_copy(update={"database_url": None})
    _serve_once(settings)
    data = settings.data_dir
    (data / "models" / "face").mkdir(parents=True)
    (data / "admin.key").write_text("kith_of-an-older-release\n")
    (data / "models" / "face" / "embedder.onnx").write_bytes(b"")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine").write_bytes(b"")
    (data / "models" / "linked").symlink_to(elsewhere)
    (data / "notes.txt").write_bytes(b"")
    idle = Database(settings.database)
    with idle.read() as session:
        session.connection().exec_driver_sql("SELECT 1 FROM collections")
        for path in (data, *data.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o777 if path.is_dir() else 0o666)
        assert (data / "kith.db-shm").exists()

        _serve_once_beside(settings)
    idle.close()
    assert [Path(each).name for each in _open(data)] == ["notes.txt", "linked"]
    assert (_mode(elsewhere), _mode(elsewhere / "mine")) == (0o777, 0o666)


def _serve_once_beside(settings: Settings) -> None:
    container = build(settings)
    container.open()
    container.close()


def test_a_database_is_made_and_mended_by_every_command(tmp_path: Path) -> None:
    file = tmp_path / "data" / "kith.db"
    database = Database(f"sqlite:///{file}")
    upgrade(database)
    assert _open(tmp_path / "data") == []
    database.close()
    file.chmod(0o644)
    Database(f"sqlite:///{file}").close()
    assert _mode(file) == 0o600


def test_a_folder_that_is_everybodys_is_not_locked(settings: Settings, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    _serve_once_beside(settings.model_copy(update={"data_dir": shared, "database_url": None}))
    assert _mode(shared) == 0o1777
    assert {_mode(each) for each in shared.iterdir() if each.is_file()} == {0o600}


def test_a_place_that_cannot_be_written_is_reported_before_the_work_and_left_as_it_is(
    tmp_path: Path, fake_bundle: Path, kith: Kith
) -> None:
    data, pipe, photos = tmp_path / "data", tmp_path / "pipe", tmp_path / "photos"
    _photos(photos, people=1)
    os.mkfifo(pipe)
    assert kith(data, fake_bundle, "enroll", photos, "--collection", "hq").endswith("[0]")
    calibrate = ("models", "calibrate", photos, "--data", "nobody", "--out")
    for arguments in (("backup", pipe), (*calibrate, pipe), (*calibrate, tmp_path / "no" / "out")):
        said = kith(data, fake_bundle, *arguments)
        assert said.endswith("[1]")
        assert len(said.splitlines()) == 2
        assert "a device or a pipe" in said or "No such file" in said
    assert pipe.is_fifo()


def test_a_file_that_a_command_writes_where_it_is_asked_to_is_closed_and_the_folder_is_left(
    tmp_path: Path, fake_bundle: Path, kith: Kith
) -> None:
    data, mine = tmp_path / "data", tmp_path / "mine"
    mine.mkdir()
    _photos(tmp_path / "staff", people=52)
    old = mine / "kith.zip"
    old.write_bytes(b"an old backup")
    for arguments in (
        ("enroll", tmp_path / "staff", "--collection", "hq"),
        ("backup", old),
        ("evaluate", tmp_path / "staff", "--out", mine),
        ("evaluate", "--collection", "hq", "--out", mine / "new"),
        ("models", "calibrate", tmp_path / "staff", "--data", "nobody", "--out", mine / "made"),
        ("restore", old, "--replace"),
    ):
        assert kith(data, fake_bundle, *arguments).endswith("[0]")
    assert _open(mine) == [str(mine)]
    assert {each.name for each in mine.rglob("*")} == {
        "kith.zip", "report.json", "report.html", "new", "made",
    }  # fmt: skip
    assert _open(data) == []
    assert kith(tmp_path / "other", fake_bundle, "restore", old).endswith("[0]")
    assert _open(tmp_path / "other") == []
