"""A real server sends over every channel as its documents say, and others can read it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, cast

import httpx
import pytest
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from fastapi.testclient import TestClient

from app.trail.events import KEPT_TYPES
from tests.api import doors
from tests.api.doors import HQ
from tests.api.support import made, ok
from tests.support.brokers import Listener, listening, retained
from tests.support.commands import Command, Kith
from tests.support.described import Described
from tests.support.receivers import SECRET, Receiver, Reply
from tests.support.server import ServerProcess
from tests.support.streams import stream
from tests.support.waiting import wait_for

PING: Final = "webhook.ping"
CLOUD_EVENT: Final = "application/cloudevents+json"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver(SECRET)
    receiver.reply["/gone"] = Reply(410)
    receiver.up()
    yield receiver
    receiver.down()


@pytest.fixture
def running(server: Callable[..., ServerProcess], shared_broker: str, prefix: str) -> ServerProcess:
    return server(
        KITH_MQTT_URL=shared_broker,
        KITH_MQTT_PREFIX=prefix,
        KITH_MQTT_DISCOVERY=f"{prefix}/ha",
        KITH_EGRESS_ALLOW="127.0.0.1",
        KITH_SECRET_HOOK=SECRET,
    )


def do_everything(client: httpx.Client, receiver: Receiver) -> None:
    """All that has an event, but for an anchor of the audit."""
    whatever = {"If-Match": "*"}
    for path in ("/hook", "/gone"):
        new = {"url": receiver.url(path), "secrets": ["KITH_SECRET_HOOK"]}
        hook = made(client.post("/webhooks", json=new))["id"]
        if path == "/hook":
            assert ok(client.post(f"/webhooks/{hook}/test"))["outcome"] == "delivered"
    doors.make_hq(cast("TestClient", client), mode="advise")
    unlock = {"kind": "http", "url": receiver.url("/unlock"), "auth": {"kind": "none"}}
    ok(client.put(f"{HQ}/doors/front/actions/unlock", json=unlock))
    for somebody in (doors.ADA, doors.STRANGER):
        doors.of(cast("TestClient", client), somebody)
    for fields in ({"name": "Ada Lovelace", "external_id": "badge-77213"}, {"suspended": True}):
        ok(client.patch(f"{HQ}/persons/ada", json=fields))
    ok(client.post(f"{HQ}/persons/ada/merge", json={"other_id": "bob"}))
    assert client.delete(f"{HQ}/persons/ada").status_code == 204
    for place in ("doors/front", "zones/lobby"):
        ok(client.patch(f"{HQ}/{place}", json={"locked_down": True}, headers=whatever))
    ok(client.post("/doors/front/health", json={"state": "ok"}))
    key = made(client.post("/keys", json={"scopes": ["read"]}))["id"]
    assert client.delete(f"/keys/{key}").status_code == 204


def read_by_its_library(event: dict[str, Any], message: BaseCloudEvent) -> None:
    """The library ``cloudevents`` reads the event from a message."""
    attributes = message.get_attributes()
    assert message.get_data() == event["data"]
    assert message.get_type() == event["type"]
    assert attributes.keys() | {"data"} == event.keys()
    assert message.get_extension("sequence") == event["sequence"]
    time = message.get_time()
    assert time is not None
    assert time.utcoffset() is not None


def test_every_type_of_event_comes_over_every_channel_as_its_documents_say(
    running: ServerProcess,
    receiver: Receiver,
    shared_broker: str,
    prefix: str,
    kith: Kith,
    fake_bundle: Path,
) -> None:
    with running.client() as client, listening(shared_broker, f"{prefix}/#") as heard:
        heard.until("/status", b"online")
        with stream(client) as reader:
            do_everything(client, receiver)
            assert kith(running.data_dir, fake_bundle, "audit", "anchor").endswith("[0]")
            wait_for(lambda: {each["type"] for each in stored(client)} == set(KEPT_TYPES))
            kept = stored(client)
            streamed = reader.events(len(kept))
        described = Described(ok(client.get(f"{running.url}/asyncapi.json")))

        def kept_topics() -> set[str]:
            return {described.channel(each) for each in retained(shared_broker, f"{prefix}/#")}

        wait_for(lambda: kept_topics() == described.kept_topics)
        gone = client.delete(f"{HQ}?force=true")
        assert gone.status_code == 204
        wait_for(lambda: len(receiver.events()) >= len(kept) + 1)
        wait_for(lambda: len(heard.events()) >= len(kept))
        wait_for(lambda: [each.payload for each in heard.heard].count(b"") == 2)  # the door is gone
        heard.client.publish(f"{prefix}/ha/status", b"online", qos=0)
        wait_for(lambda: len(heard.on("/ha/status")) == 1)
    assert streamed == kept
    check_stream(described, streamed)
    check_webhooks(described, receiver)
    check_topics(described, heard)


def stored(client: httpx.Client) -> list[dict[str, Any]]:
    """All events that are kept."""
    items: list[dict[str, Any]] = ok(client.get("/events?limit=1000"))["items"]
    return items


def check_stream(described: Described, events: list[dict[str, Any]]) -> None:
    assert {described.holds("stream", each) for each in events} == set(KEPT_TYPES)
    for each in events:
        read_by_its_library(each, JSONFormat().read(CloudEvent, json.dumps(each)))


def check_webhooks(described: Described, receiver: Receiver) -> None:
    """Signed, too: the receiver refuses what its secret did not sign."""
    seen = set()
    for got in receiver.at("/hook") + receiver.at("/gone"):
        headers = {name: each for name, each in got.headers.items() if name.startswith("webhook-")}
        seen.add(described.holds("webhooks", got.event, headers))
        assert got.verify() == got.event
        assert got.headers["content-type"] == CLOUD_EVENT
        message = from_http_event(HTTPMessage(headers=got.headers, body=got.body))
        read_by_its_library(got.event, message)
    assert seen == {*KEPT_TYPES, PING}
    assert len(receiver.at("/gone")) == 1


def check_topics(described: Described, heard: Listener) -> None:
    """Every topic has a channel, and something came on every channel."""
    came = [described.topic(each) for each in heard.heard]
    assert {channel for channel, _ in came} == described.topics
    of_events = {name for channel, name in came if name in KEPT_TYPES}
    assert of_events == set(KEPT_TYPES)
    assert {name for _, name in came} >= {"twin", "state", "announcement", "gone", "status"}
    for each in heard.records():
        read_by_its_library(
            json.loads(each.payload), JSONFormat().read(CloudEvent, bytes(each.payload))
        )


def test_the_command_prints_what_the_service_serves(
    running: ServerProcess, prefix: str, kith_command: Command
) -> None:
    settings = {"KITH_MQTT_PREFIX": prefix, "KITH_MQTT_DISCOVERY": f"{prefix}/ha"}
    with running.client() as client:
        document = ok(client.get(f"{running.url}/asyncapi.json"))
        schema = ok(client.get(f"{running.url}/schemas/door.decision.json"))
    assert json.loads(kith_command("schema", **settings).out) == document
    assert json.loads(kith_command("schema", "door.decision").out) == schema
    wrong = kith_command("schema", "door.opened")
    assert (wrong.status, "door.action" in wrong.err) == (1, True)
