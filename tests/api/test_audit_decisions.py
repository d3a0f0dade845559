"""A decision at a door has a row in the audit, written with it."""

import datetime as dt
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.recognition.bursts import BurstService
from tests.api.doors import ADA, BOB, HQ, STRANGER, change, make_hq, of
from tests.api.support import FakeClock, ok

pytestmark = pytest.mark.both_databases


def rows(client: TestClient, action: str = "door.decision") -> list[dict[str, Any]]:
    """The decisions that the audit has, or its rows of another action, the oldest first."""
    found = ok(client.get("/audit", params={"collection": "hq", "limit": "1000"}))["items"]
    return [each for each in found if each["action"] == action]


def test_a_decision_has_a_row_with_what_it_rests_on(timed: TestClient) -> None:
    make_hq(timed)
    answer, denied = of(timed, ADA), of(timed, BOB)
    granted, other = rows(timed)
    assert granted["object"] == {"kind": "door", "id": "front"}
    assert granted["actor"]["request_id"] == answer["request_id"]
    said = granted["details"]
    assert (said["decision"], said["reason"], said["person"]) == ("granted", "granted", "ada")
    assert (said["event_id"], said["rule"]) == (answer["event_id"], "r")
    assert said["policy_revision"] == answer["policy_revision"]
    match = said["match"]
    assert round(match["similarity"], 4) == answer["match"]["similarity"]
    assert round(match["threshold"], 4) == answer["match"]["threshold"]
    shared = ("fpir", "target_fpir", "gallery_size", "contract_id", "revision")
    assert {name: match[name] for name in shared} == {
        name: answer["match"][name] for name in shared
    }
    assert said["frames"]["last_at"] is not None
    assert other["details"]["reason"] == denied["reason"] == "not_authorised"


def test_the_rate_of_a_claim_is_an_fmr(timed: TestClient) -> None:
    make_hq(timed, mode="verify")
    assert of(timed, ADA, person_id="ada")["decision"] == "granted"
    (row,) = rows(timed)
    match = row["details"]["match"]
    assert match["kind"] == "verify"
    assert match["fmr"] <= match["target_fmr"]
    assert not match.keys() & {"fpir", "target_fpir"}


def test_a_repeat_a_trial_and_an_empty_frame_have_none(timed: TestClient, clock: FakeClock) -> None:
    make_hq(timed)
    of(timed, ADA, dry_run="true")
    assert rows(timed) == []
    first, again = of(timed, ADA), of(timed, ADA)
    assert again["event_id"] == first["event_id"]
    assert len(rows(timed)) == 1
    clock.forward(dt.timedelta(minutes=1))
    of(timed, ADA)
    assert len(rows(timed)) == 2


def test_a_stranger_has_one_row_a_visit_and_no_name(timed: TestClient, clock: FakeClock) -> None:
    make_hq(timed)
    for _ in range(6):
        of(timed, STRANGER)
        clock.forward(dt.timedelta(seconds=1))
    (row,) = rows(timed)
    assert row["details"]["reason"] == "unknown_person"
    assert row["details"]["person"] is None
    assert row["details"]["match"]["similarity"] is None
    assert ok(timed.get(HQ))["id"] == "hq"


@pytest.mark.parametrize(
    ("path", "shut", "reason"),
    [
        ("zones/lobby", {"locked_down": True}, "door_locked_down"),
        ("doors/front", {"enabled": False}, "door_disabled"),
    ],
)
def test_a_door_that_is_shut_while_a_request_runs_denies_and_has_no_row(
    timed: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    shut: dict[str, bool],
    reason: str,
) -> None:
    make_hq(timed)
    identify = BurstService.identify

    def late(*given: Any, **options: Any) -> Any:  # noqa: ANN401 - of the function in its place
        seen = identify(*given, **options)
        change(timed, path, **shut)
        return seen

    monkeypatch.setattr(BurstService, "identify", late)
    answer = of(timed, ADA)
    assert (answer["decision"], answer["reason"]) == ("denied", reason)
    assert (answer["person"], answer["event_id"], answer["valid_until"]) == (None, None, None)
    assert rows(timed) == []
