"""``POST /v1/doors/{door}/decisions``: the answer of a door in each mode."""

import pytest
from fastapi.testclient import TestClient

from tests.api.doors import ADA, BOB, HQ, STRANGER, change, door_key, frames, make_hq, of, outcome
from tests.api.doors import decision as decided
from tests.api.support import ok

pytestmark = pytest.mark.both_databases


def test_a_grant_has_a_rule_an_end_and_an_event(timed: TestClient) -> None:
    make_hq(timed)
    answer = of(timed, ADA)
    assert outcome(answer) == ("granted", "granted", "ada")
    assert (answer["mode"], answer["authority"]) == ("decide", "kith")
    assert answer["rule"] == {"id": "r", "schedule_id": "office"}
    assert answer["valid_until"] == "2026-05-04T12:00:05Z"
    assert answer["event_id"].startswith("evt-")
    assert (answer["suppressed"], answer["dry_run"], answer["need"]) == (False, False, 0)
    assert answer["factors"] == ["face"]
    assert answer["liveness"] == {"policy": "off", "state": "not_checked"}
    revision = ok(timed.get(f"{HQ}/doors/front"))["revision"]
    assert answer["policy_revision"] >= revision
    seen = answer["frames"]
    assert (seen["received"], seen["used"], seen["needed"], seen["agreeing"]) == (3, 3, 3, 3)
    assert (seen["span_ms"], seen["age_ms"]) == (0, 0)
    assert answer["match"]["kind"] == "identify"
    assert answer["match"]["similarity"] >= answer["match"]["threshold"]
    assert answer["match"]["fpir"] <= answer["match"]["target_fpir"]
    assert answer["match"]["gallery_size"] == 2


def test_who_is_not_of_the_group_and_who_is_nobody(timed: TestClient) -> None:
    make_hq(timed)
    assert outcome(of(timed, BOB)) == ("denied", "not_authorised", "bob")
    stranger = of(timed, STRANGER)
    assert outcome(stranger) == ("denied", "unknown_person", None)
    assert stranger["match"] is None
    assert stranger["valid_until"] is None


def test_where_the_acs_decides_no_rule_is_needed(timed: TestClient) -> None:
    make_hq(timed, mode="advise")
    answer = of(timed, BOB)
    assert outcome(answer) == ("granted", "granted", "bob")
    assert (answer["authority"], answer["rule"]) == ("acs", None)
    ok(timed.patch(f"{HQ}/persons/bob", json={"suspended": True}))
    assert outcome(of(timed, BOB)) == ("denied", "person_suspended", "bob")


def test_a_claim_is_held_against_one_person_alone(timed: TestClient) -> None:
    make_hq(timed, mode="verify")
    assert outcome(of(timed, ADA)) == ("denied", "factor_required", None)
    answer = of(timed, ADA, person_id="ada")
    assert outcome(answer) == ("granted", "granted", "ada")
    assert answer["factors"] == ["face", "person_id"]
    assert answer["match"]["kind"] == "verify"
    assert answer["match"]["fpir"] is None
    for claim in ("bob", "nobody"):
        other = of(timed, ADA, person_id=claim)
        assert outcome(other) == ("denied", "factor_mismatch", None)
        assert other["match"] is None


def test_a_key_of_a_door_gets_the_decision_and_no_number_about_anybody(timed: TestClient) -> None:
    make_hq(timed)
    key = door_key(timed)
    answer = of(timed, ADA, key=key)
    assert outcome(answer) == ("granted", "granted", "ada")
    assert answer["match"] is None
    assert of(timed, STRANGER, key=key)["frames"]["agreeing"] == 0


def test_a_dry_run_remembers_nothing_and_holds_for_no_lock(timed: TestClient) -> None:
    make_hq(timed)
    tried = of(timed, ADA, dry_run="true")
    assert outcome(tried) == ("granted", "granted", "ada")
    assert (tried["dry_run"], tried["valid_until"], tried["event_id"]) == (True, None, None)
    first = of(timed, ADA)
    assert (first["suppressed"], first["dry_run"]) == (False, False)


def test_what_is_shut_looks_at_no_face(timed: TestClient) -> None:
    make_hq(timed, enabled=False)
    assert outcome(of(timed, ADA)) == ("denied", "door_disabled", None)
    change(timed, "doors/front", enabled=True)
    change(timed, "zones/lobby", locked_down=True)
    answer = of(timed, ADA)
    assert outcome(answer) == ("denied", "door_locked_down", None)
    assert answer["frames"]["used"] == 0
    change(timed, "zones/lobby", locked_down=False)
    assert outcome(of(timed, ADA)) == ("granted", "granted", "ada")


def test_out_of_hours_the_rule_is_named_that_would_grant(timed: TestClient) -> None:
    make_hq(timed)
    change(timed, "schedules/office", week=[])
    answer = of(timed, ADA)
    assert outcome(answer) == ("denied", "outside_schedule", "ada")
    assert answer["rule"] == {"id": "r", "schedule_id": "office"}


def test_one_lucky_frame_opens_nothing(timed: TestClient) -> None:
    make_hq(timed)
    mixed = decided(timed, *frames(ADA, STRANGER, STRANGER, STRANGER))
    assert mixed["decision"] == "denied"
    assert mixed["person"] is None
