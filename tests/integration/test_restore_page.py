"""The commands in docs/backup.md for a new machine work as printed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.bootstrap import build
from app.settings import Settings
from tests.api.support import enrol, make_collection
from tests.support.client import client_of
from tests.support.commands import Kith
from tests.support.databases import new_database
from tests.support.pictures import picture
from tests.support.server import ServerProcess

ROOT = Path(__file__).parents[2]


PAGE = (ROOT / "docs" / "backup.md").read_text(encoding="utf-8")


def printed() -> list[str]:
    """The lines of the page, the last of which starts the service."""
    found = re.search(r"<!-- restore -->\n```sh\n(.*?)```", PAGE, re.DOTALL)
    assert found, "the page prints no restore"
    return found[1].splitlines()


@pytest.fixture
def key(tmp_path: Path, clone: Path, fake_bundle: Path, kith: Kith) -> str:
    """The admin key of an old service with Ada in it, whose backup is in the clone."""
    old = Settings(data_dir=tmp_path / "old", model=fake_bundle)
    with client_of(build(old), key="") as admin:
        key = old.admin_key_file.read_text(encoding="utf-8").strip()
        admin.headers["authorization"] = f"Bearer {key}"
        enrol(admin, make_collection(admin, "hq"), "ada", picture(1))
    assert kith(old.data_dir, fake_bundle, "backup", clone / "kith.zip").endswith("[0]")
    return key


def run(line: str, clone: Path, **settings: str) -> str:
    """The output of a shell in the clone for the line; nothing is set but ``settings``."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KITH_")} | settings
    ran = subprocess.run(
        ["bash", "-euc", line],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, (line, ran.stdout, ran.stderr)
    return ran.stdout + ran.stderr


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A fresh clone, as far as `make` looks at it, whose packages are installed already."""
    folder = tmp_path / "clone"
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "requirements"):
        (folder / name).symlink_to(ROOT / name)
    for name in ("python", "kith"):
        (folder / ".venv" / "bin" / name).symlink_to(Path(sys.executable).parent / name)
    (folder / ".venv" / "serve.installed").touch()
    return folder


@pytest.mark.both_databases
def test_a_restore_before_the_first_start_works_as_printed(
    tmp_path: Path, clone: Path, fake_bundle: Path, database_kind: str, key: str
) -> None:
    *before, start = printed()
    assert start == "make serve"
    with new_database(database_kind, tmp_path) as url:
        settings = {"KITH_DATABASE_URL": url} if database_kind == "postgresql" else {}
        said = [run(line, clone, **settings) for line in before]
        assert "Restored: collections 1, persons 1, faces 1." in said[-1]
        assert "no model bundle to compare contract ids with: data/models/face is" in said[-1]
        moved = ServerProcess(
            clone / "data",
            fake_bundle,
            program=f"import os; os.chdir({str(clone)!r}); os.execvp('make', ['make', 'serve'])",
            KITH_ADMIN_KEY="",
            **settings,
        )
        try:
            with moved.start().client(key) as admin:
                files = {"image": ("ada.png", picture(1))}
                answer = admin.post("/collections/hq/identify", files=files).json()
            assert answer["faces"][0]["person_id"] == "ada"
        finally:
            moved.stop()


def test_the_command_by_which_a_container_restores_works_in_a_shell(clone: Path, key: str) -> None:
    """The line is passed as ``docker compose run`` passes it to ``sh -c``, but for the volume's
    place."""
    found = re.search(
        r"docker compose run .* --entrypoint sh kith -c \\\n +'(.*)' < kith.zip", PAGE
    )
    assert found, "the page tells nothing of containers"
    volume = clone / "volume"
    volume.mkdir()
    words = found[1].replace("/data/", f"{volume}/")
    path = f"{clone / '.venv' / 'bin'}:{os.environ['PATH']}"
    said = run(f"({words}) < kith.zip", clone, KITH_DATA_DIR=str(volume), PATH=path)
    assert "Restored: collections 1, persons 1, faces 1." in said
    assert [file.name for file in volume.glob("*.zip")] == []
    assert (volume / "kith.db").is_file()
