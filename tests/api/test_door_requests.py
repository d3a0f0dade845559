"""Requests at a door that are odd: an error that says what to do, or a denial; never a grant."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from app.bootstrap import build
from app.settings import Settings
from tests.api.doors import ADA, HQ, STRANGER, change, door_key, frames, make_hq, of, outcome, post
from tests.api.doors import decision as decided
from tests.api.support import FakeClock, files, made, make_collection, ok, problem, wrong_fields
from tests.support.client import client_of
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY

NOW = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)
ROUTE = "/doors/front/decisions"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, fake_bundle: Path) -> Iterator[TestClient]:
    """One service, with a door in mode decide, for all that remembers nothing."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("door"), model=fake_bundle, admin_key=ADMIN_KEY
    )
    with client_of(build(settings, FakeClock())) as client:
        make_hq(client)
        make_hq_of_another(client)
        yield client


def make_hq_of_another(client: TestClient) -> None:
    """A second collection with a door of the same id."""
    path = make_collection(client, "annex")
    made(client.post(f"{path}/doors", json={"id": "side"}))


def times(*seconds: float) -> list[str]:
    return [(NOW + dt.timedelta(seconds=each)).isoformat() for each in seconds]


@pytest.mark.parametrize("count", [1, 2])
def test_with_too_few_frames_the_reason_says_so(door: TestClient, count: int) -> None:
    answer = of(door, ADA, count, dry_run="true")
    assert outcome(answer) == ("denied", "too_few_frames", None)
    assert "needs 3" in answer["detail"]
    same = decided(door, *[picture(ADA, 20)] * 3, dry_run="true")
    assert (same["reason"], same["frames"]["received"]) == ("too_few_frames", 3)
    assert "3 frames came, of which 1 can be used" in same["detail"]


def test_one_picture_in_several_files_is_one_frame(door: TestClient) -> None:
    (image,) = frames(ADA)
    others = [image + b"x" * more for more in (1, 2)]
    assert outcome(decided(door, image, *others)) == ("denied", "too_few_frames", None)
    for more in (image, *others):
        assert decided(door, more, session="one")["need"] == 2


@pytest.mark.parametrize(
    ("captured", "reason"),
    [
        (times(-0.5, -0.3, -0.1), "granted"),
        (times(-2, -1, 0), "granted"),
        (times(-9, -8, -7), "stale_frames"),
        (times(-9, -1, 0), "stale_frames"),
        (times(0, 0.5, 1), "granted"),
        (times(0, 0.5, 1.5), "stale_frames"),
        (times(3600, 3601, 3602), "stale_frames"),
        (["2026-05-04T14:00:00+02:00"] * 3, "granted"),
    ],
)
def test_frames_of_another_time_are_not_used(
    door: TestClient, captured: list[str], reason: str
) -> None:
    answer = of(door, ADA, captured_at=captured, dry_run="true")
    assert answer["reason"] == reason


@pytest.mark.parametrize(
    "captured",
    [
        times(0),
        times(0, 0, 0, 0),
        ["2026-05-04T12:00:00", *times(0, 0)],
        ["yesterday", *times(0, 0)],
        ["", *times(0, 0)],
        ["1777896000", *times(0, 0)],
        times(*[0] * 9),
    ],
)
def test_times_that_do_not_fit_the_frames_are_refused(
    door: TestClient, captured: list[str]
) -> None:
    (field,) = wrong_fields(post(door, *frames(ADA, ADA, ADA), captured_at=captured))
    assert field.startswith("captured_at")


def test_one_to_eight_images(door: TestClient) -> None:
    assert wrong_fields(post(door, *frames(*[ADA] * 9))) == ["images"]
    assert wrong_fields(door.post(ROUTE, json={"images": []})) == ["images"]
    assert wrong_fields(door.post(ROUTE, json={})) == ["images"]
    answer = post(door, b"no image at all", *frames(ADA, ADA))
    (error,) = problem(answer, 415, "unsupported_image")["errors"]
    assert error["field"] == "images[0]"
    eight = of(door, ADA, 8, dry_run="true")
    assert (eight["reason"], eight["frames"]["used"]) == ("granted", 8)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"session": ""}, "session"),
        ({"session": "x" * 65}, "session"),
        ({"person_id": "ada"}, "person_id"),
        ({"credential": json.dumps({"system": "acs", "type": "card", "value": "1"})}, "credential"),
        ({"credential": "4711"}, "credential"),
        ({"credential": json.dumps({"system": "acs"})}, "credential.type"),
        ({"dry_run": "maybe"}, "dry_run"),
        ({"min_similarity": "0.1"}, "min_similarity"),
    ],
)
def test_odd_fields_are_refused(door: TestClient, fields: dict[str, str], named: str) -> None:
    images = files(*frames(ADA, ADA, ADA))
    assert named in wrong_fields(door.post(ROUTE, files=images, data=fields))


def test_an_unknown_door_and_one_of_another_key(door: TestClient) -> None:
    images = files(*frames(ADA, ADA, ADA))
    key = door_key(door)
    for headers in (None, key):
        answer = door.post("/doors/back/decisions", files=images, headers=headers)
        problem(answer, 404, "not_found")
    problem(door.post("/doors/side/decisions", files=images, headers=key), 404, "not_found")
    problem(door.post("/doors/nowhere/decisions", content=b"x"), 404, "not_found")


def test_a_door_of_two_collections_is_not_guessed(timed: TestClient) -> None:
    make_hq(timed)
    key = door_key(timed)
    made(timed.post(f"{make_collection(timed, 'annex')}/doors", json={"id": "front"}))
    answer = post(timed, *frames(ADA, ADA, ADA))
    assert "2 collections" in problem(answer, 409, "conflict")["detail"]
    assert outcome(of(timed, ADA, key=key)) == ("granted", "granted", "ada")


def test_frames_of_a_session_come_one_at_a_time(timed: TestClient, clock: FakeClock) -> None:
    make_hq(timed)
    shots = frames(*[ADA] * 6)
    for place, need in ((0, 2), (0, 2), (1, 1)):
        answer = decided(timed, shots[place], session="visit-1")
        assert (answer["decision"], answer["reason"], answer["need"]) == ("pending", None, need)
        assert answer["event_id"] is None
    other = decided(timed, shots[2], session="visit-2")
    assert (other["decision"], other["need"]) == ("pending", 2)
    last = decided(timed, shots[2], session="visit-1")
    assert outcome(last) == ("granted", "granted", "ada")
    assert (last["need"], last["frames"]["received"], last["frames"]["used"]) == (0, 4, 3)
    assert decided(timed, shots[3], session="visit-1")["decision"] == "pending"
    clock.forward(dt.timedelta(seconds=4))
    late = decided(timed, shots[4], session="visit-1")
    assert (late["need"], late["frames"]["received"]) == (2, 1)


def test_a_frame_that_has_become_stale_in_a_session_does_not_count(
    timed: TestClient, clock: FakeClock
) -> None:
    make_hq(timed)
    shots = frames(*[ADA] * 4)
    assert decided(timed, shots[0], session="slow")["need"] == 2
    clock.forward(dt.timedelta(seconds=2.5))
    assert decided(timed, shots[1], session="slow")["need"] == 2
    assert decided(timed, shots[2], session="slow")["need"] == 1
    assert decided(timed, shots[3], session="slow")["decision"] == "granted"


def test_a_trial_takes_no_frames_of_a_session(timed: TestClient) -> None:
    make_hq(timed)
    shots = frames(*[ADA] * 3)
    for shot in shots[:2]:
        decided(timed, shot, session="visit")
    assert decided(timed, shots[2], session="visit", dry_run="true")["need"] == 2
    assert decided(timed, shots[2], session="visit")["decision"] == "granted"


def test_a_session_is_of_one_key(timed: TestClient) -> None:
    make_hq(timed)
    shots = frames(ADA, ADA, ADA)
    for shot in shots[:2]:
        decided(timed, shot, session="a")
    assert decided(timed, shots[2], session="a", key=door_key(timed))["need"] == 2


def test_stale_frames_of_a_session_are_said_to_be(timed: TestClient) -> None:
    make_hq(timed)
    answer = decided(timed, *frames(ADA), session="a", captured_at=times(-60))
    assert outcome(answer) == ("denied", "stale_frames", None)


def test_frames_that_span_too_short_a_time(timed: TestClient) -> None:
    make_hq(timed, frames={"min_span_ms": 500})
    short = of(timed, ADA, captured_at=times(-0.3, -0.1, 0))
    assert (short["reason"], short["frames"]["span_ms"]) == ("too_few_frames", 300)
    assert of(timed, ADA, captured_at=times(-0.5, -0.1, 0))["reason"] == "granted"


def test_one_frame_is_enough_where_the_door_says_so(timed: TestClient) -> None:
    make_hq(timed, frames={"min_used": 1})
    assert outcome(of(timed, ADA, 1)) == ("granted", "granted", "ada")
    assert outcome(of(timed, STRANGER, 1)) == ("denied", "unknown_person", None)


def test_a_card_finds_its_owner(timed: TestClient) -> None:
    make_hq(timed, mode="verify")
    card = {"system": "acs", "type": "card", "value": "4711"}
    ok(timed.patch(f"{HQ}/persons/ada", json={"credentials": [card]}))
    answer = of(timed, ADA, credential=json.dumps(card))
    assert outcome(answer) == ("granted", "granted", "ada")
    assert answer["factors"] == ["face", "card"]
    for wrong in ({"value": "4712"}, {"system": "2n"}, {"type": "user_id"}):
        other = of(timed, ADA, credential=json.dumps(card | wrong))
        assert outcome(other) == ("denied", "factor_mismatch", None)
    assert outcome(of(timed, STRANGER, credential=json.dumps(card)))[1] == "factor_mismatch"
    change(timed, "doors/front", mode="decide")
    refused = post(timed, *frames(ADA, ADA, ADA), credential=json.dumps(card))
    assert "4711" not in problem(refused, 422, "invalid_request")["detail"]


_PARTS = st.fixed_dictionaries(
    {},
    optional={
        "captured_at": st.one_of(
            st.none(),
            st.lists(st.one_of(st.text(max_size=30), st.datetimes().map(str)), max_size=9),
        ),
        "session": st.one_of(st.none(), st.text(max_size=70), st.integers()),
        "person_id": st.one_of(st.none(), st.text(max_size=70), st.just("ada")),
        "credential": st.one_of(st.none(), st.dictionaries(st.text(max_size=6), st.text())),
        "dry_run": st.one_of(st.booleans(), st.none(), st.text(max_size=5)),
        "images": st.one_of(
            st.none(),
            st.lists(st.fixed_dictionaries({"base64": st.text(max_size=40)}), max_size=9),
            st.lists(st.none(), max_size=3),
        ),
        "door": st.text(max_size=3),
    },
)


@examples(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(body=_PARTS)
def test_no_odd_body_opens_a_door(door: TestClient, body: dict[str, Any]) -> None:
    answer: httpx.Response = door.post(ROUTE, json=body)
    assert 400 <= answer.status_code < 500, answer.text
