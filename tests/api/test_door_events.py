"""Decisions at doors and what follows from them are in the feed of events, each once."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import Container, build
from app.settings import Settings
from tests.api.doors import ADA, BOB, HQ, STRANGER, change, make_hq, of
from tests.api.support import FakeClock, ok
from tests.api.test_events import events
from tests.support.client import client_of
from tests.support.devices.base import Device
from tests.support.devices.makers import NodeRed

pytestmark = pytest.mark.both_databases

CARD = "77213"
FRONT = "/kith/collections/hq/doors/front"


def at_doors(client: TestClient, kind: str = "door.decision") -> list[dict[str, Any]]:
    """The events of this type, the oldest first."""
    return [each for each in events(client) if each["type"] == kind]


def test_a_grant_is_an_event_with_the_id_of_its_answer(timed: TestClient) -> None:
    make_hq(timed)
    ok(timed.patch(f"{HQ}/persons/ada", json={"external_id": "E-4711", "name": "Ada Lovelace"}))
    answer = of(timed, ADA)
    (event,) = at_doors(timed)
    assert (event["id"], event["source"], event["subject"]) == (answer["event_id"], FRONT, "front")
    assert event["sequence"] == "000000000001"
    assert event["time"] == answer["decided_at"]
    assert event["expirytime"] == answer["valid_until"]
    said = event["data"]
    same = (
        "collection_id",
        "door_id",
        "mode",
        "authority",
        "dry_run",
        "decision",
        "reason",
        "valid_until",
        "blocked_until",
        "match",
        "liveness",
        "factors",
        "rule",
        "policy_revision",
        "request_id",
    )
    assert {name: said[name] for name in same} == {name: answer[name] for name in same}
    assert said["person"] == {"id": "ada"}
    assert said["frames"] == {k: v for k, v in answer["frames"].items() if k != "needed"}
    assert said["direction"] == "in"
    row = ok(timed.get("/audit?collection=hq&limit=1000"))["items"][-1]
    assert (row["seq"], row["action"]) == (said["audit_seq"], "door.decision")
    assert not any(word in json.dumps(event) for word in ("E-4711", "Lovelace"))


def test_a_denial_names_whom_the_policy_names_and_never_expires(timed: TestClient) -> None:
    make_hq(timed)
    answers = [of(timed, BOB), *(of(timed, STRANGER) for _ in range(2))]
    (event,) = at_doors(timed)
    assert (event["id"], event["data"]["reason"]) == (answers[0]["event_id"], "not_authorised")
    assert event["data"]["person"] == {"id": "bob"}
    assert "expirytime" not in event


def test_trials_and_repeats_of_a_grant_have_no_event(timed: TestClient, clock: FakeClock) -> None:
    make_hq(timed)
    of(timed, ADA, dry_run="true")
    of(timed, ADA, 1)
    first, again = of(timed, ADA), of(timed, ADA)
    clock.forward(dt.timedelta(minutes=1))
    later = of(timed, ADA)
    assert (again["suppressed"], again["event_id"]) == (True, first["event_id"])
    found = at_doors(timed)
    assert [each["id"] for each in found] == [first["event_id"], later["event_id"]]
    assert [each["sequence"][-2:] for each in found] == ["01", "02"]


def test_somebody_who_stays_denied_is_one_event_a_visit(
    timed: TestClient, clock: FakeClock
) -> None:
    make_hq(timed)
    ok(timed.patch(f"{HQ}/persons/ada", json={"suspended": True}))
    answers = []
    for seconds in (1, 20, 1, 40, 1):
        answers.append((of(timed, ADA), of(timed, BOB)))
        clock.forward(dt.timedelta(seconds=seconds))
    suppressed = [first["suppressed"] for first, _ in answers]
    assert suppressed == [False, True, True, True, False]
    assert suppressed == [other["suppressed"] for _, other in answers]
    assert {first["event_id"] for first, _ in answers[:4]} == {answers[0][0]["event_id"]}
    reasons = [each["data"]["reason"] for each in at_doors(timed)]
    assert reasons == ["person_suspended", "not_authorised"] * 2


def test_a_camera_without_a_card_is_one_event_and_each_wrong_card_is_one(
    timed: TestClient, clock: FakeClock
) -> None:
    make_hq(timed, mode="verify")
    for _ in range(4):
        assert of(timed, ADA)["reason"] == "factor_required"
        clock.forward(dt.timedelta(seconds=1))
    for _ in range(2):
        assert of(timed, ADA, person_id="bob")["reason"] == "factor_mismatch"
    granted = of(timed, ADA, person_id="ada")
    found = [each["data"] for each in at_doors(timed)]
    reasons = ["factor_required", "factor_mismatch", "factor_mismatch", "granted"]
    assert [each["reason"] for each in found] == reasons
    assert [each["person"] for each in found] == [None, None, None, {"id": "ada"}]
    assert found[-1]["factors"] == granted["factors"] == ["face", "person_id"]
    assert found[-1]["match"]["kind"] == "verify"


def test_strangers_are_one_event_a_visit_and_no_candidate(
    timed: TestClient, clock: FakeClock
) -> None:
    make_hq(timed)
    answers = []
    for _ in range(6):
        answers.append(of(timed, STRANGER))
        clock.forward(dt.timedelta(seconds=1))
    (event,) = at_doors(timed)
    assert event["id"] == answers[-1]["event_id"]
    assert event["data"]["reason"] == "unknown_person"
    assert (event["data"]["person"], event["data"]["match"], event["data"]["factors"]) == (
        None,
        None,
        [],
    )


class TestActions:
    """An action that is over has an event, with the id of the decision that it follows from."""

    @pytest.fixture
    def service(self, settings: Settings, clock: FakeClock) -> Container:
        return build(settings.model_copy(update={"egress_allow": "127.0.0.1"}), clock)

    @pytest.fixture
    def client(self, service: Container) -> Iterator[TestClient]:
        with client_of(service) as client:
            make_hq(client)
            credentials = [{"system": "acs", "type": "card", "value": CARD}]
            ok(client.patch(f"{HQ}/persons/ada", json={"credentials": credentials}))
            yield client

    @pytest.fixture
    def device(self) -> Iterator[Device]:
        with NodeRed().running() as device:
            yield device

    def test_what_became_of_each_is_an_event(
        self, client: TestClient, service: Container, device: Device
    ) -> None:
        url = f"{device.origin}/kith/granted"
        action = {"kind": "http", "url": url, "auth": {"kind": "none"}, "timeout_ms": 10_000}
        ok(client.put(f"{HQ}/doors/front/actions/refused", json=action))
        unfit = action | {"body": '["{{person.credentials.gone.card}}", "{{credential.acs}}"]'}
        ok(client.put(f"{HQ}/doors/front/actions/unfit", json=unfit))
        granted, denied = of(client, ADA), of(client, BOB)
        service.services.sender.stop()
        found = events(client)
        assert [each["id"] for each in found if each["type"] == "door.decision"] == [
            granted["event_id"],
            denied["event_id"],
        ]
        over = {each["data"]["action_id"]: each for each in found if each["type"] == "door.action"}
        assert {name: each["data"]["outcome"] for name, each in over.items()} == {
            "refused": "refused",
            "unfit": "unfit",
        }
        assert over["refused"]["data"]["status"] == 401
        for each in over.values():
            assert each["data"]["decision_event_id"] == granted["event_id"]
            assert each["source"] == FRONT
        numbers = sorted(each["sequence"] for each in found if each["source"] == FRONT)
        assert numbers == [f"{number:012}" for number in range(1, 5)]
        assert CARD not in json.dumps(found)


def test_a_locked_door_has_no_event_of_a_decision(timed: TestClient) -> None:
    make_hq(timed)
    change(timed, "doors/front", locked_down=True)
    assert of(timed, ADA)["event_id"] is None
    assert [each["type"] for each in events(timed)][-1] == "door.lockdown"
    assert at_doors(timed) == []
