"""A request that changes nothing writes nothing: no audit, no event, no revision, no time."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import Settings
from tests.api import sites
from tests.api.support import FakeClock, enrol, made, make_collection, ok
from tests.api.test_audit import audit
from tests.api.test_cut_off import requests
from tests.api.test_events import events
from tests.support.client import client_of
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY

STAFF = "/collections/staff"


@pytest.fixture
def service(tmp_path: Path, fake_bundle: Path, clock: FakeClock) -> Iterator[TestClient]:
    """A service with two people and a site, on a file that the test can read too."""
    settings = Settings(data_dir=tmp_path / "data", model=fake_bundle, admin_key=ADMIN_KEY)
    container = build(settings, clock)
    with client_of(container) as client:
        container.services.webhooks.sender.stop()  # the database is read for what requests write
        make_collection(client, lookalikes="off")
        enrol(client, STAFF, "ada", picture(1))
        enrol(client, STAFF, "bob", picture(2))
        sites.make_site(client, STAFF)
        client.headers["If-Match"] = "*"
        yield client


def everything(folder: Path) -> list[str]:
    """All that the database holds."""
    with sqlite3.connect(folder / "data" / "kith.db") as connection:
        return list(connection.iterdump())


def test_every_put_and_patch_a_second_time_writes_nothing(
    service: TestClient, tmp_path: Path, clock: FakeClock
) -> None:
    """Each of the OpenAPI document, as JSON and as a form, with every field that it has."""
    ok(service.put(f"{STAFF}/groups/staff/members/ada", json={}))
    hook = sites.make_webhook(service, "staff")
    asked: set[str] = set()
    for name, method, place, body in requests(service):
        path = place.replace(sites.PLACES["webhook_id"], hook)
        if method not in ("put", "patch"):
            continue
        if "_person" in name:  # another may have their external id and credentials by now
            for person in ok(service.get(f"{STAFF}/persons"))["items"]:
                theirs: dict[str, object] = {"external_id": None, "credentials": []}
                ok(service.patch(f"{STAFF}/persons/{person['id']}", json=theirs))
        operation, _, kind = name.partition(" ")
        kind += "; boundary=b0undary" if "form" in kind else ""
        head = {"Content-Type": kind}
        first = service.request(method, path, content=body, headers=head)
        assert first.status_code in (200, 201), (name, first.text)
        before = everything(tmp_path)
        clock.forward(timedelta(hours=1))
        second = service.request(method, path, content=body, headers=head)
        assert second.status_code == 200, (name, second.text)
        assert second.json() == first.json(), name
        assert second.headers.get("etag") == first.headers.get("etag"), name
        assert everything(tmp_path) == before, name
        asked.add(operation)
    assert asked == {
        *(f"update_{each}" for each in ("door", "zone", "group", "schedule", "rule")),
        *("update_collection", "update_person", "put_person_by_external_id"),
        *("put_member", "put_action", "update_webhook"),
    }


@pytest.mark.both_databases
def test_what_is_written_names_the_fields_that_changed(settings: Settings) -> None:
    with client_of(build(settings)) as client:
        make_collection(client)
        sites.make_site(client, STAFF)
        whatever = {"If-Match": "*"}
        front, ada = f"{STAFF}/doors/front", f"{STAFF}/persons/ada"
        card = {"system": "acs", "type": "card", "value": "1"}
        made(client.post(f"{STAFF}/persons", json={"id": "ada", "credentials": [card]}))
        ok(client.patch(ada, json={"name": None, "suspended": True, "credentials": [card]}))
        ok(client.patch(ada, json={"name": "Ada", "suspended": True, "credentials": []}))
        ok(client.patch(ada, json={"metadata": {"a": 1}}))
        assert ok(client.patch(ada, json={"metadata": {"a": True}}))["metadata"] == {"a": True}
        assert ok(client.get(ada))["metadata"]["a"] is True
        door: dict[str, Any] = {"locked_down": True, "zone_id": "lobby", "frames": {"min_used": 3}}
        locked = client.patch(front, json=door, headers=whatever)
        again = client.patch(front, json={**door, "zone_id": None}, headers=whatever)
        assert int(again.headers["etag"].strip('"')) == ok(locked)["revision"] + 1
        week = sites.OFFICE["week"]
        office = {"week": week, "time_zone": "Europe/Paris"}
        ok(client.patch(f"{STAFF}/schedules/office", json=office, headers=whatever))
        said = [row["details"].get("fields") for row in audit(client) if "updated" in row["action"]]
        types = [each["type"] for each in events(client)]
    assert said == [
        ["suspended"],
        ["credentials", "name"],
        ["metadata"],
        ["metadata"],
        ["locked_down"],
        ["zone_id"],
        ["time_zone"],
    ]
    assert types.count("person.suspended") == types.count("door.lockdown") == 1
