"""Everybody asks for the report of a large gallery at once, together with healthy clients."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pytest
from sqlalchemy import text

from app.bundles.manifest import read_manifest
from app.core.db import Database
from bench.startup import DIMENSION, filled
from migrations import upgrade
from tests.chaos.conftest import Length
from tests.support.fake_bundle import write_fake_bundle
from tests.support.pictures import picture
from tests.support.server import ServerProcess

ASKERS = 110
SLOWER = 3.0


@pytest.fixture
def large(tmp_path: Path, server: Callable[..., ServerProcess], length: Length) -> ServerProcess:
    """A service with a gallery of which the report takes a while."""
    bundle = write_fake_bundle(tmp_path / "bundle", dimension=DIMENSION)
    database = Database(tmp_path / "large.db")
    upgrade(database)
    filled(database, length.of(short=3_000, long=40_000))
    with database.write() as session:
        for table in ("collections", "faces"):
            session.execute(
                text(f"UPDATE {table} SET contract_id = :id"),  # noqa: S608 - of two names
                {"id": read_manifest(bundle).contract_id},
            )
    database.close()
    return server(bundle, KITH_DATABASE_URL=f"sqlite:///{tmp_path / 'large.db'}")


def test_reports_hold_nobody_up(large: ServerProcess, length: Length) -> None:
    count = length.of(short=20, long=400)
    quiet = asked(large, count)
    over = threading.Event()
    said: Counter[int] = Counter()
    asking = (large, over, said, not length.long)
    askers = [threading.Thread(target=asks, args=asking) for _ in range(ASKERS)]
    for each in askers:
        each.start()
    beside = asked(large, count)
    over.set()
    for each in askers:
        each.join()
    assert set(said) <= {200, 503}
    assert said[200] >= ASKERS
    if length.long:
        for name in quiet:
            assert np.percentile(beside[name], 99) < SLOWER * np.percentile(quiet[name], 99), name


def asked(service: ServerProcess, count: int) -> dict[str, list[float]]:
    """Seconds of each identification and of each question whether the service lives."""
    seconds: dict[str, list[float]] = {"identify": [], "live": []}
    with service.client() as client:
        for i in range(count):
            started = time.perf_counter()
            answer = client.post("/collections/bench/identify", files={"image": picture(i)})
            seconds["identify"].append(time.perf_counter() - started)
            assert answer.status_code == 200, answer.text
            started = time.perf_counter()
            assert client.get("/health/live").status_code == 200
            seconds["live"].append(time.perf_counter() - started)
    return seconds


def asks(service: ServerProcess, over: threading.Event, said: Counter[int], once: bool) -> None:
    """For the report, until it is there; not only ``once``, but until the others are done."""
    with service.client() as client:
        while True:
            answer: httpx.Response = client.get("/collections/bench/lookalikes")
            said[answer.status_code] += 1
            if answer.status_code == 200 and (once or over.is_set()):
                return
            if answer.status_code == 503:
                assert answer.json()["code"] == "not_ready"
                assert int(answer.headers["Retry-After"]) >= 1
            time.sleep(0.3)  # sooner than `Retry-After` says
