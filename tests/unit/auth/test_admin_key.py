"""The first admin key: made once, by the first of several processes, readable by its owner
alone."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.auth.principal import Scope
from app.auth.schemas import NewKey
from app.auth.service import KeyService
from app.core.db import Database
from app.core.paging import Paging
from app.errors import Unauthenticated
from app.receipts.keeping import keep_nothing
from tests.unit.auth.conftest import StoppedClock

pytestmark = pytest.mark.both_databases

OPERATORS = "the-operator-chose-this-key-themselves"
EVERYTHING = Paging(limit=100, after=0)
ADMIN = frozenset({Scope.ADMIN})

_START = """
import sys
from pathlib import Path
from app.auth.service import KeyService
from app.core.clock import SystemClock
from app.core.db import Database
from migrations import upgrade

url, file = sys.argv[1:]
database = Database(url)
print("ready", flush=True)
sys.stdin.readline()
upgrade(database)
made = KeyService(database, SystemClock(), admin_key=None).ensure_admin(Path(file))
print("made" if made else "found", flush=True)
"""


def test_the_first_start_makes_an_admin_key_and_later_ones_do_not(
    keys: KeyService, tmp_path: Path
) -> None:
    file = tmp_path / "deeper" / "admin.key"
    assert keys.ensure_admin(file)
    secret = file.read_text()
    caller = keys.authenticate(secret.strip())
    assert (caller.scopes, caller.collections) == (ADMIN, None)
    assert not keys.ensure_admin(file)
    assert file.read_text() == secret
    assert len(keys.list(EVERYTHING).items) == 1


def test_the_file_of_the_key_is_for_its_owner_alone(keys: KeyService, tmp_path: Path) -> None:
    file = tmp_path / "admin.key"
    file.write_text("left behind by a start that broke off")
    file.chmod(0o666)
    assert keys.ensure_admin(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert keys.authenticate(file.read_text().strip())


def test_the_key_is_not_written_through_somebody_elses_link(
    keys: KeyService, tmp_path: Path
) -> None:
    target, file = tmp_path / "theirs", tmp_path / "admin.key"
    target.write_text("theirs")
    file.symlink_to(target)
    assert keys.ensure_admin(file)
    assert target.read_text() == "theirs"
    assert not file.is_symlink()


def test_a_key_that_cannot_be_written_is_not_made(keys: KeyService, tmp_path: Path) -> None:
    folder = tmp_path / "admin.key"
    folder.mkdir()
    with pytest.raises(OSError, match="folder"):
        keys.ensure_admin(folder)
    assert keys.list(EVERYTHING).items == []
    assert keys.ensure_admin(tmp_path / "elsewhere.key")


def test_where_any_key_exists_none_is_made(keys: KeyService, tmp_path: Path) -> None:
    keys.create(NewKey(scopes=[Scope.READ]), keep_nothing)
    assert not keys.ensure_admin(tmp_path / "admin.key")
    assert not (tmp_path / "admin.key").exists()


def test_the_operators_own_admin_key_opens_everything_and_none_is_made(
    database: Database, tmp_path: Path
) -> None:
    keys = KeyService(database, StoppedClock(), admin_key=OPERATORS)
    assert not keys.ensure_admin(tmp_path / "admin.key")
    assert not (tmp_path / "admin.key").exists()
    assert keys.list(EVERYTHING).items == []
    caller = keys.authenticate(OPERATORS)
    assert (caller.scopes, caller.collections) == (ADMIN, None)
    without = KeyService(database, StoppedClock(), admin_key=None)
    with pytest.raises(Unauthenticated):
        without.authenticate(OPERATORS)


def test_processes_that_start_at_once_make_one_key(empty_database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "admin.key"
    started = [_start(empty_database_url, file) for _ in range(2)]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=120) for process in started]
    assert sorted(out.split()[-1] for out, _ in said) == ["found", "made"], said
    database = Database(empty_database_url)
    keys = KeyService(database, StoppedClock(), admin_key=None)
    assert keys.authenticate(file.read_text().strip()).scopes == {Scope.ADMIN}
    assert len(keys.list(EVERYTHING).items) == 1
    database.close()


def _start(url: str, file: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _START, url, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
