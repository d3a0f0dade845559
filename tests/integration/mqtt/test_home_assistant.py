"""Doors as Home Assistant finds them; whatever it does, no decision comes again."""

import json
import re
from datetime import timedelta
from functools import partial
from typing import Any, Final

from fastapi.testclient import TestClient
from paho.mqtt.client import MQTTMessage

from app.bootstrap import build
from app.settings import Settings
from tests.api.sites import make_site
from tests.api.support import FakeClock, made, make_collection, ok
from tests.support.brokers import Listener, retained
from tests.support.client import client_of
from tests.support.waiting import wait_for

# Keys that Home Assistant takes. Source: home-assistant/core, homeassistant/components/mqtt:
# schemas.py (device, origin, availability, entities), event.py, binary_sensor.py, config.py.
DEVICE: Final = {
    *("identifiers", "connections", "manufacturer", "model", "model_id", "name", "hw_version"),
    *("serial_number", "sw_version", "via_device", "suggested_area", "configuration_url"),
}
ORIGIN: Final = {"name", "sw_version", "support_url"}
AVAILABILITY: Final = {"topic", "payload_available", "payload_not_available", "value_template"}
WHOLE: Final = {
    *("device", "components", "origin", "state_topic", "command_topic", "qos", "encoding"),
    *("availability", "availability_mode", "availability_topic", "availability_template"),
}
ENTITY: Final = {
    *("platform", "name", "unique_id", "state_topic", "value_template", "qos", "encoding"),
    *("device_class", "icon", "entity_category", "enabled_by_default", "default_entity_id"),
    *("json_attributes_topic", "json_attributes_template"),
}
OF_PLATFORM: Final = {
    "event": {"event_types"},
    "binary_sensor": {"payload_on", "payload_off", "off_delay", "expire_after", "force_update"},
}
NEEDED: Final = {"event": {"event_types", "state_topic"}, "binary_sensor": {"state_topic"}}
TOPIC: Final = re.compile(r"(\w+)/(?:([a-zA-Z0-9_-]+)/)?([a-zA-Z0-9_-]+)/config")
"""TOPIC_MATCHER of discovery.py there."""


def configs(heard: Listener) -> list[dict[str, Any]]:
    return [json.loads(each.payload) for each in heard.on("/config")]


def check(config: dict[str, Any]) -> None:
    """Nothing that Home Assistant does not know, and all that it needs."""
    assert config.keys() <= WHOLE
    assert {"device", "components", "origin"} <= config.keys()
    assert config["device"].keys() <= DEVICE
    assert config["device"]["identifiers"]
    assert "name" in config["origin"].keys() <= ORIGIN
    for each in config["availability"]:
        assert "topic" in each.keys() <= AVAILABILITY
    for component in config["components"].values():
        platform = component["platform"]
        assert component.keys() <= ENTITY | OF_PLATFORM[platform]
        assert NEEDED[platform] | {"unique_id"} <= component.keys()


def test_a_door_is_a_device_with_its_decisions_and_its_lockdown(
    service: TestClient, heard: Listener, prefix: str, shared_broker: str
) -> None:
    staff = make_collection(service)
    make_site(service, staff)
    made(service.post(f"{staff}/doors", json={"id": "back.1", "name": "Back door"}))
    wait_for(lambda: len(heard.on("/config")) == 2)
    for config in configs(heard):
        check(config)
    for message in heard.on("/config"):
        assert TOPIC.fullmatch(message.topic.removeprefix(f"{prefix}/ha/"))
    front, back = configs(heard)
    assert (front["device"]["name"], front["device"]["suggested_area"]) == ("front", "Lobby")
    assert (back["device"]["name"], "suggested_area" in back["device"]) == ("Back door", False)
    names = ("decision", "lockdown", "health")
    decision, lockdown, health = (front["components"][each] for each in names)
    assert health["device_class"] == "problem"
    assert health["state_topic"] == lockdown["state_topic"]
    assert decision["event_types"] == ["granted", "denied", "blocked"]
    assert decision["state_topic"] == f"{prefix}/v1/staff/doors/front/event"
    assert lockdown["state_topic"] == f"{prefix}/v1/staff/doors/front/state"
    assert lockdown["state_topic"] in retained(shared_broker, f"{prefix}/#")
    unique = [part["unique_id"] for each in (front, back) for part in each["components"].values()]
    assert len(set(unique)) == 6


def test_a_home_assistant_that_starts_gets_every_door_again(
    service: TestClient, heard: Listener, prefix: str
) -> None:
    make_site(service, make_collection(service))
    wait_for(lambda: len(heard.on("/config")) == len(heard.on("/state")) == 1)
    ok(
        service.patch(
            "/collections/staff/doors/front", json={"name": "Front"}, headers={"If-Match": "*"}
        )
    )
    wait_for(lambda: len(heard.on("/config")) == 2)
    assert configs(heard)[-1]["device"]["name"] == "Front"
    heard.client.publish(f"{prefix}/ha/status", b"online", qos=1)
    wait_for(lambda: len(heard.on("/config")) == 3)
    wait_for(lambda: len(heard.on("/state")) == 2)  # a changed name is no change of the state
    assert configs(heard)[-1] == configs(heard)[-2]


def test_the_state_of_a_door_says_how_its_camera_is(publishing: Settings, heard: Listener) -> None:
    clock = FakeClock()
    with client_of(build(publishing, clock)) as service:
        make_site(service, make_collection(service))
        for said in ("unknown", "ok", "no_picture"):
            if said != "unknown":
                ok(service.post("/doors/front/health", json={"state": said}))
            wait_for(partial(shows, heard, said))
            clock.forward(timedelta(minutes=1))
        wait_for(lambda: len(heard.on("/doors/front/health")) == 2)
    records = heard.on("/doors/front/health")
    assert [state(each)["data"]["state"] for each in records] == ["ok", "no_picture"]
    assert not any(each.retain for each in records)


def shows(heard: Listener, health: str) -> bool:
    return health in {state(each)["health"] for each in heard.on("/state")}


def state(message: MQTTMessage) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(message.payload)
    return found
