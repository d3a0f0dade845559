"""A door remembers for a moment: it repeats a grant; cooldown, visits, two at once."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.auth.principal import INSIDE
from app.bootstrap import build
from app.container import Services
from app.doors.models import DoorGrant, DoorSpoof
from app.settings import Settings
from tests.api.doors import ADA, HQ, STRANGER, change, make_hq, of, outcome
from tests.api.support import FakeClock, made, ok
from tests.support.client import client_of
from tests.support.server import ADMIN_KEY

pytestmark = pytest.mark.both_databases
SECOND = dt.timedelta(seconds=1)


def test_a_grant_that_holds_is_said_again_and_then_comes_the_cooldown(
    timed: TestClient, clock: FakeClock
) -> None:
    make_hq(timed, cooldown_ms=8000)
    first = of(timed, ADA)
    clock.forward(2 * SECOND)
    again = of(timed, ADA)
    assert outcome(again) == ("granted", "granted", "ada")
    assert (again["event_id"], again["suppressed"]) == (first["event_id"], True)
    assert again["valid_until"] == first["valid_until"]
    clock.forward(3 * SECOND)
    late = of(timed, ADA)
    assert outcome(late) == ("denied", "cooldown", "ada")
    assert late["event_id"] not in (None, first["event_id"])
    clock.forward(3 * SECOND)
    new = of(timed, ADA)
    assert outcome(new) == ("granted", "granted", "ada")
    assert (new["event_id"] != first["event_id"], new["suppressed"]) == (True, False)


def test_after_a_grant_elsewhere_an_exclusive_door_waits(
    timed: TestClient, clock: FakeClock
) -> None:
    make_hq(timed)
    made(timed.post(f"{HQ}/doors", json={"id": "back", "exclusive_ms": 10_000}))
    made(
        timed.post(
            f"{HQ}/rules",
            json={"group_id": "staff", "door_id": "back", "schedule_id": "office"},
        )
    )
    assert outcome(of(timed, ADA)) == ("granted", "granted", "ada")
    assert outcome(of(timed, ADA, door="back")) == ("denied", "cooldown", "ada")
    clock.forward(10 * SECOND)
    assert outcome(of(timed, ADA, door="back")) == ("granted", "granted", "ada")


def test_a_grant_survives_no_removal_of_the_person(timed: TestClient) -> None:
    make_hq(timed)
    assert outcome(of(timed, ADA)) == ("granted", "granted", "ada")
    assert timed.delete(f"{HQ}/persons/ada").status_code == 204
    assert outcome(of(timed, ADA)) == ("denied", "unknown_person", None)


def test_unknown_faces_have_one_event_a_visit(timed: TestClient, clock: FakeClock) -> None:
    make_hq(timed)
    seen = []
    for _ in range(4):
        answer = of(timed, STRANGER)
        seen.append((answer["event_id"], answer["suppressed"]))
        clock.forward(2 * SECOND)
    assert seen[:2] == [(None, True), (None, True)]
    assert seen[2][0] is not None
    assert seen[2][1] is False
    assert seen[3] == (seen[2][0], True)
    clock.forward(40 * SECOND)
    assert of(timed, STRANGER)["event_id"] is None


def test_suspected_spoofs_block_the_door_and_are_forgotten(
    timed: TestClient, clock: FakeClock
) -> None:
    make_hq(timed, block_after={"spoofs": 2})
    services: Services = timed.app.state.services  # type: ignore[attr-defined]
    doors: Any = services.door_decisions
    database = doors._database
    with database.write() as session:
        key = doors.find(INSIDE, "front").key
        session.add_all(DoorSpoof(door_key=key, seen_at=clock.now()) for _ in range(2))
    blocked = of(timed, ADA)
    assert outcome(blocked) == ("blocked", "temporarily_blocked", None)
    assert blocked["blocked_until"] == "2026-05-04T12:00:30Z"
    clock.forward(30 * SECOND)
    assert outcome(of(timed, ADA)) == ("granted", "granted", "ada")
    clock.forward(dt.timedelta(days=3))
    doors.forget()
    with database.read() as session:
        for model in (DoorSpoof, DoorGrant):
            assert session.scalar(select(func.count()).select_from(model)) == 0


def test_a_clock_that_is_set_back_blocks_no_door_for_longer(
    timed: TestClient, clock: FakeClock
) -> None:
    make_hq(timed, block_after={"spoofs": 2})
    services: Services = timed.app.state.services  # type: ignore[attr-defined]
    doors: Any = services.door_decisions
    with doors._database.write() as session:
        key = doors.find(INSIDE, "front").key
        session.add_all(DoorSpoof(door_key=key, seen_at=clock.now()) for _ in range(2))
    clock.forward(-SECOND)  # another replica's clock
    assert outcome(of(timed, ADA)) == ("blocked", "temporarily_blocked", None)
    clock.forward(dt.timedelta(hours=-1))
    assert outcome(of(timed, ADA)) == ("granted", "granted", "ada")


def test_many_at_once_on_three_replicas_make_one_grant_and_one_event(
    tmp_path: Path, fake_bundle: Path, database_url: str, clock: FakeClock
) -> None:
    containers = [
        build(
            Settings(
                data_dir=tmp_path / f"replica-{number}",
                model=fake_bundle,
                admin_key=ADMIN_KEY,
                database_url=database_url,
            ),
            clock,
        )
        for number in range(3)
    ]
    with (
        client_of(containers[0]) as one,
        client_of(containers[1]) as two,
        client_of(containers[2]) as three,
    ):
        make_hq(one)
        with ThreadPoolExecutor(9) as pool:
            answers = list(pool.map(lambda each: of(each, ADA), [one, two, three] * 3))
        assert {outcome(each) for each in answers} == {("granted", "granted", "ada")}
        assert len({each["event_id"] for each in answers}) == 1
        assert [each["suppressed"] for each in answers].count(False) == 1


def test_suspension_and_the_policy_hold_at_the_next_decision_on_each_replica(
    tmp_path: Path, fake_bundle: Path, database_url: str, clock: FakeClock
) -> None:
    def replica(name: str) -> Any:  # noqa: ANN401
        settings = Settings(
            data_dir=tmp_path / name,
            model=fake_bundle,
            admin_key=ADMIN_KEY,
            database_url=database_url,
        )
        return client_of(build(settings, clock))

    with replica("one") as one, replica("two") as two:
        make_hq(one, grant_ttl_ms=500, cooldown_ms=0)
        ada = f"{HQ}/persons/ada"
        changes = (
            (
                "person_suspended",
                lambda: ok(one.patch(ada, json={"suspended": True})),
            ),
            (None, lambda: ok(one.patch(ada, json={"suspended": False}))),
            ("not_authorised", lambda: one.delete(f"{HQ}/groups/staff/members/ada")),
            (None, lambda: ok(one.put(f"{HQ}/groups/staff/members/ada", json={}))),
            ("door_locked_down", lambda: change(one, "zones/lobby", locked_down=True)),
            (None, lambda: change(one, "zones/lobby", locked_down=False)),
            ("outside_schedule", lambda: change(one, "schedules/office", week=[])),
            ("unknown_person", lambda: one.delete(ada)),
        )
        assert of(two, ADA)["reason"] == "granted"
        for reason, apply in changes:
            apply()
            clock.forward(SECOND)
            for each in (two, one):
                assert of(each, ADA)["reason"] == (reason or "granted"), reason
                clock.forward(SECOND)
