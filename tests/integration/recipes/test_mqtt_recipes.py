"""The MQTT recipes through a real Mosquitto: one message, not retained, for the right topic."""

import json
import os
import resource
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from app.actions.calls import Caller, Result
from app.actions.checking import check_action
from app.actions.schemas import ActionFields
from app.actions.secrets import Secrets
from app.actions.templates import Facts
from app.egress.dialling import Deadline
from tests.integration.recipes.test_http_recipes import CREDENTIALS, DECISION, EGRESS, REF, recipes

BROKER = ("127.0.0.1", 1883)


@contextmanager
def listening(topic: str) -> Iterator[list[MQTTMessage]]:
    """What comes to a topic while the block runs."""
    heard: list[MQTTMessage] = []
    ready: list[object] = []
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_subscribe = lambda *_: ready.append(True)
    client.on_message = lambda _client, _about, message: heard.append(message)
    client.connect(*BROKER)
    client.loop_start()
    try:
        client.subscribe(topic, qos=1)
        _wait(ready)
        yield heard
        _wait(heard)
    finally:
        client.disconnect()
        client.loop_stop()


def _wait(things: list[object] | list[MQTTMessage]) -> None:
    end = time.monotonic() + 20
    while not things and time.monotonic() < end:
        time.sleep(0.01)


def send(page: str, number: int, topic: str) -> Result:
    """Send the page's action to the broker of this machine, on a topic of this test alone."""
    recipe = recipes(page)[number] | {"topic": topic, "url": "mqtt://127.0.0.1:1883"}
    fields = ActionFields.model_validate(recipe | {"timeout_ms": 10_000})
    check_action(fields, REF, EGRESS)
    caller = Caller(EGRESS, Secrets(None, {"KITH_SECRET_BROKER": "kith:secret"}))
    return caller.call(fields, Facts(DECISION, REF, CREDENTIALS), Deadline.after(60))


@pytest.mark.parametrize(
    ("page", "number", "payload"),
    [
        (
            "uhppoted",
            0,
            {
                "message": {
                    "request": {
                        "request-id": "evt_1",
                        "client-id": "kith",
                        "device-id": 405419896,
                        "door": 3,
                        "card-number": 8165538,
                    }
                }
            },
        ),
        ("relays", 2, "ON"),
    ],
)
def test_a_recipe_is_one_message_that_nobody_keeps(page: str, number: int, payload: object) -> None:
    topic = f"kith-test/{secrets.token_hex(8)}/{recipes(page)[number]['topic']}"
    with listening(topic) as heard:
        assert send(page, number, topic).outcome == "done"
    (message,) = heard
    assert (message.topic, message.qos, message.retain) == (topic, 0, False)
    text = message.payload.decode()
    assert (json.loads(text) if text.startswith("{") else text) == payload
    assert 1 <= message.properties.MessageExpiryInterval <= 60  # type: ignore[union-attr]


def test_a_message_is_sent_by_a_process_with_more_than_a_thousand_connections() -> None:
    """``select`` knows no descriptor from 1024 on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    topic = f"kith-test/{secrets.token_hex(8)}"
    opened = [os.open(os.devnull, os.O_RDONLY)]
    try:
        with listening(topic):
            while opened[-1] < 1100:
                opened.append(os.dup(opened[0]))
            assert send("relays", 2, topic).outcome == "done"
    finally:
        for each in opened:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
