"""A person is named from ``valid_from`` until ``valid_until``, and never outside."""

import datetime as dt
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.support import (
    FakeClock,
    enrol,
    files,
    identify,
    make_collection,
    only_face,
    told,
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


def verified(client: TestClient, collection: str) -> dict[str, Any]:
    image = files(picture(1, 9), field="image")
    return told(client.post(f"{collection}/persons/ada/verify", files=image))


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
    told(timed.patch(f"{visitors}/persons/ada", json={"valid_from": None}))
    assert only_face(identify(timed, visitors, 1))["person_id"] == "ada"
    told(timed.patch(f"{visitors}/persons/ada", json={"valid_until": "2026-05-04T12:00:00Z"}))
    assert only_face(identify(timed, visitors, 1))["decision"] == "unknown"


def test_many_invalid_neighbours_hide_nobody_who_is_valid(timed: TestClient) -> None:
    # Thirteen who are one and the same can be told apart at no stricter rate than this.
    path = make_collection(timed, "crowd", target_fpir=0.5)
    for i in range(12):
        enrol(timed, path, f"gone-{i}", picture(1, i + 1), valid_until="2026-01-01T00:00:00Z")
    enrol(timed, path, "ada", picture(1))
    face = only_face(identify(timed, path, 1, 99, max_candidates=1))
    assert [each["person_id"] for each in face["candidates"]] == ["ada"]
    assert face["person_id"] == "ada"
