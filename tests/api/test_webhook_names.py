"""Names go to the endpoints that include them, and never after a removal."""

import json
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import Container
from app.webhooks.naming import with_name
from tests.api.doors import ADA, HQ, make_hq, of
from tests.api.support import FakeClock, made, ok, wrong_fields
from tests.api.test_webhooks import ANY, client, hook, receiver, service
from tests.support.described import Described
from tests.support.receivers import Receiver
from tests.support.waiting import wait_for

__all__ = ["client", "receiver", "service"]


def comes(receiver: Receiver, path: str, kind: str, number: int = 1) -> list[dict[str, Any]]:
    """Wait for that many attempts with an event of this type, and give them."""

    def there() -> list[dict[str, Any]]:
        return [each.event for each in receiver.at(path) if each.event["type"] == kind]

    wait_for(lambda: len(there()) >= number)
    return there()


@pytest.mark.both_databases
@pytest.mark.parametrize("later", [timedelta(seconds=1), timedelta(0), timedelta(hours=-1)])
def test_names_go_to_who_asks_and_to_nobody_after_a_removal(
    client: TestClient, receiver: Receiver, clock: FakeClock, later: timedelta
) -> None:
    """Also where the clock stands still, or is set back, before another has the same id."""
    make_hq(client, mode="advise")
    ok(client.patch(f"{HQ}/persons/ada", json={"name": "Ada Lovelace"}))
    named = hook(client, receiver, "named", include=["name"])
    hook(client, receiver, "plain", collection_id="hq")
    of(client, ADA)
    (decision,) = comes(receiver, "/named", "door.decision")
    assert decision["data"]["person"] == {"id": "ada", "name": "Ada Lovelace"}
    ok(client.patch(f"{HQ}/persons/ada", json={"name": "Ada King"}))
    (updated,) = comes(receiver, "/named", "person.updated")
    assert updated["data"]["name"] == "Ada King"
    described = Described(ok(client.get("http://kith/asyncapi.json")))
    assert described.holds("webhooks", decision) == "door.decision"
    assert described.holds("webhooks", updated) == "person.updated"
    (plain,) = comes(receiver, "/plain", "door.decision")
    assert plain["data"]["person"] == {"id": "ada"}
    comes(receiver, "/plain", "person.updated")
    assert not [each for each in receiver.at("/plain") if b"Ada" in each.body]
    assert "Ada" not in json.dumps(ok(client.get("/events?limit=1000")))

    assert client.delete(f"{HQ}/persons/ada").status_code == 204
    clock.forward(later)
    made(client.post(f"{HQ}/persons", json={"id": "ada", "name": "Eve"}))
    (eve,) = comes(receiver, "/named", "person.created")
    assert eve["data"]["name"] == "Eve"
    before = len(receiver.at("/named"))
    ok(client.post(f"{named}/replay", json={"from": decision["id"]}))
    comes(receiver, "/named", "person.created", 2)
    again = [each.event for each in receiver.at("/named")[before:]]
    assert [each["data"].get("name") for each in again if each["subject"] == "ada"] == [
        None,  # updated
        None,  # erased
        "Eve",
    ]
    assert comes(receiver, "/named", "door.decision", 2)[-1]["data"]["person"] == {"id": "ada"}


def test_the_option_can_be_taken_back_and_has_one_value(
    client: TestClient, receiver: Receiver
) -> None:
    path = hook(client, receiver, include=["name"])
    assert ok(client.get(path))["include"] == ["name"]
    changed = ok(client.patch(path, json={"include": []}, headers=ANY))
    assert changed["include"] == []
    wrong = client.patch(path, json={"include": ["card"]}, headers=ANY)
    assert wrong_fields(wrong) == ["include[0]"]
    twice = client.patch(path, json={"include": ["name", "name"]}, headers=ANY)
    assert wrong_fields(twice) == ["include"]


@pytest.mark.parametrize(
    "body", ["{", "[1]", "{}", '{"data": {"person": 5}}', '{"data": {"person_id": 5}}', "5"]
)
def test_an_event_that_somebody_changed_in_the_database_is_sent_as_it_is(
    service: Container, body: str
) -> None:
    with service.database.read() as session:
        assert with_name(session, 1, body) == body
