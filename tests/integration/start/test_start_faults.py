"""Each fault that keeps Kith from starting is one line that says what is wrong and what to do."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.commands import cli_for
from tests.integration.start.faults import COMMANDS, SECRET, both_ways, clear
from tests.support.commands import Command, Ended
from tests.support.disks import small_disk
from tests.support.server import ADMIN_KEY
from tests.support.users import without_rights

cli_for([])  # a user without rights could not load them


def _a_file(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("no folder")


def _below_a_file(folder: Path) -> None:
    folder.parent.write_text("no folder")


def _kith_db_a_folder(folder: Path) -> None:
    (folder / "kith.db").mkdir(parents=True)


def _kith_db_no_database(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "kith.db").write_bytes(b"This is a text and no database at all. " * 200)


@both_ways
@pytest.mark.parametrize(
    ("spoil", "part"),
    [
        (_a_file, "is not a folder. Move it away"),
        (_below_a_file, "is not a folder. Move it away"),
        (_kith_db_a_folder, "it is a folder. Move it away"),
        (_kith_db_no_database, "file is not a database. Move the file away, restore a backup"),
    ],
)
def test_a_data_folder_that_cannot_be_one(
    command: str,
    run: Callable[..., Ended],
    tmp_path: Path,
    spoil: Callable[[Path], None],
    part: str,
) -> None:
    folder = tmp_path / "place" / "data"
    spoil(folder)
    clear(run(command, KITH_DATA_DIR=folder), "KITH_DATA_DIR", str(folder), part)


def test_a_data_folder_that_is_a_link_to_nothing(run: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to("nowhere")
    said = run("serve", KITH_DATA_DIR=tmp_path / "data")
    clear(said, "KITH_DATA_DIR", str(tmp_path), "symbolic link to nothing")


def _data(folder: Path) -> Path:
    return folder


def _database(folder: Path) -> Path:
    return folder / "kith.db"


def _write_ahead_log(folder: Path) -> Path:
    file = folder / "kith.db-wal"
    file.touch()
    return file


@both_ways
@pytest.mark.parametrize("what", [_data, _database, _write_ahead_log])
def test_data_of_another_user(
    command: str,
    run: Callable[..., Ended],
    public: Path,
    monkeypatch: pytest.MonkeyPatch,
    what: Callable[[Path], Path],
) -> None:
    data = public / "given" / "gallery"
    for each in (data, data / "kith.db"):
        each.chmod(0o777)
    foreign = what(data)
    foreign.chmod(0o500)
    monkeypatch.chdir(public / "given")
    with without_rights():
        said = run(command, KITH_DATA_DIR=data, KITH_MODEL=public / "given" / "bundle")
    clear(
        said,
        "KITH_DATA_DIR",
        f"{str(foreign)!r} belongs to user {foreign.stat().st_uid} (mode 0500)",
        "may not write there",
        "chown",
    )


def test_a_new_data_folder_where_nobody_may_make_one(
    run: Callable[..., Ended], public: Path
) -> None:
    public.chmod(0o555)
    with without_rights():
        data = public / "deep" / "er"
        said = run("serve", KITH_DATA_DIR=data, KITH_MODEL="face-mini")
    clear(said, "KITH_DATA_DIR", str(data), f"{str(public)!r} belongs to user", "chown")


def test_the_first_key_that_cannot_be_written(run: Callable[..., Ended], public: Path) -> None:
    (public / "data").mkdir(mode=0o555)
    public.chmod(0o777)
    database = public / "gallery.db"
    with without_rights():
        said = run(
            "serve",
            KITH_DATA_DIR=public / "data",
            KITH_DATABASE_URL=f"sqlite:///{database}",
            KITH_MODEL="face-mini",
        )
    clear(
        said, "KITH_DATA_DIR", "first admin key", f"{str(public / 'data')!r} belongs", "ADMIN_KEY"
    )


@both_ways
def test_a_disk_that_is_read_only(
    command: str, run: Callable[..., Ended], files: Path, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", "8m") as disk:
        shutil.copytree(files / "gallery", disk.folder / "data")
        disk.make_read_only()
        said = run(command, KITH_DATA_DIR=disk.folder / "data")
        clear(said, "KITH_DATA_DIR", "on a read-only file system", "Name another place")


@pytest.mark.parametrize("command", ["serve", "restore"])
def test_a_disk_that_is_full(command: str, run: Callable[..., Ended], tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        disk.fill()
        said = run(command, KITH_DATA_DIR=disk.folder)
        clear(said, "KITH_DATA_DIR", str(disk.folder), "full")


def test_a_port_that_another_program_has(run: Callable[..., Ended], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = run("serve", KITH_DATA_DIR=tmp_path / "data", KITH_PORT=port)
    clear(said, f"KITH_PORT: 127.0.0.1, port {port}, is in use", "another port")
    assert not (tmp_path / "data").exists()  # nothing is made or changed by who cannot serve


@pytest.mark.parametrize(
    ("host", "part"),
    [
        ("192.0.2.1", "is no address of this machine"),
        (".".join(["a" * 60] * 5), "is not found"),
        ("a" * 70, "is not found"),
        ("127.0.0.1 ", "is not found"),
    ],
)
def test_an_address_that_is_not_of_this_machine(
    run: Callable[..., Ended], tmp_path: Path, host: str, part: str
) -> None:
    said = run("serve", KITH_DATA_DIR=tmp_path / "data", KITH_HOST=host)
    clear(said, "KITH_HOST", host, part, "0.0.0.0")  # noqa: S104 - in a text


@pytest.mark.parametrize("command", ["serve", "check"])
def test_a_bundle_that_is_damaged(
    command: str, run: Callable[..., Ended], kith: Command, files: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    clear(kith(*COMMANDS[command], KITH_MODEL=bundle), "no model bundle", "kith models pull")
    bundle.write_text("no folder")
    clear(kith(*COMMANDS[command], KITH_MODEL=bundle), "Not a directory")
    bundle.unlink()
    shutil.copytree(files / "bundle", bundle)
    (bundle / "manifest.json").write_text("[" * 100_000)
    clear(kith(*COMMANDS[command], KITH_MODEL=bundle), "manifest.json", "cannot be read")


@pytest.mark.parametrize(
    ("name", "content"),
    [("embedder.onnx", b""), ("calibration.json", b"[" * 100_000), ("calibration.json", None)],
)
def test_a_part_of_the_bundle_that_cannot_be_read(
    kith: Command, files: Path, tmp_path: Path, name: str, content: bytes | None
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(files / "bundle", bundle)
    (bundle / name).unlink()
    if content is None:
        (bundle / name).mkdir()
    else:
        (bundle / name).write_bytes(content)
    clear(kith("models", "show", KITH_MODEL=bundle), name)
    clear(kith("serve", KITH_MODEL=bundle, KITH_DATA_DIR=tmp_path / "data"), name)


def test_a_bundle_that_its_user_may_not_read(kith: Command, public: Path) -> None:
    bundle = public / "given" / "bundle"
    (bundle / "embedder.onnx").chmod(0)
    with without_rights():
        said = kith("models", "show", KITH_MODEL=bundle)
    clear(said, "embedder.onnx cannot be read: Permission denied")


def test_a_place_where_the_default_bundle_cannot_be_written(kith: Command, public: Path) -> None:
    public.chmod(0o555)
    with without_rights():
        said = kith("serve", KITH_DATA_DIR=public / "data")
    clear(said, "KITH_DATA_DIR", f"{str(public)!r} belongs to user", "chown")


@pytest.mark.parametrize("command", [*COMMANDS, "health"])
def test_a_setting_that_is_misspelt_stops_every_command(
    command: str, kith: Command, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(files)
    said = kith(*COMMANDS.get(command, (command,)), KITH_MIN_FACESIZE=48)
    clear(said, "KITH_MIN_FACESIZE is not a setting; did you mean KITH_MIN_FACE_SIZE?")


def test_an_asgi_server_ends_with_one_line_instead_of_starting_workers_for_ever(
    tmp_path: Path, files: Path
) -> None:
    asked = ["--factory", "app.main:create_app", "--workers", "2", "--port", "0"]
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "uvicorn", *asked],
            env={name: v for name, v in os.environ.items() if not name.startswith("KITH_")}
            | {
                "KITH_DATABASE_URL": f"postgresql://kith:{SECRET}@127.0.0.1:{port}/gallery",
                "KITH_DATA_DIR": str(tmp_path),
                "KITH_MODEL": str(files / "bundle"),
                "KITH_ADMIN_KEY": ADMIN_KEY,
            },
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert "Traceback" not in ended.stderr
    assert SECRET not in ended.stderr
    lines = [line for line in ended.stderr.splitlines() if not line.startswith(("INFO", "ERROR"))]
    assert len(set(lines)) == 1, ended.stderr  # each worker that was started says it
    assert all(line.startswith("kith: KITH_DATABASE_URL: the database") for line in lines)
