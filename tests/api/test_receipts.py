"""A thing made under an ``Idempotency-Key`` and then deleted is in no receipt and no answer."""

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.bootstrap import Container
from app.core.db import Base, Database
from app.gallery.models import Dismissal
from app.receipts.models import Receipt
from tests.api.support import FakeClock, files, made, make_collection, ok, problem
from tests.support.pictures import picture

pytestmark = pytest.mark.both_databases

NAME, BADGE, ROOM = "Ada Lovelace", "badge-4711", "room-of-ada"
STAFF = "/collections/staff"
PEOPLE = f"{STAFF}/persons"
Act = Callable[[TestClient, Any], httpx.Response]


@pytest.fixture
def client(timed: TestClient) -> TestClient:
    return timed


def once(key: str = "once") -> dict[str, str]:
    return {"Idempotency-Key": key}


def make_ada(client: TestClient, key: str = "once", **more: str) -> httpx.Response:
    """Ada as a client sends her, with an id of the service's choice."""
    form = {"name": NAME, "external_id": BADGE, "metadata": f'{{"room": "{ROOM}"}}', **more}
    answer: httpx.Response = client.post(
        PEOPLE, data=form, files=files(picture(1)), headers=once(key)
    )
    return answer


def stored(database: Database) -> str:
    """Everything that any table holds but the trail, which keeps ids for a time of its own."""
    with database.engine.connect() as connection:
        tables = [
            each
            for each in Base.metadata.sorted_tables
            if each.name not in ("audit_rows", "audit_chains", "events")
        ]
        return repr([connection.execute(select(table)).all() for table in tables])


def receipts(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Receipt)) or 0


def dismissals(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Dismissal)) or 0


def is_new(answer: httpx.Response) -> bool:
    return "Idempotent-Replayed" not in answer.headers


DELETIONS: dict[str, Act] = {
    "the person, into another": lambda c, ada: c.post(
        f"{PEOPLE}/{_bob(c)}/merge",
        json={"other_id": ada["person"]["id"], "identifiers": "drop"},
    ),
    "the person": lambda c, ada: c.delete(f"{PEOPLE}/{ada['person']['id']}"),
    "the collection": lambda c, _: c.delete(f"{STAFF}?force=true"),
}


def _bob(client: TestClient) -> str:
    made(client.post(PEOPLE, json={"id": "bob"}))
    return "bob"


@pytest.mark.parametrize("deleted", DELETIONS)
def test_nothing_of_a_person_is_left_when_they_are_deleted(
    client: TestClient, container: Container, deleted: str
) -> None:
    make_collection(client)
    ada = made(make_ada(client))
    person = f"{PEOPLE}/{ada['person']['id']}"
    made(client.post(f"{person}/faces", files=files(picture(1, 1)), headers=once("faces")))
    word = {"person_id": ada["person"]["id"], "verdict": "them"}
    image = files(picture(1, 2), field="image")
    made(client.post(f"{STAFF}/feedback", data=word, files=image, headers=once("feedback")))
    made(client.post(PEOPLE, data={"id": "twin"}, files=files(picture(2))))
    twins = f"{STAFF}/lookalikes/twin/{ada['person']['id']}/dismissal"
    assert ok(client.put(twins))["key_id"] == "operator"
    assert receipts(container.database) == 3
    assert dismissals(container.database) == 1
    assert NAME in stored(container.database)
    assert DELETIONS[deleted](client, ada).status_code in (200, 204)
    left = stored(container.database)
    assert receipts(container.database) == dismissals(container.database) == 0
    assert not [each for each in (NAME, BADGE, ROOM, ada["person"]["id"]) if each in left]


def test_a_person_who_was_deleted_is_made_again_under_the_same_key(client: TestClient) -> None:
    make_collection(client)
    first = made(make_ada(client))["person"]["id"]
    assert client.delete(f"{PEOPLE}/{first}").status_code == 204
    again = make_ada(client)
    second = made(again)["person"]["id"]
    assert is_new(again)
    assert second != first
    assert [each["id"] for each in ok(client.get(PEOPLE))["items"]] == [second]
    assert not is_new(make_ada(client))


CREATIONS: dict[str, tuple[Act, Act, str]] = {
    "a collection": (
        lambda c, _: c.post("/collections", json={"name": NAME}, headers=once()),
        lambda c, made: c.delete(f"/collections/{made['id']}"),
        "id",
    ),
    "a key": (
        lambda c, _: c.post("/keys", json={"name": NAME, "scopes": ["read"]}, headers=once()),
        lambda c, made: c.delete(f"/keys/{made['id']}"),
        "id",
    ),
    "a face": (
        lambda c, _: c.post(f"{PEOPLE}/bob/faces", files=files(picture(2)), headers=once()),
        lambda c, made: c.delete(f"{PEOPLE}/bob/faces/{made['faces'][0]['id']}"),
        "faces",
    ),
    "a face of several": (
        lambda c, _: c.post(
            f"{PEOPLE}/bob/faces", files=files(picture(2), picture(2, 1)), headers=once()
        ),
        lambda c, made: c.delete(f"{PEOPLE}/bob/faces/{made['faces'][1]['id']}"),
        "faces",
    ),
    "feedback by its person": (
        lambda c, _: c.post(
            f"{STAFF}/feedback",
            data={"person_id": "cid", "verdict": "them"},
            files=files(picture(3, 1), field="image"),
            headers=once(),
        ),
        lambda c, _: _another_cid(c),
        "id",
    ),
}


def _make_cid(client: TestClient) -> None:
    made(client.post(PEOPLE, data={"id": "cid"}, files=files(picture(3))))


def _another_cid(client: TestClient) -> httpx.Response:
    """The answer to the deletion of one; another is there when this returns."""
    gone: httpx.Response = client.delete(f"{PEOPLE}/cid")
    _make_cid(client)
    return gone


@pytest.mark.parametrize("what", CREATIONS)
def test_what_was_deleted_is_made_again_under_the_same_key(client: TestClient, what: str) -> None:
    create, delete, new = CREATIONS[what]
    make_collection(client)
    made(client.post(PEOPLE, json={"id": "bob"}))
    _make_cid(client)
    first = made(create(client, None))
    assert not is_new(create(client, None))
    assert delete(client, first).status_code == 204
    again = create(client, None)
    assert is_new(again)
    assert made(again)[new] != first[new]


def test_the_deletion_of_one_thing_leaves_the_receipts_of_others(client: TestClient) -> None:
    make_collection(client)
    ada = made(make_ada(client))
    bob = made(client.post(PEOPLE, json={"name": "Bob"}, headers=once("bob")))
    key = made(client.post("/keys", json={"scopes": ["read"]}, headers=once("key")))
    assert client.delete(f"{PEOPLE}/{bob['person']['id']}").status_code == 204
    assert client.delete(f"/keys/{key['id']}").status_code == 204
    again = make_ada(client)
    assert (made(again), is_new(again)) == (ada, False)


@pytest.mark.parametrize("policy", ["warn", "refuse"])
def test_a_receipt_that_names_another_person_goes_with_them(
    client: TestClient, container: Container, policy: str
) -> None:
    make_collection(client, lookalikes=policy)
    made(client.post(PEOPLE, data={"id": "look-alike"}, files=files(picture(1, 3))))
    twin = files(picture(1), picture(5)), once("twin")
    first = client.post(PEOPLE, data={"id": "ada"}, files=twin[0], headers=twin[1])
    assert "look-alike" in str(made(first)["warnings" if policy == "warn" else "rejected"])
    assert client.delete(f"{PEOPLE}/look-alike").status_code == 204
    assert "look-alike" not in stored(container.database)
    again = client.post(PEOPLE, data={"id": "ada"}, files=twin[0], headers=twin[1])
    problem(again, 409, "already_exists")
    assert "look-alike" not in again.text


CHANGES = {
    "name": ({"name": "Ada King"}, NAME),
    "no name": ({"name": None}, NAME),
    "external id": ({"external_id": None}, BADGE),
    "metadata": ({"metadata": {}}, ROOM),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_person_was_called_is_in_no_receipt(
    client: TestClient, container: Container, change: str
) -> None:
    patch, before = CHANGES[change]
    make_collection(client)
    first = made(make_ada(client))
    now = ok(client.patch(f"{PEOPLE}/{first['person']['id']}", json=patch))
    assert before not in stored(container.database)
    again = make_ada(client)
    assert not is_new(again)
    assert made(again) == first | {"person": now}


def test_what_a_collection_was_called_is_in_no_receipt(
    client: TestClient, container: Container
) -> None:
    body = {"id": "staff", "name": NAME, "metadata": {"room": "room of all"}}
    made(client.post("/collections", json=body, headers=once()))
    ada = made(make_ada(client, "ada"))
    now = ok(client.patch(STAFF, json={"name": None, "metadata": {}}))
    assert "room of all" not in stored(container.database)
    again = client.post("/collections", json=body, headers=once())
    assert (made(again), is_new(again)) == (now, False)
    assert made(make_ada(client, "ada")) == ada


def test_a_revoked_key_leaves_no_receipts_of_what_it_made(
    client: TestClient, container: Container
) -> None:
    make_collection(client)
    key = made(client.post("/keys", json={"scopes": ["enroll"]}))
    headers = {**once(), "X-API-Key": key["key"], "Authorization": ""}
    made(client.post(PEOPLE, json={"name": NAME}, headers=headers))
    assert receipts(container.database) == 1
    assert client.delete(f"/keys/{key['id']}").status_code == 204
    assert receipts(container.database) == 0


def test_old_receipts_are_deleted_without_anybody_asking(
    client: TestClient, container: Container, clock: FakeClock
) -> None:
    make_collection(client)
    made(make_ada(client))
    clock.forward(dt.timedelta(hours=23))
    made(client.post(PEOPLE, json={"name": "Bob"}, headers=once("bob")))
    container.jobs.run("receipts")
    assert receipts(container.database) == 2
    clock.forward(dt.timedelta(hours=1))
    container.jobs.run("receipts")
    assert receipts(container.database) == 1


@pytest.mark.on_postgresql
def test_a_purge_waits_for_no_request_that_holds_a_receipt(
    client: TestClient, container: Container, clock: FakeClock
) -> None:
    """Nor for another replica's: a deadlock of the two could fail the request."""
    make_collection(client)
    made(make_ada(client))
    made(client.post(PEOPLE, json={"name": "Bob"}, headers=once("bob")))
    clock.forward(dt.timedelta(hours=24))
    with container.database.write() as session:
        session.scalars(select(Receipt).where(Receipt.key == "bob").with_for_update()).one()
        with ThreadPoolExecutor(2) as replicas:
            list(replicas.map(container.jobs.run, ["receipts"] * 2))
        assert receipts(container.database) == 1
    container.jobs.run("receipts")
    assert receipts(container.database) == 0


def test_a_deletion_during_replays_is_answered_by_no_later_one(client: TestClient) -> None:
    """Eight ask again and again while one deletes: each who begins after the answer to the deletion
    gets somebody who is there."""
    make_collection(client)
    body = {"name": NAME, "external_id": BADGE}

    def create() -> httpx.Response:
        answer: httpx.Response = client.post(PEOPLE, json=body, headers=once())
        return answer

    for _ in range(5):
        first = made(create())["person"]["id"]
        together = Barrier(5)

        def ask(_: int, together: Barrier = together) -> list[httpx.Response]:
            together.wait()
            return [create() for _ in range(3)]

        with ThreadPoolExecutor(5) as pool:
            asked = [pool.submit(ask, i) for i in range(4)]
            together.wait()
            assert client.delete(f"{PEOPLE}/{first}").status_code == 204
            after = made(create())["person"]["id"]
            answers = [answer for each in asked for answer in each.result()]
        assert after != first
        assert {made(answer)["person"]["id"] for answer in answers} <= {first, after}
        assert [each["id"] for each in ok(client.get(PEOPLE))["items"]] == [after]
        assert client.delete(f"{PEOPLE}/{after}").status_code == 204
