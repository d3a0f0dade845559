"""Ctrl-C at any moment of any command: exit code 130, no traceback, nothing half made."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, chdir, nullcontext, suppress
from pathlib import Path

import pytest

from app.bundles.bundle import Bundle
from app.bundles.pull import pull
from app.core.db import Database
from app.core.interrupts import end_at_signals
from app.maintenance.archive import opened_archive
from migrations import upgrade
from tests.support.commands import Kith
from tests.support.fake_bundle import write_fake_bundle
from tests.support.forked import Forked
from tests.support.interrupted import Ended, interrupted
from tests.support.pictures import picture
from tests.support.server import ServerProcess
from tests.unit.bundles.publisher import published

_MAIN = "from app.cli import main; main()"


def _photos(folder: Path, people: int, each: int) -> None:
    for somebody in range(people):
        (folder / f"p{somebody}").mkdir(parents=True)
        for shake in range(each):
            (folder / f"p{somebody}" / f"{shake}.png").write_bytes(picture(somebody, shake))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, fake_bundle: Path) -> Path:
    """Photos, a database with some of the people, another model's bundle, and a backup."""
    place = tmp_path_factory.mktemp("original")
    (folder := place / "folder").mkdir()
    write_fake_bundle(folder / "other", seed=1)
    _photos(folder / "staff", people=8, each=2)
    _photos(folder / "more", people=3, each=2)
    (log := place / "log").touch()
    settings = {**os.environ, "KITH_DATA_DIR": "data", "KITH_MODEL": str(fake_bundle)}
    with chdir(folder):
        for arguments in (("enroll", "staff", "--collection", "hq"), ("backup", "given.zip")):
            assert Forked(_MAIN, arguments, settings, log).wait(120) == 0, log.read_text()
    return folder


@pytest.fixture
def template(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The original, for one test."""
    folder = tmp_path / "template"
    shutil.copytree(original, folder)
    monkeypatch.chdir(folder)
    return folder


def _interrupted(
    template: Path, bundle: Path, *arguments: str, moments: int = 20, **environment: str
) -> tuple[Ended, list[Ended]]:
    """Each ended as it must; whether anything is left is for the test to look at."""
    environment = {"KITH_DATA_DIR": "data", "KITH_MODEL": str(bundle), **environment}
    whole, ended = interrupted(template, *arguments, moments=moments, **environment)
    assert whole.status == 0, whole.said
    assert [each.status for each in ended] == [130] * moments, [each.said for each in ended]
    assert not [each.said for each in ended if "Traceback" in each.said]
    return whole, ended


@pytest.mark.parametrize(
    "module",
    [
        "app.errors",
        "rich.console",
        "typer",
        "numpy",
        "sqlalchemy",
        "onnxruntime",
        "app.cli.evaluate_door",
    ],
)
def test_a_signal_before_the_imports_are_over_ends_a_command(
    tmp_path: Path, fake_bundle: Path, module: str
) -> None:
    """The interpreter reports each import that has ended: then the signal is sent."""
    _photos(tmp_path / "staff", people=2, each=1)
    for number in range(2, 1500):  # so that it is not over before the signal has come
        (tmp_path / "staff" / "p0" / f"{number}.png").hardlink_to(tmp_path / "staff/p0/0.png")
    out, log = tmp_path / "out", tmp_path / "log"
    command = [sys.executable, "-X", "importtime", "-c", _MAIN, "evaluate", "staff", "--out", "out"]
    with log.open("w") as stream:
        process = subprocess.Popen(
            command,
            env={**os.environ, "KITH_MODEL": str(fake_bundle), "KITH_DATA_DIR": "data"},
            cwd=tmp_path,
            stderr=stream,
            preexec_fn=_hears_of_interrupts,
        )
    while not any(line.rpartition("|")[2].strip() == module for line in _lines(log)):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert "Traceback" not in log.read_text()
    assert not out.exists()


def _lines(log: Path) -> list[str]:
    return log.read_text().splitlines()


def test_a_signal_when_a_command_is_over_changes_nothing(tmp_path: Path) -> None:
    """While the interpreter takes itself apart nobody would hear of it, and it would die of it."""
    program = f"""
import atexit, os, signal
atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))
{_MAIN}
"""
    done = subprocess.run(
        [sys.executable, "-c", program, "health"],
        env={**os.environ, "KITH_PORT": "9"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        preexec_fn=_hears_of_interrupts,
    )
    assert done.returncode == 1
    assert "does not answer" in done.stderr
    assert "Traceback" not in done.stderr


def _hears_of_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupted_evaluation_leaves_no_report(template: Path, fake_bundle: Path) -> None:
    report = {f"reports/new/report.{kind}" for kind in ("json", "html")}
    for arguments in (("staff",), ("--collection", "hq")):
        whole, ended = _interrupted(
            template, fake_bundle, "evaluate", *arguments, "--out", "reports/new", moments=8
        )
        assert whole.new_files(template) == report
        assert [each.new_files(template) for each in ended] == [set()] * len(ended)
        for each in (whole, *ended):
            _forget(each)


def test_an_interrupted_backup_leaves_none(template: Path, fake_bundle: Path) -> None:
    whole, ended = _interrupted(template, fake_bundle, "backup", "kith.zip", moments=8)
    assert whole.new_files(template) == {"kith.zip"}
    for each in ended:
        if each.new_files(template):
            assert each.new_files(template) == {"kith.zip"}
            with opened_archive(each.folder / "kith.zip", _unseen) as archive:
                assert archive.manifest.whole


@pytest.mark.parametrize(
    "arguments",
    [
        ("restore", "given.zip", "--replace"),
        ("import", "given.zip", "--as", "annex"),
        ("check", "--repair"),
        ("reembed", "--drop"),
        ("models", "show"),
    ],
    ids=" ".join,
)
def test_an_interrupted_command_has_done_all_of_it_or_nothing(
    template: Path, fake_bundle: Path, kith: Kith, arguments: tuple[str, ...]
) -> None:
    whole, ended = _interrupted(template, fake_bundle, *arguments, moments=6)
    for each in ended:
        assert each.new_files(template) <= whole.new_files(template)
        assert _faces(each.folder) in (_faces(template), _faces(whole.folder))
    assert kith(ended[-1].folder / "data", fake_bundle, "check").endswith("[0]")


def test_an_interrupted_enrolment_goes_on_where_it_stopped(
    template: Path, fake_bundle: Path, kith: Kith, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("enroll", "more", "--collection", "annex", "--report", "written.json")
    whole, ended = _interrupted(template, fake_bundle, *arguments)
    begun = [each for each in ended if "written.json" in each.new_files(template)]
    assert 0 < len(begun) < len(ended)
    for each in ended:
        assert each.new_files(template) <= whole.new_files(template)
        assert ("photos enrolled" in each.said) == (each in begun)
    for each in begun:
        written = json.loads((each.folder / "written.json").read_text())
        reached = written["counts"]["enrolled"]
        assert written["counts"]["not_reached"] == 6 - reached
        assert written["ended"] == "interrupted" or reached == 6  # at the end of all
        # one more may have been enrolled before its line
        assert _faces(each.folder).get("annex", 0) in (
            reached,
            reached + 1,
        )
    for each in ended[::6]:
        monkeypatch.chdir(each.folder)
        assert kith(each.folder / "data", fake_bundle, *arguments).endswith("[0]")
        assert _faces(each.folder) == {"hq": 16, "annex": 6}


def _faces(folder: Path) -> dict[str, int]:
    """How many each collection has."""
    database = Database(f"sqlite:///{folder / 'data' / 'kith.db'}")
    with database.engine.connect() as connection:
        found = connection.exec_driver_sql(
            "SELECT c.id, count(f.id) FROM collections c LEFT JOIN persons p ON "
            "p.collection_key = c.key LEFT JOIN faces f ON f.person_key = p.key GROUP BY c.id"
        ).all()
    database.close()
    return {str(name): int(faces) for name, faces in found}


def test_an_interrupted_calibration_leaves_none(template: Path, fake_bundle: Path) -> None:
    _photos(template / "many", people=52, each=2)
    arguments = ("models", "calibrate", "many", "--data", "nobody", "--out", "made.json")
    whole, ended = _interrupted(template, fake_bundle, *arguments, moments=6)
    assert whole.new_files(template) == {"made.json"}
    for each in ended:
        assert each.new_files(template) in (set(), {"made.json"})
        if each.new_files(template):
            assert json.loads((each.folder / "made.json").read_text())["evidence"]


def pull_here() -> None:
    """Do the work of ``kith models pull``, from a small world's files, in the forked process."""
    end_at_signals()
    world = Path(os.environ["KITH_TEST_WORLD"])
    pull(Path("models/tiny"), source=world / "published", recipe=world / "recipe")
    sys.exit(0)


def test_an_interrupted_pull_leaves_the_bundle_that_was_there(tmp_path: Path) -> None:
    template = tmp_path / "template"
    with published(tmp_path) as world:
        old = pull(template / "models" / "tiny", source=world.folder, recipe=world.recipe)
        (old.folder / "MODEL_CARD.md").write_text("# an older release\n")
        old.embedder.write_bytes(b"damaged")
        whole, ended = interrupted(
            template,
            moments=20,
            call=f"{__name__}:pull_here",
            KITH_TEST_WORLD=str(tmp_path),
        )
    assert whole.status == 0, whole.said
    assert [each.status for each in ended] == [130] * 20, [each.said for each in ended]
    for each in ended:
        assert each.new_files(template) == set()
        card = (each.folder / "models" / "tiny" / "MODEL_CARD.md").read_text()
        assert card == "# an older release\n" or Bundle.load(each.folder / "models" / "tiny")


_PIP = """
import pathlib, time
pathlib.Path("pip-runs").touch()
time.sleep(600)
"""


def test_pip_ends_with_the_pull_that_began_it(tmp_path: Path) -> None:
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__init__.py").touch()
    (tmp_path / "pip" / "__main__.py").write_text(_PIP)
    with published(tmp_path) as world:
        (world.folder / "tiny_detector.onnx").unlink()
        process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import pull_here; pull_here()"],
            env={
                **os.environ,
                "KITH_TEST_WORLD": str(tmp_path),
                "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}",
            },
            cwd=tmp_path,
            preexec_fn=_hears_of_interrupts,
        )
        while not (tmp_path / "pip-runs").exists():
            assert process.poll() is None
            time.sleep(0.01)
        (children,) = _children(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert not Path(f"/proc/{children}").exists()
    assert [each.name for each in (tmp_path / "models").iterdir()] == [".tiny.lock"]


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_service_that_cannot_be_reached_yet_ends_at_once(
    tmp_path: Path, fake_bundle: Path
) -> None:
    """It waits for a database that somebody else is changing."""
    data = tmp_path / "data"
    database = Database(f"sqlite:///{data / 'kith.db'}")
    upgrade(database)
    with database.write():
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            process = ServerProcess(data, fake_bundle)
            process.launch()
            while str(data / "kith.db") not in _open_files(process.pid):
                time.sleep(0.01)
            process.send_signal(number)
            assert process.wait() == status
            assert "Traceback" not in process.log.read_text()
    database.close()


def _open_files(pid: int) -> set[str]:
    found = set[str]()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            found.add(str(descriptor.readlink()))
    return found


def test_an_interrupted_service_stops_gracefully(server: Callable[..., ServerProcess]) -> None:
    process = server()
    with process.client() as client:
        assert client.post("/collections", json={"id": "hq"}).is_success
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    assert "Traceback" not in process.log.read_text()
    assert not list(process.data_dir.glob("kith.db-*"))


def _unseen(total: int) -> AbstractContextManager[Callable[[int], None]]:
    del total
    return nullcontext(lambda done: None)


def _forget(run: Ended) -> None:
    run.folder.rename(run.folder.with_name(f"{run.folder.name}-{id(run)}"))
