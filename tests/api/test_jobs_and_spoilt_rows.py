"""A row that somebody changed in the database holds up no job's work on the others."""

import datetime as dt
import sqlite3
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import Container, build
from app.settings import Settings
from app.trail.retention import Retention
from tests.api.doors import HQ, make_hq
from tests.api.support import FakeClock, made, make_collection, ok
from tests.support.client import client_of

DAYS = {"audit_days": 1, "evidence_days": 1, "event_days": 1}


@pytest.fixture
def container(settings: Settings, clock: FakeClock) -> Container:
    return build(settings, clock)


@pytest.fixture
def client(container: Container) -> Iterator[TestClient]:
    with client_of(container) as client:
        yield client


@pytest.fixture
def trail(container: Container, clock: FakeClock) -> Retention:
    metrics = container.services.metrics.jobs
    return Retention(container.database, clock, metrics, follow=None, **DAYS)


def change(database_url: str, statement: str) -> None:
    with sqlite3.connect(database_url.removeprefix("sqlite:///"), timeout=30) as file:
        assert file.execute(statement).rowcount == 1
    file.close()


@pytest.mark.parametrize(("spoilt", "other"), [(1, "back"), (2, "front")])
def test_a_door_whose_health_cannot_be_read_hides_no_other_that_is_silent(
    client: TestClient,
    container: Container,
    clock: FakeClock,
    database_url: str,
    spoilt: int,
    other: str,
) -> None:
    make_hq(client)
    made(client.post(f"{HQ}/doors", json={"id": "back"}))
    for door in ("front", "back"):
        ok(client.post(f"/doors/{door}/health", json={"state": "ok"}))
    where = f"door_key = {spoilt}"
    change(database_url, f"UPDATE door_health SET reported_at = '!' WHERE {where}")  # noqa: S608
    clock.forward(dt.timedelta(minutes=10))
    with pytest.raises(ValueError, match="isoformat"):
        container.jobs.run("door_health")
    assert ok(client.get(f"{HQ}/doors/{other}"))["health"]["state"] == "silent"


def test_a_chain_with_a_time_that_is_none_keeps_no_other_chain_for_ever(
    client: TestClient, trail: Retention, clock: FakeClock, database_url: str
) -> None:
    for name in ("one", "two"):
        made(client.post(f"{make_collection(client, name)}/persons", json={"id": "ada"}))
    wrong = "(SELECT min(r.key) FROM audit_rows r JOIN audit_chains c ON c.key = r.chain_key"
    which = f"{wrong} WHERE c.collection_id = 'one')"
    change(database_url, f"UPDATE audit_rows SET at = '!' WHERE key = {which}")  # noqa: S608
    clock.forward(dt.timedelta(days=3))
    with pytest.raises(ValueError, match="isoformat"):
        trail.purge_audit()
    rows = ok(client.get("/audit", params={"collection": "two"}))["items"]
    assert [each["action"] for each in rows] == ["audit.purged"]


def test_an_event_with_a_time_that_is_none_goes_with_the_old_ones(
    client: TestClient, trail: Retention, clock: FakeClock, database_url: str
) -> None:
    staff = make_collection(client)
    for name in ("ada", "bob"):
        made(client.post(f"{staff}/persons", json={"id": name}))
    change(database_url, "UPDATE events SET at = '!' WHERE position = 1")
    clock.forward(dt.timedelta(days=3))
    trail.purge_events()
    assert ok(client.get("/events"))["items"] == []
