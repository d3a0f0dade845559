"""Several processes behind one port, as an ASGI server starts them, on one PostgreSQL."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.chaos.load import COLLECTION, Load
from tests.support.server import ADMIN_KEY

_URL = re.compile(r"Uvicorn running on (http://\S+)")
_WORKER = re.compile(r"Started server process \[(\d+)\]")
_STARTED = "Application startup complete"
WORKERS = 2
_A_TENTH = 10  # of a second, which looks for changes alone do not take


@pytest.fixture
def uvicorn(
    tmp_path: Path, fake_bundle: Path, database_url: str
) -> Iterator[tuple[str, list[str]]]:
    """The address where it listens, and the process numbers of its workers."""
    settings = {
        "KITH_DATA_DIR": str(tmp_path),
        "KITH_MODEL": str(fake_bundle),
        "KITH_DATABASE_URL": database_url,
        "KITH_ADMIN_KEY": ADMIN_KEY,
    }
    asked = ["--factory", "app.main:create_app", "--workers", str(WORKERS), "--port", "0"]
    log = tmp_path / "uvicorn.log"
    with log.open("wb") as file:
        running = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", *asked],
            env={**os.environ, **settings},
            stdout=file,
            stderr=file,
        )
    try:
        url = _started(log)
        yield url, re.findall(_WORKER, log.read_text())
    finally:
        running.terminate()
        running.wait(60)


def _started(log: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        said = log.read_text()
        if (found := _URL.search(said)) and said.count(_STARTED) == WORKERS:
            return found[1]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def worked(pids: list[str]) -> list[int]:
    """Hundredths of a second that each process has computed for."""
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return [int(stat[11]) + int(stat[12]) for stat in stats]


@pytest.mark.on_postgresql
def test_every_worker_of_one_port_sees_what_the_others_were_sent(
    uvicorn: tuple[str, list[str]],
) -> None:
    url, pids = uvicorn
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    made = httpx.post(f"{url}/v1/collections", json={"id": COLLECTION}, headers=headers)
    assert made.status_code == 201
    idle = worked(pids)
    load = Load([url], clients=6, people=8).start(operations=300)
    load.join(120)
    assert load.wrong == []
    assert not load.said
    assert load.explained() == []
    busy = [after - before for before, after in zip(idle, worked(pids), strict=True)]
    assert min(busy) > _A_TENTH, busy
