"""A door that reveals cards says the value in the answer of a grant, and it is nowhere else."""

import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.agent.service import Decided
from app.bootstrap import Container, build
from app.cli.door import _Lines
from app.core.db import Base
from app.settings import Settings
from tests.api.doors import ADA, BOB, HQ, STRANGER, change, door_key, make_hq, of, outcome
from tests.api.support import FakeClock, made, ok, wrong_fields
from tests.support.client import client_of

CARD, USER = "MARK-4711-0815", "MARK-USER-77"
CREDENTIALS = [
    {"system": "acs", "type": "card", "format": "WIEGAND26", "value": CARD},
    {"system": "2n", "type": "user_id", "value": USER},
]
REVEALED = [CREDENTIALS[0]]
KEPT_IN = "credentials"
"""The one table that holds values."""


@pytest.fixture
def service(settings: Settings) -> Container:
    return build(settings.model_copy(update={"log_level": "DEBUG"}), FakeClock())


@pytest.fixture
def door(service: Container) -> Iterator[TestClient]:
    with client_of(service) as client:
        make_hq(client, reveal=["card"])
        ok(client.patch(f"{HQ}/persons/ada", json={"credentials": CREDENTIALS}))
        yield client


def test_a_grant_has_the_values_of_the_types_that_the_door_reveals(door: TestClient) -> None:
    camera = door_key(door)
    for _ in range(2):  # the second repeats the grant
        answer = of(door, ADA, key=camera)
        assert outcome(answer) == ("granted", "granted", "ada")
        assert answer["person"]["credentials"] == REVEALED
    assert answer["suppressed"]
    change(door, "doors/front", reveal=["user_id", "card", "card"])
    again = of(door, ADA, key=camera)
    assert [each["value"] for each in again["person"]["credentials"]] == [CARD, USER]
    change(door, "doors/front", reveal=[])
    assert of(door, ADA, key=camera)["person"]["credentials"] == []


def test_at_a_door_in_mode_verify_too(door: TestClient) -> None:
    change(door, "doors/front", mode="verify")
    granted = of(door, ADA, person_id="ada")
    assert granted["person"]["credentials"] == REVEALED
    claim = json.dumps({name: CREDENTIALS[1][name] for name in ("system", "type", "value")})
    assert of(door, ADA, credential=claim)["person"]["credentials"] == REVEALED
    refused = of(door, BOB, credential=claim)
    assert outcome(refused) == ("denied", "factor_mismatch", None)
    assert CARD not in json.dumps(refused)


def test_no_denial_and_no_trial_has_a_value(door: TestClient) -> None:
    trial = of(door, ADA, dry_run="true")
    assert outcome(trial) == ("granted", "granted", "ada")
    change(door, "doors/front", reveal=["card", "user_id"])
    answers = [trial, of(door, BOB), of(door, STRANGER)]
    ok(door.patch(f"{HQ}/persons/ada", json={"suspended": True}))
    answers.append(of(door, ADA))
    assert outcome(answers[-1]) == ("denied", "person_suspended", "ada")
    ok(door.patch(f"{HQ}/persons/ada", json={"suspended": False}))
    change(door, "zones/lobby", locked_down=True)
    answers.append(of(door, ADA))
    assert {each["decision"] for each in answers[1:]} == {"denied"}
    assert [each for each in answers if each["person"] and each["person"]["credentials"]] == []
    assert not [each for each in answers if CARD in json.dumps(each) or USER in json.dumps(each)]


def test_a_value_that_was_revealed_is_written_down_nowhere(
    door: TestClient, service: Container, capsys: pytest.CaptureFixture[str]
) -> None:
    once = {"Idempotency-Key": "k", **door_key(door)}
    for _ in range(2):
        assert of(door, ADA, key=once)["person"]["credentials"] == REVEALED
    ok(door.patch(f"{HQ}/persons/ada", json={"name": "Ada"}))
    for path in (
        *("/audit", "/events", f"{HQ}/persons", f"{HQ}/persons/ada", f"{HQ}/doors"),
        *(f"{HQ}/doors/front", f"{HQ}/groups/staff/members", "http://kith/metrics"),
    ):
        answer = door.get(path)
        assert answer.is_success, answer.text
        assert CARD not in answer.text
    assert "door.decision" in door.get("/audit").text
    logged = capsys.readouterr()
    assert "door.decision" in logged.err
    assert CARD not in logged.err + logged.out
    kept = {name: rows for name, rows in tables(service).items() if CARD in rows}
    assert list(kept) == [KEPT_IN]


def tables(service: Container) -> dict[str, str]:
    """All rows of the database, by table."""
    with service.database.read() as session:
        return {
            name: str(session.execute(select(table)).all())
            for name, table in Base.metadata.tables.items()
        }


def test_the_agent_prints_no_value(capsys: pytest.CaptureFixture[str], door: TestClient) -> None:
    answer = of(door, ADA)
    assert CARD in json.dumps(answer)
    _Lines(as_json=True).decided(Decided(answer, 0.1, 0.0))
    _Lines().decided(Decided(answer, 0.1, 0.0))
    as_json, in_words = capsys.readouterr().out.splitlines()
    shown = [{"system": "acs", "type": "card", "format": "WIEGAND26"}]
    assert json.loads(as_json)["person"]["credentials"] == shown
    assert CARD not in as_json + in_words


def test_what_a_door_reveals_is_a_type(door: TestClient) -> None:
    made(door.post(f"{HQ}/doors", json={"id": "side", "reveal": ["email"]}))
    assert ok(door.get(f"{HQ}/doors/side"))["reveal"] == ["email"]
    answer = door.patch(f"{HQ}/doors/side", json={"reveal": ["pin"]}, headers={"If-Match": "*"})
    assert wrong_fields(answer) == ["reveal[0]"]
