"""Events are read in order, each at least once, by callers who may know of them."""

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import Settings
from tests.api import sites
from tests.api.support import FakeClock, made, make_collection, ok, problem, wrong_fields
from tests.support.client import client_of


def events(client: TestClient, after: str | None = None, **headers: str) -> list[dict[str, Any]]:
    """All events, as a reader gets them who goes on after the last."""
    found: list[dict[str, Any]] = []
    while True:
        query = {"limit": "3"} | ({"after": after} if after else {})
        page = ok(client.get("/events", params=query, headers=headers))
        found += page["items"]
        if not page["more"]:
            return found
        after = found[-1]["id"]


@pytest.mark.both_databases
def test_changes_of_people_keys_and_lockdowns_have_events(
    settings: Settings, clock: FakeClock
) -> None:
    with client_of(build(settings, clock)) as client:
        staff = make_collection(client)
        person = f"{staff}/persons/p1"
        made(client.post(f"{staff}/persons", json={"id": "p1", "name": "Ada Lovelace"}))
        ok(client.patch(person, json={"name": "Ada King"}))
        ok(client.patch(person, json={"suspended": True}))
        ok(client.patch(person, json={"suspended": False}))
        sites.make_site(client, staff)
        whatever = {"If-Match": "*"}
        front = f"{staff}/doors/front"
        ok(client.patch(front, json={"locked_down": True}, headers=whatever))
        ok(client.patch(front, json={"name": "Front"}, headers=whatever))
        assert client.delete(person).status_code == 204
        key = made(client.post("/keys", json={"scopes": ["read"]}))
        assert client.delete(f"/keys/{key['id']}").status_code == 204
        found = events(client)
        rows = ok(client.get("/audit?limit=1000"))["items"]
    assert [(each["type"], each["subject"], each["sequence"]) for each in found] == [
        ("person.created", "p1", "000000000001"),
        ("person.updated", "p1", "000000000002"),
        ("person.suspended", "p1", "000000000003"),
        ("person.updated", "p1", "000000000004"),
        ("door.lockdown", "front", "000000000001"),
        ("person.erased", "p1", "000000000005"),
        ("key.created", key["id"], "000000000001"),
        ("key.revoked", key["id"], "000000000002"),
    ]
    assert found[4]["source"] == "/kith/collections/staff/doors/front"
    assert found[4]["data"]["locked_down"] is True
    assert found[0]["time"] == found[0]["timestamp"] == "2026-05-04T12:00:00Z"
    assert "." not in "".join(each["id"] for each in found)  # it is signed with dots between
    assert max(len(json.dumps(each)) for each in found) < 20_000
    assert "Ada" not in json.dumps(found)
    in_audit = {(row["object"]["id"], row["seq"]) for row in rows}
    assert all((each["subject"], each["data"]["audit_seq"]) in in_audit for each in found)


@pytest.mark.both_databases
def test_a_key_reads_the_events_of_its_collections_alone(client: TestClient) -> None:
    for name in ("mine", "other"):
        made(client.post(f"{make_collection(client, name)}/persons", json={"id": name}))
    bound = made(client.post("/keys", json={"scopes": ["read"], "collections": ["mine"]}))["key"]
    unbound = made(client.post("/keys", json={"scopes": ["read"]}))["key"]
    assert [each["subject"] for each in events(client)][:2] == ["mine", "other"]
    foreign = events(client)[1]["id"]
    assert [each["subject"] for each in events(client, Authorization=f"Bearer {bound}")] == ["mine"]
    read = events(client, Authorization=f"Bearer {unbound}")
    assert [each["subject"] for each in read] == ["mine", "other"]  # of keys: for administrators
    theirs = {"Authorization": f"Bearer {bound}"}
    assert wrong_fields(client.get(f"/events?after={foreign}", headers=theirs)) == ["after"]


@pytest.mark.both_databases
def test_a_reader_misses_nothing_while_many_write(client: TestClient) -> None:
    """A position that counted rows as they are begun would pass by those that commit late."""
    places = [make_collection(client, f"c{place}") for place in range(4)]

    def write(place: str) -> None:
        for _ in range(8):
            made(client.post(f"{place}/persons", json={}))

    seen: list[dict[str, Any]] = []
    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(write, place) for place in places]
        while not all(each.done() for each in writing):
            seen += events(client, seen[-1]["id"] if seen else None)
        for each in writing:
            each.result()
    seen += events(client, seen[-1]["id"] if seen else None)
    assert [each["id"] for each in seen] == [each["id"] for each in events(client)]
    for place in places:
        numbers = [each["sequence"] for each in seen if each["source"] == f"/kith{place}"]
        assert numbers == [f"{number:012}" for number in range(1, 9)]


@pytest.mark.both_databases
def test_old_events_go_and_a_reader_of_then_is_warned(settings: Settings, clock: FakeClock) -> None:
    container = build(settings.model_copy(update={"event_days": 2}), clock)
    with client_of(container) as client:
        staff = make_collection(client)
        made(client.post(f"{staff}/persons", json={"id": "old"}))
        (old,) = events(client)
        clock.forward(dt.timedelta(days=3))
        made(client.post(f"{staff}/persons", json={"id": "new"}))
        container.jobs.run("events")
        assert [each["subject"] for each in events(client)] == ["new"]
        detail = problem(client.get(f"/events?after={old['id']}"), 422, "invalid_request")["detail"]
        assert "leave it out" in detail
        assert 'kith_job_lag_seconds{name="events"} 0.0' in client.get("http://kith/metrics").text


@pytest.mark.both_databases
def test_what_is_made_locked_down_has_its_event(client: TestClient) -> None:
    staff = make_collection(client)
    sites.make_site(client, staff)
    for kind in ("doors", "zones"):
        made(client.post(f"{staff}/{kind}", json={"id": f"shut-{kind}", "locked_down": True}))
    found = [(each["type"], each["subject"]) for each in events(client)]
    assert found == [("door.lockdown", "shut-doors"), ("door.lockdown", "shut-zones")]
