"""Fixtures of starts that fail."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.cli.commands import cli_for
from app.core.db import Database
from app.maintenance.backup import backup
from migrations import upgrade
from tests.integration.start.faults import COMMANDS, NOON
from tests.support.commands import Command, Ended
from tests.support.fake_bundle import write_fake_bundle
from tests.support.pictures import picture
from tests.support.services import unwatched

cli_for([])  # a user without rights could not load them


@pytest.fixture
def kith(kith_command: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("KITH_PORT", "0")
    return kith_command


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inputs of the commands: a bundle, a folder of photos, a backup."""
    folder = tmp_path_factory.mktemp("given")
    write_fake_bundle(folder / "bundle")
    (folder / "people" / "Ada").mkdir(parents=True)
    (folder / "people" / "Ada" / "1.png").write_bytes(picture(1))
    database = Database(folder / "gallery" / "kith.db")
    upgrade(database)
    backup(database, folder / "kith.zip", collection_id=None, made_at=NOON, progress=unwatched)
    database.close()
    return folder


@pytest.fixture
def run(kith: Command, files: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    monkeypatch.chdir(files)
    return lambda command, **settings: kith(
        *COMMANDS[command], **{"KITH_MODEL": files / "bundle", **settings}
    )


@pytest.fixture
def public(files: Path) -> Iterator[Path]:
    """A folder that a user without rights reaches, with what the commands are given."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    shutil.copytree(files, folder / "given")
    (folder / "given").chmod(0o755)
    yield folder
    shutil.rmtree(folder)
