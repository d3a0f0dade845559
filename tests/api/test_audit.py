"""Every change has its row in the audit, and nothing else has one."""

import datetime as dt
import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import Settings
from app.trail.retention import Retention
from app.trail.verification import faults
from tests.api import sites
from tests.api.support import FakeClock, enrol, files, made, make_collection, ok, problem
from tests.api.test_cut_off import requests
from tests.support.client import client_of
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY

ASKING: Final = {
    "detect",
    "compare",
    "embeddings",
    "identify",
    "verify",
    "distances",
    "cluster",
}
"""Operations with a body that change nothing: they ask."""
LAST: Final = (
    "webhooks",
    "actions",
    "rules",
    "doors",
    "zones",
    "members",
    "groups",
    "schedules",
    "lookalikes",
    "faces",
    "persons",
)
"""The order of deletions: a thing is deleted before the things that it names."""
ACTING: Final = {"try_action", "try_webhook", "replay_webhook", "decide_at_door", "report_health"}
"""Operations that do something and change no settings or people."""
NOTHING: Final[Mapping[str, str]] = {}
TRAIL: Final = (
    "audit_",
    "sqlite_sequence",
    "event",
    "door_grants",
    "door_spoofs",
    "door_visits",
    "door_health",
)


@pytest.fixture
def service(tmp_path: Path, fake_bundle: Path) -> Iterator[TestClient]:
    """A service with a collection and a site, on a file that the test can read too."""
    settings = Settings(data_dir=tmp_path / "data", model=fake_bundle, admin_key=ADMIN_KEY)
    container = build(settings)
    with client_of(container) as client:
        container.services.webhooks.sender.stop()  # the database is read for what requests write
        make_collection(client, lookalikes="off")
        enrol(client, "/collections/staff", "ada", picture(1))
        enrol(client, "/collections/staff", "bob", picture(2))
        enrol(client, "/collections/staff", "cid", picture(6))
        sites.make_site(client, "/collections/staff")
        sites.make_webhook(client, "staff")
        client.headers["If-Match"] = "*"
        yield client


def state(folder: Path) -> set[str]:
    """All that the database holds but the audit."""
    with sqlite3.connect(folder / "data" / "kith.db") as connection:
        lines = set(connection.iterdump())
    return {line for line in lines if not any(f'INTO "{name}' in line for name in TRAIL)}


def audit(client: TestClient, wanted: Mapping[str, str] = NOTHING) -> list[dict[str, Any]]:
    """All rows, the oldest first."""
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = ok(client.get("/audit", params={"limit": "7", **wanted, **cursor}))
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = {"cursor": page["next_cursor"]}


def deletions(client: TestClient) -> Iterator[tuple[str, str, str]]:
    """Id, method and path of every operation without a body that may change something."""
    key = made(client.post("/keys", json={"scopes": ["read"]}))["id"]
    names = {"collection_id": "staff", "person_id": "ada", "face_id": "1", "key_id": key}
    names |= sites.PLACES | sites.webhook_places(client) | {"other_id": "bob"}
    found = []
    for path, item in ok(client.get("http://kith/openapi.json"))["paths"].items():
        for method, operation in item.items():
            if method != "get" and "requestBody" not in operation:
                where = path.removeprefix("/v1").format(**names)
                found.append((operation["operationId"], method, where))
    order = [f"/{each}/" for each in LAST]

    def place(operation: tuple[str, str, str]) -> tuple[int, bool]:
        _, method, path = operation
        where = next((i for i, part in enumerate(order) if part in path), len(order))
        return where, method == "delete"

    yield from sorted(found, key=place)


def test_every_route_that_changes_anything_leaves_a_row(
    service: TestClient, tmp_path: Path
) -> None:
    """Each route of the OpenAPI document is asked: one that changes rows of the database has its
    row, and one that changes none has none.
    """
    member = "/collections/staff/groups/staff/members/ada"
    ok(service.put(member, json={}))
    changing: set[str] = set()
    patches_first = sorted(requests(service), key=lambda each: each[1] != "patch")
    for name, method, path, body in patches_first:
        if "_person" in name:  # whose external id and credentials others may have by now
            for person in ok(service.get("/collections/staff/persons"))["items"]:
                theirs: dict[str, object] = {"external_id": None, "credentials": []}
                ok(service.patch(f"/collections/staff/persons/{person['id']}", json=theirs))
        kind = name.partition(" ")[2]
        kind += "; boundary=b0undary" if "form" in kind else ""
        _ask(service, tmp_path, name, method, path, changing, content=body, kind=kind)
    for place in ("rules/some-text", "doors/some-text", "zones/some-text"):
        assert service.delete(f"/collections/staff/{place}").status_code in (204, 404)
    for name, method, path in deletions(service):
        force = "?force=true" if path == "/collections/staff" else ""
        _ask(service, tmp_path, name, method, f"{path}{force}", changing)
    operations = {
        operation["operationId"]
        for item in ok(service.get("http://kith/openapi.json"))["paths"].values()
        for method, operation in item.items()
        if method != "get"
    }
    assert operations - changing - ACTING == ASKING


def _ask(
    service: TestClient,
    folder: Path,
    name: str,
    method: str,
    path: str,
    changing: set[str],
    *,
    content: bytes = b"",
    kind: str = "application/json",
) -> None:
    operation = name.partition(" ")[0]
    before, rows = state(folder), len(audit(service))
    headers = {"Content-Type": kind} if content else {}
    answer = service.request(method, path, content=content, headers=headers)
    changed, new = state(folder) != before, audit(service)[rows:]
    assert bool(new) == changed or operation in ACTING, (name, path, answer.text, new)
    if new:
        assert answer.status_code in (200, 201, 204), (name, answer.text)
        assert new[-1]["actor"]["key_id"] == "operator"
        assert new[-1]["actor"]["request_id"] == answer.headers["x-request-id"]
        changing.add(operation)


@pytest.mark.both_databases
def test_a_row_says_who_did_what_to_whom_and_where_from(
    settings: Settings, clock: FakeClock
) -> None:
    with client_of(build(settings, clock)) as client:
        made(client.post("/collections", json={"id": "staff"}))
        key = made(client.post("/keys", json={"scopes": ["enroll"], "name": "Ada's own"}))
        hers = {"Authorization": f"Bearer {key['key']}", "X-Request-Id": "badge-office-7"}
        clock.forward(dt.timedelta(hours=1))
        form = {"id": "p1", "name": "Ada Lovelace", "external_id": "badge-4711"}
        images = files(picture(1))
        made(client.post("/collections/staff/persons", data=form, files=images, headers=hers))
        ok(client.patch("/collections/staff/persons/p1", json={"name": "Ada King"}))
        rows = audit(client)
    assert [row["action"] for row in rows] == [
        "chain.begun",
        "collection.created",
        "key.created",
        "person.created",
        "person.updated",
    ]
    created = rows[3]
    assert created["object"] == {"kind": "person", "id": "p1"}
    assert created["collection"] == "staff"
    assert created["actor"] == {
        "key_id": key["id"],
        "client": "testclient",
        "request_id": "badge-office-7",
    }
    assert created["at"] == "2026-05-04T13:00:00Z"
    assert created["details"] == {"faces": 1}
    assert rows[4]["details"] == {"fields": ["name"]}
    assert rows[2]["details"] == {"scopes": ["enroll"]}
    written = json.dumps(rows)
    assert not [each for each in ("Ada", "badge-4711", key["key"]) if each in written]


@pytest.mark.both_databases
def test_what_is_rolled_back_leaves_no_row_and_no_line_in_the_log(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    staff = make_collection(client)
    made(client.post(f"{staff}/persons", json={"id": "ada", "external_id": "1"}))
    made(client.post(f"{staff}/persons", json={"id": "bob"}))
    before = audit(client)
    caplog.clear()
    taken = client.patch(f"{staff}/persons/bob", json={"external_id": "1"})
    problem(taken, 409, "already_exists")
    problem(client.post(f"{staff}/persons", json={"id": "ada"}), 409, "already_exists")
    problem(client.delete(staff), 409, "conflict")
    assert audit(client) == before
    assert not [line for line in caplog.messages if "person." in line]


@pytest.mark.both_databases
def test_a_repeated_creation_is_one_row(client: TestClient) -> None:
    staff = make_collection(client)
    for _ in range(2):
        made(client.post(f"{staff}/persons", json={}, headers={"Idempotency-Key": "k"}))
    assert [row["action"] for row in audit(client)].count("person.created") == 1


@pytest.mark.both_databases
def test_rows_are_found_by_collection_and_time_and_outlive_both(
    settings: Settings, clock: FakeClock
) -> None:
    with client_of(build(settings, clock)) as client:
        for name in ("one", "two"):
            make_collection(client, name)
            clock.forward(dt.timedelta(days=1))
        assert client.delete("/collections/one").status_code == 204
        make_collection(client, "one")
        actions = [row["action"] for row in audit(client, {"collection": "one"})]
        assert actions == ["collection.created", "collection.deleted", "collection.created"]
        assert len({row["chain"] for row in audit(client, {"collection": "one"})}) == 2
        noon = "2026-05-05T12:00:00Z"
        assert len(audit(client, {"to": noon})) == 2
        later = audit(client, {"from": noon, "to": "2026-05-05T12:00:01Z"})
        assert [row["collection"] for row in later] == [None, "two"]


@pytest.mark.both_databases
def test_a_bound_key_sees_the_rows_of_its_collections_alone(client: TestClient) -> None:
    for name in ("mine", "other"):
        make_collection(client, name)
    key = made(client.post("/keys", json={"scopes": ["admin"], "collections": ["mine"]}))["key"]
    hers = {"Authorization": f"Bearer {key}"}
    rows = ok(client.get("/audit", headers=hers))["items"]
    assert {row["collection"] for row in rows} == {"mine"}
    assert ok(client.get("/audit?collection=other", headers=hers))["items"] == []


@pytest.mark.both_databases
def test_old_rows_go_and_the_chain_verifies(settings: Settings, clock: FakeClock) -> None:
    container = build(settings.model_copy(update={"audit_days": 3}), clock)
    with client_of(container) as client:
        staff = make_collection(client)
        for day in range(6):
            made(client.post(f"{staff}/persons", json={"id": f"p{day}"}))
            clock.forward(dt.timedelta(days=1))
            container.jobs.run("audit")
        rows = audit(client, {"collection": "staff"})
        with container.database.read() as session:
            assert list(faults(session)) == []
        metrics = client.get("http://kith/metrics").text
    kept = [row["object"]["id"] for row in rows if row["action"] == "person.created"]
    assert kept == ["p3", "p4", "p5"]
    purged = [row["details"]["through"] for row in rows if row["action"] == "audit.purged"]
    assert purged == sorted(purged)
    assert rows[0]["seq"] == purged[-1] + 1
    assert 'kith_job_lag_seconds{name="audit"} 0.0' in metrics


@pytest.mark.both_databases
def test_a_chain_that_is_gone_is_missed_after_the_row_that_began_it(
    settings: Settings, clock: FakeClock
) -> None:
    """The rows that are deleted are of a chain's begin, and then of the deletion of that."""
    container = build(settings.model_copy(update={"audit_days": 1}), clock)
    with client_of(container) as client:
        make_collection(client)
        for _ in range(8):
            clock.forward(dt.timedelta(days=1))
            container.jobs.run("audit")
        with container.database.read() as session:
            assert list(faults(session)) == []
        with container.database.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM audit_chains WHERE of_site IS NULL")
        with container.database.read() as session:
            found = [(each.collection, each.what) for each in faults(session)]
    assert found == [("staff", "the whole chain is missing")]


@pytest.mark.both_databases
def test_many_old_rows_and_events_go_in_portions(settings: Settings, clock: FakeClock) -> None:
    container = build(settings, clock)
    with client_of(container) as client:
        staff = make_collection(client)
        for number in range(7):
            made(client.post(f"{staff}/persons", json={"id": f"p{number}"}))
        clock.forward(dt.timedelta(days=3))
        days = {"audit_days": 1, "evidence_days": 1, "event_days": 1, "portion": 3}
        metrics = container.services.metrics.jobs
        trail = Retention(container.database, clock, metrics, follow=None, **days)
        trail.purge_audit()
        trail.purge_events()
        rows = audit(client, {"collection": "staff"})
        assert ok(client.get("/events"))["items"] == []
        with container.database.read() as session:
            assert list(faults(session)) == []
    said = [(row["action"], row["details"]["through"], row["details"]["rows"]) for row in rows]
    assert said == [("audit.purged", 3, 3), ("audit.purged", 6, 3), ("audit.purged", 8, 2)]
