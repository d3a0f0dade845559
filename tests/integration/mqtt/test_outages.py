"""Neither a broker that is down nor a server that is killed loses an event."""

import random
from collections.abc import Callable
from typing import Any

from app.bootstrap import build
from app.settings import Settings
from tests.api.sites import make_site
from tests.api.support import client_of, made, make_collection
from tests.support.brokers import SHARED, Listener, Mosquitto, listening, retained
from tests.support.proxy import Wire
from tests.support.server import ServerProcess
from tests.support.waiting import wait_for


def of_person(events: list[dict[str, Any]]) -> list[str]:
    """The persons of the events, in order; one that comes again is left out."""
    return list(dict.fromkeys(each["subject"] for each in events))


def test_a_broker_that_was_down_and_has_forgotten_all_gets_it_all(
    publishing: Settings, prefix: str, mosquitto: Mosquitto
) -> None:
    """The listener is back before Kith is: the broker keeps events for nobody."""
    wire = Wire(mosquitto.url)
    settings = publishing.model_copy(update={"mqtt_url": wire.url})
    with (
        listening(mosquitto.url, f"{prefix}/#") as heard,
        client_of(build(settings)) as client,
    ):
        heard.until("/status", b"online")
        staff = make_collection(client)
        make_site(client, staff)
        made(client.post(f"{staff}/persons", json={"id": "p0"}))
        wait_for(lambda: len(heard.events()) == 1)
        wire.cut()
        heard.until("/status", b"offline")  # the will
        mosquitto.down()
        for each in range(1, 130):  # more than are read at once
            made(client.post(f"{staff}/persons", json={"id": f"p{each}"}))
        lag = "kith_mqtt_lag_seconds 0.0"
        wait_for(lambda: lag not in client.get("http://kith/metrics").text)
        assert "kith_mqtt_connected 0.0" in client.get("http://kith/metrics").text
        mosquitto.up()
        heard.until_subscribed(2)
        wire.mend()
        wait_for(lambda: of_person(heard.events()) == [f"p{each}" for each in range(130)])
        wait_for(lambda: lag in client.get("http://kith/metrics").text)
        kept = {each.removeprefix(f"{prefix}/") for each in retained(mosquitto.url, f"{prefix}/#")}
        assert {"status", "v1/staff/doors/front/state"} < kept
        assert len(kept) == 3
    wire.close()


def test_a_server_that_is_killed_loses_no_event_and_keeps_their_order(
    server: Callable[..., ServerProcess], prefix: str, heard: Listener
) -> None:
    running = server(
        KITH_MQTT_URL=SHARED,
        KITH_MQTT_PREFIX=prefix,
        KITH_MQTT_DISCOVERY="off",
        KITH_EGRESS_ALLOW="127.0.0.1",
    )
    heard.until("/status", b"online")
    rng = random.Random(7)  # noqa: S311 - not for secrets
    with running.client() as admin:
        made(admin.post("/collections", json={"id": "staff"}))
    stored: list[str] = []
    for turn in range(2):
        with running.client() as client:
            for each in range(rng.randrange(10, 40)):
                stored.append(f"p{turn}-{each}")
                made(client.post("/collections/staff/persons", json={"id": stored[-1]}))
        running.kill()
        heard.until("/status", b"offline")
        running.start()
    heard.until("/status", b"online")
    wait_for(lambda: of_person(heard.events()) == stored)
    assert running.stop() == 0
    heard.until("/status", b"stopped")


def test_a_broker_that_refuses_or_never_answers_keeps_nobody_waiting(
    publishing: Settings, mosquitto: Mosquitto
) -> None:
    """A broker that is there and hears nothing: decisions and the stop go on."""
    wire = Wire(mosquitto.url)
    wire.hold()
    with client_of(build(publishing.model_copy(update={"mqtt_url": wire.url}))) as client:
        staff = make_collection(client)
        made(client.post(f"{staff}/persons", json={"id": "p0"}))
        assert "kith_mqtt_connected 0.0" in client.get("http://kith/metrics").text
    wire.close()
