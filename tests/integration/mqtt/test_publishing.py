"""Events come to the broker in order; what it keeps names nobody."""

import json
from contextlib import ExitStack

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import Container, build
from app.core.clock import SystemClock
from app.settings import Settings
from app.trail import event_repository
from tests.api.sites import make_site
from tests.api.support import made, make_collection, ok
from tests.support.brokers import Listener, retained
from tests.support.client import client_of
from tests.support.waiting import wait_for

PERSON = {"id": "p-ada", "name": "Ada Lovelace", "external_id": "badge-77213"}
ODD_TIME = {
    "id": "evt-odd",
    "type": "door.decision",
    "time": "9999-12-31T23:59:59.999999Z",
    "data": {"collection_id": "staff", "door_id": "front", "valid_until": None},
}
SECRETS = (b"p-ada", b"Ada", b"Lovelace", b"badge-77213")


def patch(client: TestClient, path: str, **fields: object) -> None:
    ok(client.patch(path, json=fields, headers={"If-Match": "*"}))


def test_every_event_comes_in_order_on_the_topic_of_its_kind(
    service: TestClient, heard: Listener, prefix: str
) -> None:
    staff = make_collection(service)
    for each in range(25):  # more than are on their way at once
        made(service.post(f"{staff}/persons", json={"id": f"p{each}"}))
    make_site(service, staff)
    patch(service, f"{staff}/doors/front", locked_down=True)
    patch(service, f"{staff}/zones/lobby", locked_down=True)
    made(service.post("/keys", json={"scopes": ["read"]}))
    stored = ok(service.get("/events?limit=100"))["items"]
    wait_for(lambda: len(heard.events()) == len(stored) == 28)
    assert heard.events() == stored
    assert [each.topic for each in heard.records()[24:]] == [
        f"{prefix}/v1/staff/events/person.created",
        f"{prefix}/v1/staff/doors/front/lockdown",
        f"{prefix}/v1/staff/events/door.lockdown",
        f"{prefix}/site/events/key.created",
    ]
    metrics = service.get("http://kith/metrics").text
    assert "kith_mqtt_connected 1.0" in metrics
    assert "kith_mqtt_refused_total 0.0" in metrics
    wait_for(lambda: "kith_mqtt_lag_seconds 0.0" in service.get("http://kith/metrics").text)


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[1]",
        "{}",
        '{"type": 5, "data": "x"}',
        '{"data": null}',
        '{"type": "person.created", "data": {"collection_id": "#"}}',
        '{"type": "person.created", "data": {"collection_id": "\\ud800"}}',
        '{"type": "person.created", "data": {"collection_id": "\\u0000"}}',
        json.dumps(ODD_TIME),
        "[" * 100_000,
    ],
)
def test_an_event_that_somebody_changed_in_the_database_holds_up_no_other(
    publishing: Settings, heard: Listener, body: str
) -> None:
    container = build(publishing)
    with client_of(container) as client:
        heard.until(publishing.mqtt_prefix + "/status", b"online")
        staff = make_collection(client)
        put(container, body)
        made(client.post(f"{staff}/persons", json={"id": "after"}))
        wait_for(lambda: [each["subject"] for each in heard.events()] == ["after"])
        listed = ok(client.get("/events"))["items"]
        assert [each["subject"] for each in listed] == ["after"]


def put(container: Container, body: str) -> None:
    """An event of another form."""
    with container.database.write() as session:
        _, position = event_repository.count_last(session, "/kith", 1, 1)
        odd = {"position": position, "id": "evt-odd", "of_site": True, "source": "/kith"}
        more = {"type": "key.created", "at": SystemClock().now(), "body": body}
        event_repository.append(session, [{**odd, **more, "collection_key": None}])


def test_the_broker_keeps_the_state_of_doors_and_of_nobody(
    publishing: Settings, heard: Listener, prefix: str, shared_broker: str
) -> None:
    front = f"{prefix}/v1/staff/doors/front/state"
    with client_of(build(publishing)) as client:
        staff = make_collection(client)
        made(client.post(f"{staff}/persons", json=PERSON))
        make_site(client, staff)
        wait_for(lambda: len(heard.on("/state")) > 0)
        patch(client, f"{staff}/zones/lobby", locked_down=True)
        wait_for(lambda: b'"lockdown":true' in heard.on("/state")[-1].payload)
        wait_for(lambda: len(heard.events()) == 2)
        kept = retained(shared_broker, f"{prefix}/#")
        state = json.loads(kept[front])
        assert state == {
            "lockdown": True,
            "enabled": True,
            "mode": "decide",
            "direction": "in",
            "health": "unknown",
        }
        assert kept[f"{prefix}/status"] == b"online"
        assert {topic.rpartition("/")[2] for topic in kept} == {"state", "status", "config"}
    kept = retained(shared_broker, f"{prefix}/#")
    assert kept[f"{prefix}/status"] == b"stopped"
    everything = b"".join([*kept.values(), *(each.encode() for each in kept)])
    assert not [each for each in SECRETS if each in everything]
    assert any(b"p-ada" in each.payload for each in heard.records())  # it was sent, and not kept


@pytest.mark.both_databases
def test_of_a_door_that_is_gone_nothing_is_kept(
    publishing: Settings, settings: Settings, prefix: str, heard: Listener, shared_broker: str
) -> None:
    """Also where the door goes while nobody publishes, and with its collection."""
    with client_of(build(publishing)) as client:
        for name in ("staff", "guests"):
            make_site(client, make_collection(client, name))
        wait_for(lambda: len(heard.on("/config")) == len(heard.on("/state")) == 2)
        for path in ("rules/r", "doors/front"):
            gone = client.delete(f"/collections/staff/{path}", headers={"If-Match": "*"})
            assert gone.status_code == 204
        wait_for(lambda: [each.payload for each in heard.heard].count(b"") == 2)
        assert len(retained(shared_broker, f"{prefix}/#")) == 3
    with client_of(build(settings)) as client:
        assert client.delete("/collections/guests?force=true").status_code == 204
    with client_of(build(publishing)):
        wait_for(lambda: set(retained(shared_broker, f"{prefix}/#")) == {f"{prefix}/status"})


@pytest.mark.both_databases
def test_what_happened_while_nobody_published_comes_later_and_what_was_before_never(
    publishing: Settings, settings: Settings, heard: Listener
) -> None:
    def enrol(to: Settings, person: str) -> None:
        with client_of(build(to)) as client:
            made(client.post("/collections/staff/persons", json={"id": person}))

    with client_of(build(settings)) as client:
        make_collection(client)
    enrol(settings, "before")
    with client_of(build(publishing)):
        heard.until("/status", b"online")
    enrol(settings, "between")
    enrol(publishing, "after")
    assert [each["subject"] for each in heard.events()] == ["between", "after"]


@pytest.mark.on_postgresql
def test_one_of_two_replicas_publishes_and_the_other_goes_on(
    publishing: Settings, heard: Listener
) -> None:
    with ExitStack() as first:
        one = first.enter_context(client_of(build(publishing)))
        heard.until("/status", b"online")
        staff = make_collection(one)
        with client_of(build(publishing)) as two:
            made(two.post(f"{staff}/persons", json={"id": "p0"}))
            made(one.post(f"{staff}/persons", json={"id": "p1"}))
            wait_for(lambda: len(heard.events()) == 2)
            assert "kith_mqtt_connected 0.0" in two.get("http://kith/metrics").text
            heard.heard.clear()
            first.close()
            heard.until("/status", b"online")
            made(two.post(f"{staff}/persons", json={"id": "p2"}))
            wait_for(lambda: len(heard.events()) == 1)
    assert [each.payload for each in heard.on("/status")] == [b"stopped", b"online", b"stopped"]
