"""How the client of a door is: what it reports, that it is silent, and the events of a change."""

import datetime as dt
from itertools import pairwise
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import Container
from tests.api.doors import HQ, door_key, make_hq
from tests.api.support import FakeClock, ok, problem, wrong_fields
from tests.integration.test_jobs import writes

pytestmark = pytest.mark.both_databases
MINUTE = dt.timedelta(minutes=1)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def door(timed: TestClient) -> TestClient:
    make_hq(timed)
    return timed


def report(client: TestClient, state: str, **more: object) -> dict[str, Any]:
    return ok(client.post("/doors/front/health", json={"state": state, **more}))


def health(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = ok(client.get(f"{HQ}/doors/front"))["health"]
    return found


def events(client: TestClient) -> list[dict[str, Any]]:
    return list(ok(client.get("/events", params={"types": "door.health"}))["items"])


def changes(client: TestClient) -> list[tuple[str, str]]:
    return [(each["data"]["former_state"], each["data"]["state"]) for each in events(client)]


def test_a_door_whose_client_never_reported_is_unknown_and_has_no_event(
    door: TestClient, container: Container, clock: FakeClock
) -> None:
    nothing = {"state": "unknown", "detail": None, "since": None, "reported_at": None}
    assert health(door) == nothing
    clock.forward(dt.timedelta(days=1))
    container.jobs.run("door_health")
    assert health(door) == nothing
    assert events(door) == []


def test_a_change_is_an_event_and_what_stays_is_none(
    door: TestClient, container: Container, clock: FakeClock
) -> None:
    assert report(door, "ok") == {"state": "ok", "next_in_s": 60}
    began = health(door)["since"]
    for _ in range(3):
        clock.forward(MINUTE)
        report(door, "ok")
        container.jobs.run("door_health")
    assert health(door) == {
        "state": "ok",
        "detail": None,
        "since": began,
        "reported_at": "2026-05-04T12:03:00Z",
    }
    report(door, "no_picture", detail="camera_lost")
    report(door, "no_picture", detail="camera_silent")
    assert health(door)["detail"] == "camera_silent"
    clock.forward(MINUTE)
    report(door, "stale_pictures")
    first, second, _ = events(door)
    assert changes(door) == [
        ("unknown", "ok"),
        ("ok", "no_picture"),
        ("no_picture", "stale_pictures"),
    ]
    assert first["source"] == "/kith/collections/hq/doors/front"
    assert second["data"]["detail"] == "camera_lost"
    assert second["data"].keys() == {
        *("collection_id", "door_id", "state", "former_state", "detail"),
    }


def test_a_client_that_stops_reporting_is_silent_once_until_it_reports_again(
    door: TestClient, container: Container, clock: FakeClock
) -> None:
    report(door, "ok")
    clock.forward(3 * MINUTE)
    container.jobs.run("door_health")
    assert health(door)["state"] == "ok"
    clock.forward(MINUTE)
    for _ in range(3):
        container.jobs.run("door_health")
    found = health(door)
    assert found["state"] == "silent"
    assert (found["since"], found["reported_at"]) == (
        "2026-05-04T12:04:00Z",
        "2026-05-04T12:00:00Z",
    )
    clock.forward(MINUTE)
    report(door, "ok")
    assert changes(door) == [("unknown", "ok"), ("ok", "silent"), ("silent", "ok")]


def test_a_door_that_comes_and_goes_has_one_event_a_minute_and_its_newest_state_at_last(
    door: TestClient, container: Container, clock: FakeClock
) -> None:
    for _ in range(3):
        for state in ("ok", "no_picture", "stale_pictures"):
            report(door, state)
    assert health(door)["state"] == "stale_pictures"
    assert changes(door) == [("unknown", "ok")]
    clock.forward(MINUTE - SECOND)
    container.jobs.run("door_health")
    assert changes(door) == [("unknown", "ok")]
    clock.forward(SECOND)
    for _ in range(2):
        container.jobs.run("door_health")
    assert changes(door)[1:] == [("ok", "stale_pictures")]
    report(door, "no_picture", detail="camera_lost")
    report(door, "stale_pictures")
    clock.forward(MINUTE)
    container.jobs.run("door_health")
    assert len(changes(door)) == 2  # nothing is left to say


def test_a_door_that_comes_and_goes_for_a_quarter_has_fifteen_events(
    door: TestClient, container: Container, clock: FakeClock
) -> None:
    for second in range(0, 900, 15):
        report(door, "ok" if second // 15 % 2 else "no_picture")
        container.jobs.run("door_health")
        clock.forward(15 * SECOND)
    assert 0 < len(changes(door)) <= 15
    pairs = changes(door)
    assert all(now[0] == before[1] for before, now in pairwise(pairs))


@pytest.mark.parametrize("back", [SECOND, 61 * MINUTE, dt.timedelta(days=400)])
def test_a_clock_that_is_set_back_hides_no_silence_and_holds_back_no_event(
    door: TestClient, container: Container, clock: FakeClock, back: dt.timedelta
) -> None:
    report(door, "ok")
    report(door, "no_picture")
    clock.forward(-back)
    container.jobs.run("door_health")
    assert health(door)["state"] == "no_picture"  # it may report yet
    clock.forward(MINUTE)
    container.jobs.run("door_health")
    assert changes(door) == [("unknown", "ok"), ("ok", "no_picture")]
    clock.forward(3 * MINUTE)
    container.jobs.run("door_health")
    assert health(door)["state"] == "silent"
    assert changes(door)[2:] == [("no_picture", "silent")]


def test_a_report_is_one_statement_and_leaves_no_row_and_no_revision(
    door: TestClient, container: Container, clock: FakeClock
) -> None:
    report(door, "ok")
    before = ok(door.get(f"{HQ}/doors/front"))
    rows = ok(door.get("/audit"))["items"]
    clock.forward(MINUTE)
    with writes(container.database) as found:
        report(door, "ok")
    assert found == ["UPDATE door_health"]
    assert ok(door.get("/audit"))["items"] == rows
    after = ok(door.get(f"{HQ}/doors/front"))
    assert after.pop("health") != before.pop("health")
    assert after == before


def test_a_report_is_of_the_door_of_its_key_and_says_nothing_of_people(door: TestClient) -> None:
    ok(door.post("/doors/front/health", json={"state": "ok"}, headers=door_key(door)))
    there = {"id": "back", "mode": "advise"}
    assert door.post(f"{HQ}/doors", json=there).status_code == 201
    refused = door.post("/doors/front/health", json={"state": "ok"}, headers=door_key(door, "back"))
    problem(refused, 404, "not_found")
    for body in ({"state": "silent"}, {"state": "unknown"}, {"state": "broken"}, {}):
        assert wrong_fields(door.post("/doors/front/health", json=body)) == ["state"]
    for detail in ("Ada Lovelace", "rtsp://user:secret@camera/1", "x" * 33, ""):
        body = {"state": "no_picture", "detail": detail}
        assert wrong_fields(door.post("/doors/front/health", json=body)) == ["detail"]


def test_the_health_goes_with_the_door(door: TestClient, container: Container) -> None:
    report(door, "ok")
    match = {"If-Match": "*"}
    assert door.delete(f"{HQ}/rules/r", headers=match).status_code == 204
    assert door.delete(f"{HQ}/doors/front", headers=match).status_code == 204
    assert door.post(f"{HQ}/doors", json={"id": "front"}).status_code == 201
    assert health(door)["state"] == "unknown"
    container.jobs.run("door_health")
