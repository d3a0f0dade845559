"""The output of a command is written whole, or the command says that it was not."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from app.auth.models import ApiKey
from app.core.db import Database
from migrations import upgrade
from tests.support.pictures import picture

KITH = "from app.cli import main; main()"
OUTPUTS = ("> /dev/full", ">&-", "| true")
"""A full disk, no output at all, and a reader who is gone."""


class Commands:
    """Commands as a shell starts them, on one data folder; many at once."""

    def __init__(self, data: Path, bundle: Path) -> None:
        self._environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
            "KITH_DATA_DIR": str(data),
            "KITH_MODEL": str(bundle),
            "PYTHONIOENCODING": "",
        }

    def start(self, *arguments: str, output: str = "", **settings: str) -> subprocess.Popen[str]:
        """``output`` is what the shell makes of standard output."""
        script = f'set -o pipefail; exec "$@" {output}'
        return subprocess.Popen(
            ["bash", "-c", script, "bash", sys.executable, "-c", KITH, *arguments],
            env={**self._environment, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.fixture
def commands(tmp_path: Path, fake_bundle: Path) -> Commands:
    database = Database(tmp_path / "kith.db")
    upgrade(database)
    database.close()
    return Commands(tmp_path, fake_bundle)


def keys_in(folder: Path) -> Sequence[str | None]:
    database = Database(folder / "kith.db")
    try:
        with database.read() as session:
            return session.scalars(select(ApiKey.name)).all()
    finally:
        database.close()


def test_what_cannot_be_printed_is_one_line_and_no_key_is_made_that_nobody_saw(
    commands: Commands, tmp_path: Path
) -> None:
    create = ("keys", "create", "--scope", "read")
    made = [commands.start(*create, "--name", each, output=each) for each in OUTPUTS]
    for status, _, err in map(ended, made):
        assert status == 1
        assert re.fullmatch("kith: Standard output cannot be .+, so none was made.\n", err), err
    assert keys_in(tmp_path) == []


def test_a_service_whose_output_nobody_takes_serves_and_stops_well(commands: Commands) -> None:
    """Others are there for it than who started it."""
    service = commands.start("serve", output="> /dev/full", KITH_PORT="0")
    assert service.stderr is not None
    assert any("welcome.unread" in line for line in iter(service.stderr.readline, ""))
    service.terminate()
    status, _, err = ended(service)
    assert (status, "Traceback" in err) == (0, False)


def test_names_are_utf_8_in_any_locale(commands: Commands, tmp_path: Path) -> None:
    """Python by itself would read "Zoë" as five bytes that are no text."""
    photos = tmp_path / "фото"
    for number, name in enumerate(("Zoë", "Анна Петрова")):
        (photos / name).mkdir(parents=True)
        (photos / name / "ä.png").write_bytes(picture(number + 1))
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0"}
    enrol = commands.start("enroll", str(photos), "--collection", "c", "--dry-run", **plain)
    named = ended(commands.start("keys", "create", "--scope", "read", "--name", "Zoë", **plain))
    listed = ended(commands.start("keys", "list", **plain, PYTHONIOENCODING="ascii:strict"))
    assert ended(enrol)[:2] == (
        0,
        "2 photos would be enrolled, 0 were already, 0 would be refused.\n",
    )
    assert named[0] == 0
    assert keys_in(tmp_path) == ["Zoë"]
    assert listed[0] == 0
    assert r"Zo\xeb" in listed[1]
