"""A backup that is sent: nothing of it stays with the service."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.clock import SystemClock
from app.core.db import Database
from app.errors import NotReady
from app.maintenance.backup import BackupService
from migrations import upgrade

_KILLED = """
import os, signal, sys
from pathlib import Path
from app.core.clock import SystemClock
from app.core.db import Database
from app.maintenance import backup

def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)

folder = Path(sys.argv[1])
backup.read = killed  # the first table
with backup.BackupService(Database(folder / "kith.db"), SystemClock(), folder).made(None):
    print("made")
"""


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(tmp_path / "kith.db")
    upgrade(made)
    return made


def left(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if not each.name.startswith("kith.db")]


def test_a_process_that_is_killed_leaves_nothing_of_its_backup(
    database: Database, tmp_path: Path
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _KILLED, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, ""), ended.stderr
    assert left(tmp_path) == []
    with BackupService(database, SystemClock(), tmp_path).made(None) as stream:
        assert stream.read(2) == b"PK"
        assert left(tmp_path) == []


def test_a_backup_that_cannot_be_written_is_no_fault_of_the_service(
    database: Database, tmp_path: Path
) -> None:
    backups = BackupService(database, SystemClock(), tmp_path / "nowhere")
    with pytest.raises(NotReady, match="No such file or directory"), backups.made(None):
        pass
    assert backups.last() is None
