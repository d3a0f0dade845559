"""Every event comes at least once and in its order, whatever the receiver and the server go
through.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any, Final

import httpx
import pytest

from tests.api.support import made, ok
from tests.chaos.conftest import Length
from tests.support.receivers import IMPATIENT, SECRET, Receiver
from tests.support.server import ServerProcess
from tests.support.waiting import wait_for

COLLECTIONS: Final = ("lab", "hq")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.up()
    yield receiver
    receiver.down()


def enrol(client: httpx.Client, rng: random.Random, number: int) -> str | None:
    """Make a person in one of the collections; their id, if the server lived to say so."""
    path = f"/collections/{rng.choice(COLLECTIONS)}/persons"
    try:
        return str(made(client.post(path, json={"id": f"p{number}"}))["person"]["id"])
    except httpx.TransportError:
        return None


def everything(client: httpx.Client) -> list[dict[str, Any]]:
    """All events of people, as they are kept."""
    found: list[dict[str, Any]] = []
    while True:
        after = {"after": found[-1]["id"]} if found else {}
        page = ok(client.get("/events", params={"limit": 1000, **after}))
        found += page["items"]
        if not page["more"]:
            return [each for each in found if each["type"] == "person.created"]


@pytest.mark.both_databases
def test_every_event_comes_in_order_through_failures_and_kills(
    server: Callable[..., ServerProcess], database_url: str, receiver: Receiver, length: Length
) -> None:
    rng = random.Random(7)  # noqa: S311 - not for secrets
    settings = {"KITH_DATABASE_URL": database_url, "KITH_EGRESS_ALLOW": "127.0.0.0/8"}
    running = server(program=IMPATIENT, KITH_SECRET_HOOK=SECRET, **settings)
    with running.client() as admin:
        for each in COLLECTIONS:
            made(admin.post("/collections", json={"id": each}))
        new = {"url": receiver.url(), "secrets": ["KITH_SECRET_HOOK"], "types": ["person.created"]}
        made(admin.post("/webhooks", json=new))
    receiver.fails = 0.5
    enrolled: set[str] = set()
    for turn in range(length.of(short=2, long=20)):
        with running.client() as client:
            for place in range(length.of(short=10, long=60)):
                if place == 6:
                    receiver.down()
                person = enrol(client, rng, turn * 1000 + place)
                enrolled |= {person} if person else set()
        running.kill()
        receiver.up()
        running.start()
    receiver.fails = 0.0
    with running.client() as client:
        kept = everything(client)
        assert {each["subject"] for each in kept} >= enrolled
        wait_for(lambda: len(receiver.events()) >= len(kept))
        letters = [
            ok(client.get(f"/webhooks/{each['id']}/dead-letters"))["items"]
            for each in ok(client.get("/webhooks"))["items"]
        ]
    assert letters == [[]]
    by_id = {each["id"]: each for each in kept}
    assert {each["id"]: each for each in receiver.events()} == by_id
    for source in {each["source"] for each in kept}:
        came = [each["sequence"] for each in receiver.events() if each["source"] == source]
        assert came == sorted(came)
    assert all(each.verify() == by_id[each.event["id"]] for each in receiver.taken)
    assert running.stop() == 0


def test_a_server_stops_while_an_endpoint_hangs(
    server: Callable[..., ServerProcess], receiver: Receiver
) -> None:
    """An attempt that hung is repeated after the next start."""
    receiver.holds.add("/hook")
    running = server(KITH_EGRESS_ALLOW="127.0.0.0/8", KITH_SECRET_HOOK=SECRET)
    with running.client() as admin:
        new = {"url": receiver.url(), "secrets": ["KITH_SECRET_HOOK"]}
        made(admin.post("/webhooks", json=new))
        key = made(admin.post("/keys", json={"scopes": ["read"]}))["id"]
    wait_for(lambda: len(receiver.got) == 1)
    assert running.stop() == 0
    receiver.holds.clear()
    running.start()
    wait_for(lambda: [each["subject"] for each in receiver.events()] == [key])
    receiver.let_go.set()
    assert [each.event["subject"] for each in receiver.got] == [key, key]
