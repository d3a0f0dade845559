"""The small jobs of a service: they work, they are counted, and no request does their work."""

import datetime as dt
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, select

from app.auth.models import ApiKey
from app.bootstrap import Container, build
from app.core.db import Database
from app.feedback.models import ProbeCounts
from app.settings import Settings
from tests.api.support import FakeClock, enrol, files, identify, made, make_collection
from tests.support.client import client_of
from tests.support.pictures import picture
from tests.support.server import ServerProcess
from tests.support.waiting import wait_for

JOBS = (
    "probe_counts",
    "key_uses",
    "receipts",
    "sessions",
    "change_log",
    "deleted_collections",
    "erasure",
    "indexes",
    "snapshots",
    "door_history",
    "audit",
    "evidence",
    "door_health",
    "events",
)


@contextmanager
def writes(database: Database) -> Iterator[list[str]]:
    """The statements in the block that write, by their first two words and their table."""
    found: list[str] = []

    def hear(*given: object) -> None:
        if match := re.match(r"\s*((?:INSERT INTO|UPDATE|DELETE FROM) \w+)", str(given[2])):
            found.append(match[1])

    event.listen(database.engine, "after_cursor_execute", hear)
    yield found
    event.remove(database.engine, "after_cursor_execute", hear)


def samples(client: TestClient, name: str) -> dict[str, float]:
    """A metric's values by job."""
    text = client.get("http://kith/metrics").text
    found = re.findall(rf'^{name}{{name="(\w+)"}} (\S+)$', text, re.MULTILINE)
    return {job: float(value) for job, value in found}


def test_every_job_runs_is_counted_and_one_that_fails_is_seen(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = build(settings)
    with client_of(container) as client:
        assert samples(client, "kith_job_runs_total") == dict.fromkeys(JOBS, 0.0)
        for name in JOBS:
            container.jobs.wake(name)
        wait_for(lambda: min(samples(client, "kith_job_runs_total").values()) >= 1)
        assert set(samples(client, "kith_job_failures_total").values()) == {0.0}
        succeeded = samples(client, "kith_job_last_success_timestamp_seconds")
        assert set(succeeded) == set(JOBS)
        assert min(succeeded.values()) > 1.7e9
        assert set(samples(client, "kith_job_last_run_seconds")) == set(JOBS)

        path = make_collection(client)
        enrol(client, path, "ada", picture(1))
        (settings.data_dir / "index").write_text("a file where the folder would be")
        container.jobs.wake("snapshots")
        wait_for(lambda: samples(client, "kith_job_failures_total")["snapshots"] == 1)
        assert samples(client, "kith_job_last_success_timestamp_seconds") == succeeded


@pytest.mark.both_databases
def test_no_request_does_housekeeping(settings: Settings) -> None:
    """Though there are expired receipts, a long log and counts to write."""
    clock = FakeClock()
    container = build(settings, clock)
    with client_of(container) as client:
        key = made(client.post("/keys", json={"scopes": ["identify", "enroll"]}))["key"]
        path = make_collection(client)
        body = {"name": "Ada"}
        made(client.post(f"{path}/persons", json=body, headers={"Idempotency-Key": "old"}))
        clock.forward(dt.timedelta(days=2))
        client.headers["authorization"] = f"Bearer {key}"
        with writes(container.database) as found:
            identify(client, path, 1)
        assert found == []
        with writes(container.database) as found:
            made(
                client.post(
                    f"{path}/persons",
                    data={"id": "bob"},
                    files=files(picture(2)),
                    headers={"Idempotency-Key": "new"},
                )
            )
        assert sorted(set(found)) == [
            "INSERT INTO audit_rows",
            "INSERT INTO changes",
            "INSERT INTO event_counters",
            "INSERT INTO events",
            "INSERT INTO faces",
            "INSERT INTO idempotency_receipts",
            "INSERT INTO idempotency_subjects",
            "INSERT INTO persons",
            "UPDATE audit_chains",
            "UPDATE collections",
            "UPDATE positions",
        ]


def test_a_stop_writes_what_memory_has_counted(server: Callable[..., ServerProcess]) -> None:
    process = server()
    with process.client() as admin:
        key = admin.post("/keys", json={"scopes": ["identify"]}).json()
        admin.post("/collections", json={"id": "hq"})
        image = {"images": ("0.png", picture(1), "image/png")}
        admin.post("/collections/hq/persons", data={"id": "ada"}, files=image)
    with process.client(key["key"]) as client:
        for somebody in range(3):
            image = {"image": ("0.png", picture(somebody), "image/png")}
            assert client.post("/collections/hq/identify", files=image).status_code == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 0
    database = Database(process.data_dir / "kith.db")
    with database.read() as session:
        assert session.scalars(select(ProbeCounts.probes)).all() == [3]
        assert session.scalars(select(ApiKey.last_used_at)).one() is not None
    database.close()
    assert [file.suffix for file in (process.data_dir / "index").iterdir()] == [".snapshot"]


def test_what_an_aborted_start_has_built_can_be_closed(settings: Settings) -> None:
    container: Container = build(settings)
    container.close()
    assert not list(Path(settings.data_dir).glob("index/*"))
