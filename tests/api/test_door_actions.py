"""Grants at a door set off its actions, once each; nothing else does."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.actions.sender import THREADS
from app.bootstrap import Container, build
from app.settings import Settings
from tests.api.doors import ADA, BOB, HQ, STRANGER, change, make_hq, of
from tests.api.support import FakeClock, ok
from tests.support.client import client_of
from tests.support.devices.base import Device
from tests.support.devices.makers import Frigate, NodeRed

pytestmark = pytest.mark.both_databases

ACTIONS = f"{HQ}/doors/front/actions"
BODY = (
    '{"card":"{{person.credentials.acs.card}}","door":"{{door.ref.acs}}",'
    '"event":"{{decision.event_id}}","person":"{{decision.person_id}}"}'
)


@pytest.fixture
def service(settings: Settings, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Container:
    monkeypatch.setenv("KITH_SECRET_DEVICE", "kith:pa:ss word")
    return build(settings.model_copy(update={"egress_allow": "127.0.0.1"}), clock)


@pytest.fixture
def client(service: Container) -> Iterator[TestClient]:
    with client_of(service) as client:
        make_hq(client)
        credentials = [{"system": "acs", "type": "card", "value": "77213"}]
        ok(client.patch(f"{HQ}/persons/ada", json={"credentials": credentials}))
        yield client


@pytest.fixture
def device() -> Iterator[Device]:
    with NodeRed().running() as device:
        yield device


def put(client: TestClient, device: Device, name: str = "unlock", **fields: Any) -> None:  # noqa: ANN401
    action = {
        "kind": "http",
        "url": f"{device.origin}/kith/granted",
        "body": BODY,
        "auth": {"kind": "basic", "secret": "KITH_SECRET_DEVICE"},
        "timeout_ms": 10_000,
    }
    ok(client.put(f"{ACTIONS}/{name}", json=action | fields))


def settled(service: Container) -> None:
    """All that was set off has been sent."""
    service.services.sender.stop()


def test_a_grant_is_sent_once_with_the_card_and_a_repetition_is_not(
    client: TestClient, service: Container, device: Device, clock: FakeClock
) -> None:
    put(client, device)
    first = of(client, ADA)
    assert (first["decision"], first["suppressed"]) == ("granted", False)
    again = of(client, ADA)
    assert (again["event_id"], again["suppressed"]) == (first["event_id"], True)
    clock.forward(timedelta(minutes=1))
    later = of(client, ADA)
    assert later["suppressed"] is False
    settled(service)
    assert sorted(device.opened, key=str) == sorted(
        (
            {"card": "77213", "door": "R-1", "event": each["event_id"], "person": "ada"}
            for each in (first, later)
        ),
        key=str,
    )


def test_what_is_no_new_grant_sends_nothing(
    client: TestClient, service: Container, device: Device
) -> None:
    put(client, device)
    assert of(client, BOB)["decision"] == "denied"
    assert of(client, STRANGER)["decision"] == "denied"
    assert of(client, ADA, dry_run="true")["decision"] == "granted"
    change(client, "doors/front", locked_down=True)
    assert of(client, ADA)["decision"] == "denied"
    settled(service)
    assert (device.opened, device.refused) == ([], 0)


@pytest.mark.parametrize("place", ["doors/front", "zones/lobby"])
def test_a_lockdown_stops_what_was_granted_before_and_waits(
    client: TestClient, service: Container, device: Device, place: str
) -> None:
    """The unlocking waits behind another one, and its grant still holds."""
    put(client, device)
    sender, begun = service.services.sender, threading.Event()

    def held_up() -> None:
        begun.wait()

    for _ in range(THREADS):
        sender._waiting.put(held_up)  # as by a slow device
    assert of(client, ADA)["decision"] == "granted"
    change(client, place, locked_down=True)
    begun.set()
    settled(service)
    assert device.opened == []
    (event,) = ok(client.get("/events", params={"types": "door.action"}))["items"]
    assert (event["data"]["outcome"], event["data"]["action_id"]) == ("dropped", "unlock")


def test_an_action_that_is_off_or_deleted_is_not_sent(
    client: TestClient, service: Container, device: Device
) -> None:
    put(client, device, "off", enabled=False)
    put(client, device, "gone")
    assert client.delete(f"{ACTIONS}/gone").status_code == 204
    assert of(client, ADA)["decision"] == "granted"
    settled(service)
    assert device.opened == []


def test_a_person_without_the_credential_is_granted_and_nothing_is_sent(
    client: TestClient,
    service: Container,
    device: Device,
    caplog: pytest.LogCaptureFixture,
) -> None:
    put(client, device)
    ok(client.patch(f"{HQ}/persons/ada", json={"credentials": []}))
    granted = of(client, ADA)
    assert granted["decision"] == "granted"
    settled(service)
    assert (device.opened, device.refused) == ([], 0)
    assert "{{person.credentials.acs.card}} has no value" in caplog.text
    assert granted["event_id"] in caplog.text
    metrics = service.services.metrics.exposition().decode()
    assert 'kith_door_actions_total{outcome="unfit"} 1.0' in metrics


def test_every_action_of_a_door_is_sent_whatever_becomes_of_the_others(
    client: TestClient, service: Container, device: Device
) -> None:
    with Frigate().running() as frigate:
        put(client, device, "wrong", auth={"kind": "none"})
        url = f"{frigate.origin}/api/events/{{{{decision.session}}}}/sub_label"
        body = '{"subLabel":"{{decision.person_id}}"}'
        put(client, frigate, "label", url=url, body=body, auth={"kind": "none"})
        put(client, device, "right")
        assert of(client, ADA, session="4711")["decision"] == "granted"
        settled(service)
    assert frigate.opened == [{"subLabel": "ada"}]
    assert len(device.opened) == 1
    assert device.refused == 1


def test_the_card_of_a_person_is_in_no_log(
    client: TestClient, service: Container, device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    put(client, device)
    of(client, ADA)
    settled(service)
    assert len(device.opened) == 1
    assert "door.action" in caplog.text
    assert "77213" not in caplog.text


def test_an_action_whose_row_somebody_changed_keeps_no_other_from_being_sent(
    client: TestClient, service: Container, device: Device
) -> None:
    put(client, device, "spoilt")
    put(client, device)
    with service.database.engine.begin() as connection:
        spoil = "UPDATE door_actions SET content = '{}' WHERE id = 'spoilt'"
        connection.exec_driver_sql(spoil)
    assert of(client, ADA)["decision"] == "granted"
    settled(service)
    assert len(device.opened) == 1
    events = ok(client.get("/events", params={"types": "door.action"}))["items"]
    ended = {each["data"]["action_id"]: each["data"]["outcome"] for each in events}
    assert ended == {"spoilt": "failed", "unlock": "done"}
