"""The MQTT recipes through a real Mosquitto: one message, not retained, for the right topic."""

import json
import os
import resource

import pytest

from app.actions.calls import Caller, Result
from app.actions.checking import check_action
from app.actions.schemas import ActionFields
from app.actions.secrets import Secrets
from app.actions.templates import Facts
from app.egress.dialling import Deadline
from tests.integration.recipes.test_http_recipes import CREDENTIALS, DECISION, EGRESS, REF, recipes
from tests.support.brokers import listening
from tests.support.waiting import wait_for


def send(page: str, number: int, broker: str, topic: str) -> Result:
    """Send the page's action to a broker, on a topic of this test alone."""
    recipe = recipes(page)[number] | {"topic": topic, "url": broker}
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
def test_a_recipe_is_one_message_that_nobody_keeps(
    page: str, number: int, payload: object, shared_broker: str, prefix: str
) -> None:
    topic = f"{prefix}/{recipes(page)[number]['topic']}"
    with listening(shared_broker, topic) as listener:
        assert send(page, number, shared_broker, topic).outcome == "done"
        wait_for(lambda: bool(listener.heard))
    (message,) = listener.heard
    assert (message.topic, message.qos, message.retain) == (topic, 0, False)
    text = message.payload.decode()
    assert (json.loads(text) if text.startswith("{") else text) == payload
    assert 1 <= message.properties.MessageExpiryInterval <= 60  # type: ignore[union-attr]


def test_a_message_is_sent_by_a_process_with_more_than_a_thousand_connections(
    shared_broker: str, prefix: str
) -> None:
    """``select`` knows no descriptor from 1024 on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    topic = f"{prefix}/relay"
    opened = [os.open(os.devnull, os.O_RDONLY)]
    try:
        with listening(shared_broker, topic) as listener:
            while opened[-1] < 1100:
                opened.append(os.dup(opened[0]))
            assert send("relays", 2, shared_broker, topic).outcome == "done"
            wait_for(lambda: bool(listener.heard))
    finally:
        for each in opened:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
