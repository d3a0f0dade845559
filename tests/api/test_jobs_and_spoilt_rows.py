"""A row that somebody changed in the database holds up no job's work on the others."""

import datetime as dt

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import Container
from app.trail.retention import Retention
from tests.api.doors import HQ, make_hq
from tests.api.support import FakeClock, made, make_collection, ok
from tests.support.databases import change_file

DAYS = {"audit_days": 1, "evidence_days": 1, "event_days": 1}


@pytest.fixture
def trail(container: Container, clock: FakeClock) -> Retention:
    metrics = container.services.metrics.jobs
    return Retention(container.database, clock, metrics, follow=None, **DAYS)


@pytest.mark.parametrize(("spoilt", "other"), [(1, "back"), (2, "front")])
def test_a_door_whose_health_cannot_be_read_hides_no_other_that_is_silent(
    timed: TestClient,
    container: Container,
    clock: FakeClock,
    database_url: str,
    spoilt: int,
    other: str,
) -> None:
    make_hq(timed)
    made(timed.post(f"{HQ}/doors", json={"id": "back"}))
    for door in ("front", "back"):
        ok(timed.post(f"/doors/{door}/health", json={"state": "ok"}))
    where = f"door_key = {spoilt}"
    change_file(database_url, f"UPDATE door_health SET reported_at = '!' WHERE {where}")  # noqa: S608
    clock.forward(dt.timedelta(minutes=10))
    with pytest.raises(ValueError, match="isoformat"):
        container.jobs.run("door_health")
    assert ok(timed.get(f"{HQ}/doors/{other}"))["health"]["state"] == "silent"


def test_a_chain_with_a_time_that_is_none_keeps_no_other_chain_for_ever(
    timed: TestClient, trail: Retention, clock: FakeClock, database_url: str
) -> None:
    for name in ("one", "two"):
        made(timed.post(f"{make_collection(timed, name)}/persons", json={"id": "ada"}))
    wrong = "(SELECT min(r.key) FROM audit_rows r JOIN audit_chains c ON c.key = r.chain_key"
    which = f"{wrong} WHERE c.collection_id = 'one')"
    change_file(database_url, f"UPDATE audit_rows SET at = '!' WHERE key = {which}")  # noqa: S608
    clock.forward(dt.timedelta(days=3))
    with pytest.raises(ValueError, match="isoformat"):
        trail.purge_audit()
    rows = ok(timed.get("/audit", params={"collection": "two"}))["items"]
    assert [each["action"] for each in rows] == ["audit.purged"]


def test_an_event_with_a_time_that_is_none_goes_with_the_old_ones(
    timed: TestClient, trail: Retention, clock: FakeClock, database_url: str
) -> None:
    staff = make_collection(timed)
    for name in ("ada", "bob"):
        made(timed.post(f"{staff}/persons", json={"id": name}))
    change_file(database_url, "UPDATE events SET at = '!' WHERE position = 1")
    clock.forward(dt.timedelta(days=3))
    trail.purge_events()
    assert ok(timed.get("/events"))["items"] == []
