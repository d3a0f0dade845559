"""A row that somebody changed in the database holds up no job's work on the others."""

import datetime as dt

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.bootstrap import Container
from app.trail.anchors import anchors
from app.trail.retention import Retention
from app.trail.verification import faults
from tests.api.doors import ADA, HQ, make_hq, of
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
    with pytest.raises(ValueError, match="did not write"):
        container.jobs.run("door_health")
    assert ok(timed.get(f"{HQ}/doors/{other}"))["health"]["state"] == "silent"


@pytest.mark.parametrize("at", ["'!'", "'x'", "'2026-05-04 what'", "x'ff'"])
def test_a_row_with_a_time_that_is_none_goes_with_the_next_and_is_named_until_then(
    timed: TestClient,
    container: Container,
    trail: Retention,
    clock: FakeClock,
    database_url: str,
    at: str,
) -> None:
    staff = make_collection(timed)
    for name in ("ada", "bob"):
        made(timed.post(f"{staff}/persons", json={"id": name}))
    _spoil(database_url, "person.created", at)
    with container.database.read() as session:
        assert _wrong(session) == ["row 2 was changed"]
    listed = ok(timed.get("/audit", params={"collection": "staff"}))["items"]
    assert [each["seq"] for each in listed] == [1, 2, 3]
    clock.forward(dt.timedelta(days=3))
    trail.purge_audit()
    (left,) = ok(timed.get("/audit", params={"collection": "staff"}))["items"]
    assert (left["action"], left["details"]["rows"]) == ("audit.purged", 3)
    with container.database.read() as session:
        assert _wrong(session) == []


def test_a_newest_row_with_a_time_that_is_none_stays_until_a_later_one_is_due(
    timed: TestClient, container: Container, trail: Retention, clock: FakeClock, database_url: str
) -> None:
    staff = make_collection(timed)
    made(timed.post(f"{staff}/persons", json={"id": "ada"}))
    _spoil(database_url, "person.created", "'!'")
    with container.database.read() as session:
        assert sorted(each.at is None for each in anchors(session)) == [False, True]
    for _ in range(2):
        clock.forward(dt.timedelta(days=3))
        trail.purge_audit()
    (left,) = ok(timed.get("/audit", params={"collection": "staff"}))["items"]
    assert (left["action"], left["details"]["rows"]) == ("audit.purged", 2)


def _spoil(database_url: str, action: str, at: str) -> None:
    """Give the oldest row of an action another time."""
    oldest = f"(SELECT min(key) FROM audit_rows WHERE action = '{action}')"  # noqa: S608
    change_file(database_url, f"UPDATE audit_rows SET at = {at} WHERE key = {oldest}")  # noqa: S608


def _wrong(session: Session) -> list[str]:
    return [each.what for each in faults(session)]


@pytest.mark.parametrize("at", ["'!'", "'x'", "'2026-05-04 what'"])
def test_a_decision_with_a_time_that_is_none_breaks_no_page_about_its_door(
    timed: TestClient, clock: FakeClock, database_url: str, at: str
) -> None:
    make_hq(timed)
    for _ in range(3):
        of(timed, ADA)
        clock.forward(dt.timedelta(minutes=1))
    _spoil(database_url, "door.decision", at)
    services = timed.app.state.services  # type: ignore[attr-defined]
    drift = services.door_questions.drift("hq", ["front"])
    assert drift["front"].decisions == 2
    whole = ok(timed.get(f"{HQ}/doors/front/decisions"))["items"]
    assert len(whole) == 3
    paged: list[object] = []
    query: dict[str, str] | None = {"limit": "1"}
    while query:
        found = ok(timed.get(f"{HQ}/doors/front/decisions", params=query))
        paged += found["items"]
        query = {"limit": "1", "cursor": cursor} if (cursor := found["next_cursor"]) else None
    assert paged == whole


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
