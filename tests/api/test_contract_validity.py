"""A person is named from ``valid_from`` until ``valid_until``, and never outside."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.support import (
    FakeClock,
    enrol,
    files,
    identify,
    made,
    make_collection,
    ok,
    only_face,
)
from tests.support.pictures import picture

pytestmark = pytest.mark.both_databases

FROM, UNTIL = "2026-05-04T13:00:00Z", "2026-05-04T14:00:00Z"


@pytest.fixture
def visitors(timed: TestClient) -> str:
    """Ada, who is valid from one hour after the clock's start and for one hour."""
    path = make_collection(timed, "visitors")
    enrol(timed, path, "ada", picture(1), valid_from=FROM, valid_until=UNTIL)
    enrol(timed, path, "bob", picture(2))
    return path


def verified(client: TestClient, collection: str, somebody: int = 1) -> dict[str, Any]:
    image = files(picture(somebody, 9), field="image")
    return ok(client.post(f"{collection}/persons/ada/verify", files=image))


@pytest.mark.parametrize(
    ("minutes", "named"),
    [(0, False), (59.9999, False), (60, True), (119.9999, True), (120, False), (9999, False)],
)
def test_somebody_is_named_within_their_window_alone(
    timed: TestClient, clock: FakeClock, visitors: str, minutes: float, named: bool
) -> None:
    clock.forward(dt.timedelta(minutes=minutes))
    face = only_face(identify(timed, visitors, 1))
    assert (face["person_id"] == "ada") is named
    assert ("ada" in {each["person_id"] for each in face["candidates"]}) is named
    assert face["decision"] == ("identified" if named else "unknown")
    assert only_face(identify(timed, visitors, 2))["person_id"] == "bob"


def test_somebody_outside_their_window_is_not_verified(
    timed: TestClient, clock: FakeClock, visitors: str
) -> None:
    body = verified(timed, visitors)
    assert (body["decision"], body["reasons"]) == ("rejected", ["person_not_valid"])
    assert (body["similarity"], body["fmr"]) == (None, None)
    clock.forward(dt.timedelta(hours=1))
    assert (verified(timed, visitors)["decision"], body["threshold"]) == (
        "match",
        body["threshold"],
    )
    clock.forward(dt.timedelta(hours=1))
    assert verified(timed, visitors)["reasons"] == ["person_not_valid"]


def test_a_window_that_is_opened_by_a_patch_holds_at_once(timed: TestClient, visitors: str) -> None:
    assert only_face(identify(timed, visitors, 1))["decision"] == "unknown"
    ok(timed.patch(f"{visitors}/persons/ada", json={"valid_from": None}))
    assert only_face(identify(timed, visitors, 1))["person_id"] == "ada"
    ok(timed.patch(f"{visitors}/persons/ada", json={"valid_until": "2026-05-04T12:00:00Z"}))
    assert only_face(identify(timed, visitors, 1))["decision"] == "unknown"


def test_many_invalid_neighbours_hide_nobody_who_is_valid(timed: TestClient) -> None:
    # Thirteen who are one and the same can be separated at no stricter rate than this.
    path = make_collection(timed, "crowd", target_fpir=0.5)
    for i in range(12):
        enrol(timed, path, f"gone-{i}", picture(1, i + 1), valid_until="2026-01-01T00:00:00Z")
    enrol(timed, path, "ada", picture(1))
    face = only_face(identify(timed, path, 1, 99, max_candidates=1))
    assert [each["person_id"] for each in face["candidates"]] == ["ada"]
    assert face["person_id"] == "ada"


ADA = {
    "person_id": "ada",
    "external_id": "badge-7",
    "name": "Ada",
    "valid_from": FROM,
    "valid_until": UNTIL,
}
"""The part about Ada, outside her window, of an answer to a key that may read."""


@pytest.fixture
def guests(timed: TestClient) -> str:
    """Ada as above, with a name; and Bob, who is valid always."""
    path = make_collection(timed, "guests")
    named = {"name": "Ada", "external_id": "badge-7", "valid_from": FROM, "valid_until": UNTIL}
    enrol(timed, path, "ada", picture(1), **named)
    enrol(timed, path, "bob", picture(2))
    return path


@contextmanager
def asked_with(client: TestClient, *scopes: str) -> Iterator[None]:
    """The client presents a new key of these scopes."""
    key = made(client.post("/keys", json={"scopes": scopes}))["key"]
    before = client.headers["authorization"]
    client.headers["authorization"] = f"Bearer {key}"
    yield
    client.headers["authorization"] = before


def without_timing(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in answer.items() if name not in ("request_id", "timings_ms")}


@pytest.mark.parametrize("minutes", [0, 120])
def test_a_key_that_may_read_learns_who_would_be_named_if_they_were_valid(
    timed: TestClient, clock: FakeClock, guests: str, minutes: int
) -> None:
    clock.forward(dt.timedelta(minutes=minutes))
    stranger = identify(timed, guests, 50)
    answer = identify(timed, guests, 1)
    face = only_face(answer)
    assert (face["decision"], face["person_id"]) == ("unknown", None)
    assert (face["reasons"], face["not_valid"]) == (["person_not_valid"], [ADA])
    assert "ada" not in {each["person_id"] for each in face["candidates"]}
    assert answer["policy"] == stranger["policy"]
    assert answer["policy"]["gallery_size"] == 1
    assert (only_face(stranger)["reasons"], only_face(stranger)["not_valid"]) == ([], [])
    bob = only_face(identify(timed, guests, 2))
    assert (bob["person_id"], bob["reasons"], bob["not_valid"]) == ("bob", [], [])
    with asked_with(timed, "identify", "read"):
        assert only_face(identify(timed, guests, 1))["not_valid"] == [ADA]


@pytest.mark.parametrize("scopes", [["identify"], ["identify", "enroll"]])
def test_a_key_that_may_not_read_learns_nothing_of_who_is_not_valid(
    timed: TestClient, guests: str, scopes: list[str]
) -> None:
    with asked_with(timed, *scopes):
        answer = identify(timed, guests, 1)
    said = str(answer["faces"])  # the request's id is random, and may well have "ada" in it
    assert "ada" not in said.lower()
    assert "badge-7" not in said
    assert timed.delete(f"{guests}/persons/ada").status_code == 204
    with asked_with(timed, *scopes):
        gone = identify(timed, guests, 1)
    differ = {"revision", "policy", "faces"}
    assert {name for name, each in without_timing(answer).items() if gone[name] != each} <= differ
    face, without = only_face(answer), only_face(gone)
    shown = ("decision", "reasons", "not_valid")
    assert [face[each] for each in shown] == ["unknown", [], []]
    assert [without[each] for each in shown] == ["unknown", [], []]
    assert face["candidates"] == without["candidates"] == []


def test_a_verification_says_why_to_those_who_may_read_and_to_others_only_that_it_is_no_match(
    timed: TestClient, clock: FakeClock, guests: str
) -> None:
    body = verified(timed, guests)
    assert (body["decision"], body["reasons"]) == ("rejected", ["person_not_valid"])
    assert body["not_valid"] == [ADA]
    with asked_with(timed, "identify"):
        body = verified(timed, guests)
        other = verified(timed, guests, somebody=50)
        clock.forward(dt.timedelta(hours=1))
        assert verified(timed, guests)["decision"] == "match"
    assert (body["decision"], body["reasons"], body["not_valid"]) == ("no_match", [], [])
    assert (body["similarity"], body["fmr"]) == (None, None)
    assert {name for name in body if body[name] != other[name]} <= {"request_id", "face"}


def test_a_face_refused_for_another_reason_is_not_said_to_be_not_valid(
    timed: TestClient, guests: str
) -> None:
    """By a stricter question, by a report that it was not her, or because she was removed."""
    assert only_face(identify(timed, guests, 1, min_similarity=1))["reasons"] == []
    assert only_face(identify(timed, guests, 1))["reasons"] == ["person_not_valid"]
    form = {"person_id": "ada", "verdict": "not_them"}
    made(timed.post(f"{guests}/feedback", data=form, files=files(picture(1, 9), field="image")))
    face = only_face(identify(timed, guests, 1))
    assert (face["decision"], face["reasons"], face["not_valid"]) == ("unknown", [], [])
    assert timed.delete(f"{guests}/persons/ada").status_code == 204
    face = only_face(identify(timed, guests, 1, 8))
    assert (face["decision"], face["reasons"], face["not_valid"]) == ("unknown", [], [])


def test_who_is_valid_is_named_next_to_somebody_like_them_who_is_not(
    timed: TestClient, guests: str
) -> None:
    enrol(timed, guests, "ada-again", picture(1, 1))
    face = only_face(identify(timed, guests, 1))
    assert (face["decision"], face["person_id"]) == ("identified", "ada-again")
    assert (face["reasons"], face["not_valid"]) == ([], [])


def test_of_many_who_are_not_valid_the_nearest_are_reported(timed: TestClient) -> None:
    path = make_collection(timed, "crowd", target_fpir=0.5)
    for i in range(8):
        enrol(timed, path, f"gone-{i}", picture(1, i + 1), valid_until="2026-01-01T00:00:00Z")
    answer = identify(timed, path, 1, 3)
    face = only_face(answer)
    assert (face["decision"], face["person_id"], face["candidates"]) == ("unknown", None, [])
    assert face["reasons"] == ["person_not_valid"]
    assert len(face["not_valid"]) == 5
    assert face["not_valid"][0]["person_id"] == "gone-2"
    assert answer["policy"]["gallery_size"] == 0


def test_an_unknown_face_that_is_of_somebody_not_valid_is_still_kept_as_unknown(
    timed: TestClient, guests: str
) -> None:
    ok(timed.patch(guests, json={"keep_probes": 5}))
    face = only_face(identify(timed, guests, 1))
    assert face["reasons"] == ["person_not_valid"]
    assert face["probe_id"]
