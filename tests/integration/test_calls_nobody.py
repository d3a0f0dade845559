"""No command speaks to an address that it was not given, and none writes to any other place."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY, ServerProcess
from tests.support.traced import Trace, read_trace, traced

_KITH = [sys.executable, "-c", "from app.cli import main; main()"]
_BESIDE_EACH_OTHER = """
import os, sys
from app.cli import main
from app.cli.commands import cli_for
cli_for([])
for command in sys.argv[1].splitlines():
    child = os.fork()
    if not child:
        sys.argv = ["kith", *command.split()]
        main()
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        sys.exit(command)
"""
_COMMANDS = """
check
check --repair
backup kith.zip
restore kith.zip --replace
import kith.zip --as annex
evaluate --collection hq --out evaluated
evaluate staff --out report
keys list
reembed --drop
models show
models pull
models calibrate many --data nobody --out calibration.json
"""
"""Each as a process of its own, forked from one that has loaded all that they need."""


@dataclass
class Place:
    """A home, a folder for temporary files and one to work in, each empty at first."""

    root: Path
    bundle: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("home", "tmp", "work"):
            (self.root / name).mkdir()
        # Not os.environ: onnxruntime is quiet by itself where it finds the variables of a CI.
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root / "home"),
            "TMPDIR": str(self.root / "tmp"),
            "PYTHONPATH": str(Path.cwd()),
            "PYTHONDONTWRITEBYTECODE": "1",
            "KITH_DATA_DIR": "data",
            "KITH_MODEL": str(self.bundle),
            "KITH_ADMIN_KEY": ADMIN_KEY,
            "KITH_SECRETS_DIR": str(self.root / "home"),
        }

    @property
    def work(self) -> Path:
        return self.root / "work"

    def run(self, *command: str, **environment: str) -> Trace:
        """Run it to its end."""
        log = self.root / f"strace-{len(list(self.root.iterdir()))}.log"
        with subprocess.Popen(
            [*traced(log), *command],
            env=self.environment | environment,
            cwd=self.work,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            said, _ = process.communicate(timeout=240)
        assert process.returncode == 0, said
        return read_trace(log, process.pid, self.work)

    def assert_left_alone(self) -> None:
        """Everything that was written for a while is gone again."""
        for name in ("home", "tmp"):
            assert list((self.root / name).iterdir()) == []


@pytest.fixture
def place(tmp_path: Path, fake_bundle: Path) -> Iterator[Place]:
    made = Place(tmp_path, fake_bundle)
    for somebody in range(54):
        folder = made.work / ("staff" if somebody < 4 else "many") / f"p{somebody}"
        folder.mkdir(parents=True)
        for shake in range(2):
            (folder / f"{shake}.png").write_bytes(picture(somebody, shake))
    yield made
    made.assert_left_alone()


def test_no_command_speaks_to_anybody_or_writes_elsewhere(
    place: Place, face_bundle: Path, tmp_path: Path
) -> None:
    (place.work / "data" / "models").mkdir(parents=True)
    (place.work / "data" / "models" / "face").symlink_to(face_bundle)  # what `models pull` finds
    enrolled = place.run(*_KITH, "enroll", "--collection", "hq", "staff")
    trace = place.run(sys.executable, "-c", _BESIDE_EACH_OTHER, _COMMANDS.strip())
    for each in (enrolled, trace):
        assert each.addresses == set()
        assert each.outside(place.work, tmp_path / "tmp") == set()
    assert enrolled.outside(place.work / "data", tmp_path / "tmp") == set()
    assert {path.name for path in place.work.iterdir()} == {
        "staff", "many", "data", "report", "kith.zip", "evaluated", "calibration.json",
    }  # fmt: skip


@pytest.mark.both_databases
def test_a_service_speaks_to_its_clients_and_its_database_alone(
    place: Place, tmp_path: Path, database_url: str
) -> None:
    log = tmp_path / "strace.log"
    data = place.work / "data"
    environment = dict.fromkeys(os.environ, "") | place.environment
    database = urlsplit(database_url)
    if database.hostname:
        environment["KITH_DATABASE_URL"] = database_url
    environment["KITH_DATA_DIR"] = str(data)
    process = ServerProcess(data, place.bundle, before=traced(log), **environment).start()
    with process.client() as client:
        client.post("/collections", json={"id": "hq"}).raise_for_status()
        person = client.post("/collections/hq/persons", data={"id": "ada"}, files=_image("images"))
        person.raise_for_status()
        found = client.post("/collections/hq/identify", files=_image("image")).json()
        assert found["faces"][0]["person_id"] == "ada"
        assert client.get(f"{process.url}/docs").status_code == 200
    port = urlsplit(process.url).port or 0
    asked = place.run(*_KITH, "health", KITH_PORT=str(port))
    assert asked.addresses == {("127.0.0.1", port)}
    assert process.stop() == 0
    trace = read_trace(log, process.pid, Path.cwd())
    given = {("127.0.0.1", database.port or 5432)} if database.hostname else set()
    assert trace.addresses == given
    assert trace.outside(place.work / "data", tmp_path / "tmp") == set()


def _image(field: str) -> dict[str, bytes]:
    return {field: picture(1)}
