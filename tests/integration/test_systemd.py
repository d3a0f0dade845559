"""The units of ``deploy/systemd``: systemd reads them, and what they start works."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections import defaultdict
from pathlib import Path

import pytest

from tests.api.support import made
from tests.support.needed import lacking
from tests.support.server import ServerProcess

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
INSTALLED = "/opt/kith/.venv/bin"
BIN = str(Path(sys.executable).parent)
MOST_EXPOSED = 1.5
"""The exposure, of 10, by ``systemd-analyze security`` of systemd 252; 1.4 was found."""


def unit(name: str) -> dict[str, list[str]]:
    """Every setting of a unit, whatever its section."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in (UNITS / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "[")):
            setting, _, value = line.partition("=")
            found[setting].append(value)
    return found


def environment(name: str, data: Path) -> dict[str, str]:
    """The variables that the unit sets, on a folder of the test."""
    words = (word for line in unit(name)["Environment"] for word in line.split())
    given = dict(word.split("=", 1) for word in words)
    assert given.pop("KITH_DATA_DIR") == "/var/lib/kith"
    assert given.pop("PYTHONPYCACHEPREFIX") == "/var/cache/kith"
    assert given.pop("KITH_SECRETS_DIR") == "/etc/kith/secrets"
    secrets = data / "secrets"
    secrets.mkdir(exist_ok=True)
    return given | {"KITH_DATA_DIR": str(data), "KITH_SECRETS_DIR": str(secrets)}


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, for the program of this machine."""
    for each in UNITS.iterdir():
        text = each.read_text(encoding="utf-8").replace(INSTALLED, BIN)
        (tmp_path / each.name).write_text(text, encoding="utf-8")
    return tmp_path


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    if program is None:
        lacking("no program systemd-analyze; install the package systemd")
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=120)


def test_systemd_understands_every_line(units: Path) -> None:
    done = analyze("verify", *map(str, units.iterdir()))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    service = units / "kith.service"
    service.write_text(service.read_text().replace("ProtectClock=yes", "ProtectClocks=yes"))
    assert "ProtectClocks" in analyze("verify", str(service)).stderr


@pytest.mark.parametrize("name", ["kith.service", "kith-backup.service"])
def test_they_may_do_little(units: Path, name: str) -> None:
    said = analyze("security", "--offline=true", str(units / name)).stdout
    found = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert found
    assert float(found[1]) <= MOST_EXPOSED, said


def test_both_services_are_confined_alike_and_run_as_one_user() -> None:
    service, backup = unit("kith.service"), unit("kith-backup.service")
    for name in ("User", "Group", "StateDirectory", "EnvironmentFile", "ProtectSystem"):
        assert service[name] == backup[name], name
    confining = [
        name
        for name in service
        if name.startswith(
            ("Protect", "Private", "Restrict", "SystemCall", "Cap", "NoNew", "UMask")
        )
    ]
    assert len(confining) > 15
    assert {name: service[name] for name in confining} == {name: backup[name] for name in confining}


def test_a_stop_waits_longer_than_kith_does(tmp_path: Path) -> None:
    waits = int(environment("kith.service", tmp_path)["KITH_SHUTDOWN_SECONDS"])
    assert int(*unit("kith.service")["TimeoutStopSec"]) >= waits + 10


def test_what_they_start_serves_and_is_backed_up(fake_bundle: Path, tmp_path: Path) -> None:
    (start,) = unit("kith.service")["ExecStart"]
    assert start == f"{INSTALLED}/kith serve"
    given = environment("kith.service", tmp_path)
    server = ServerProcess(tmp_path, fake_bundle, **given).start()
    try:
        with server.client() as client:
            made(client.post("/collections", json={"id": "hq"}))
        archive = backed_up(tmp_path)
        assert server.stop() == 0  # as at `systemctl stop`
    finally:
        server.kill()
    with zipfile.ZipFile(archive) as backup:
        assert "hq" in backup.read("manifest.json").decode()


def backed_up(data: Path) -> Path:
    """The file that the unit of backups writes, in a folder of the test."""
    folder = data / "backups"
    folder.mkdir()
    settings = unit("kith-backup.service")
    started = [*settings["ExecStart"], *settings["ExecStartPost"]]
    for line in started:
        here = line.replace(INSTALLED, BIN).replace("/var/backups/kith", str(folder))
        command = shlex.split(here.replace("%%", "%"))
        outside = {name: each for name, each in os.environ.items() if not name.startswith("KITH_")}
        given = environment("kith-backup.service", data)
        subprocess.run(command, env=outside | given, check=True, timeout=240)
    (archive,) = folder.iterdir()
    assert re.fullmatch(r"kith-\d{8}T\d{6}Z\.zip", archive.name)
    return archive


def test_old_backups_go_and_nothing_else_does(tmp_path: Path) -> None:
    (line,) = unit("kith-backup.service")["ExecStartPost"]
    for name, days in (("kith-1.zip", 31), ("kith-2.zip", 29), ("other.zip", 400)):
        (tmp_path / name).touch()
        at = (tmp_path / name).stat().st_mtime - days * 86_400 - 3600
        os.utime(tmp_path / name, (at, at))
    command = shlex.split(line.replace("/var/backups/kith", str(tmp_path)))
    subprocess.run([shutil.which("find") or "find", *command[1:]], check=True, timeout=60)
    assert {each.name for each in tmp_path.iterdir()} == {"kith-2.zip", "other.zip"}
