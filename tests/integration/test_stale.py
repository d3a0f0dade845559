"""Doors whose database does not answer: for a bounded time they go on by what was last known."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from app.core.db import Database
from app.gallery.models import Collection
from tests.api.support import enrol, files, made, make_collection, only_face, problem, told
from tests.support.pictures import picture
from tests.support.proxy import Wire, wired
from tests.support.server import ServerProcess

pytestmark = pytest.mark.on_postgresql

DOORS = "/collections/doors"
SECONDS = 30  # for what takes a second, on a machine that is busy
Serve = Callable[..., ServerProcess]


@pytest.fixture
def wire(database_url: str) -> Iterator[Wire]:
    with wired(database_url) as made_of_it:
        yield made_of_it


def ask(client: httpx.Client, somebody: int, collection: str = "doors") -> httpx.Response:
    image = files(picture(somebody, 9), field="image")
    return client.post(f"/collections/{collection}/identify", files=image)


def verify(client: httpx.Client, person: str, somebody: int) -> httpx.Response:
    image = files(picture(somebody, 9), field="image")
    return client.post(f"{DOORS}/persons/{person}/verify", files=image)


def said(answer: httpx.Response) -> tuple[str, str | None, bool]:
    body = told(answer)
    face = only_face(body)
    return face["decision"], face["person_id"], body["stale"]


def verified(answer: httpx.Response) -> tuple[str, list[str], bool]:
    body = told(answer)
    return body["decision"], body["reasons"], body["stale"]


def metric(client: httpx.Client, name: str) -> float:
    text = client.get(f"http://{client.base_url.netloc.decode()}/metrics").text
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.M))


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def knows(client: httpx.Client) -> None:
    """Wait until a service has looked at all that was answered before."""
    asked = time.monotonic()

    def looked() -> bool:
        since = time.monotonic() - asked
        return metric(client, "kith_known_age_seconds") < since

    wait_for(looked)


def test_by_default_no_door_decides_while_the_database_does_not_answer(
    server: Serve, wire: Wire
) -> None:
    with server(KITH_DATABASE_URL=wire.url).client() as client:
        made(client.post("/collections", json={"id": "doors"}))
        form = {"id": "ada"}
        made(client.post(f"{DOORS}/persons", data=form, files=files(picture(1))))
        assert said(ask(client, 1)) == ("identified", "ada", False)
        assert verified(verify(client, "ada", 1)) == ("match", [], False)
        assert metric(client, "kith_known_age_seconds") == float("inf")
        wire.cut()
        for answer in (ask(client, 1), verify(client, "ada", 1), client.get("/health/ready")):
            assert "database" in problem(answer, 503, "not_ready")["detail"]
            assert int(answer.headers["retry-after"]) >= 1
        wire.mend()
        assert said(ask(client, 1)) == ("identified", "ada", False)


def furnish(client: TestClient, database_url: str) -> dict[str, str]:
    """People and keys of every kind; the keys."""
    make_collection(client, "doors", keep_probes=5)
    make_collection(client, "foreign")
    database = Database(database_url)
    with database.write() as session:
        session.execute(
            update(Collection).where(Collection.id == "foreign").values(contract_id="another")
        )
    database.close()
    enrol(client, DOORS, "ada", picture(1), name="Eda", external_id="badge-7")
    told(client.patch(f"{DOORS}/persons/ada", json={"name": "Ada"}))
    enrol(client, DOORS, "bob", picture(2), valid_until="2020-01-01T00:00:00Z")
    enrol(client, DOORS, "carl", picture(3))
    enrol(client, DOORS, "dora", picture(4))
    report = {"person_id": "dora", "verdict": "not_them"}
    image = files(picture(4, 9), field="image")
    made(client.post(f"{DOORS}/feedback", data=report, files=image))
    keys: dict[str, dict[str, Any]] = {
        "door": {"scopes": ["identify"]},
        "reader": {"scopes": ["read"]},
        "bound": {"scopes": ["identify"], "collections": ["foreign"]},
        "revoked": {"scopes": ["identify"]},
    }
    given = {name: made(client.post("/keys", json=fields)) for name, fields in keys.items()}
    told_nothing = client.delete(f"/keys/{given['revoked']['id']}")
    assert told_nothing.status_code == 204
    enrol(client, DOORS, "erin", picture(5))  # of which services hear
    return {name: each["key"] for name, each in given.items()}


def test_a_door_that_may_goes_on_by_what_was_last_known(
    server: Serve, wire: Wire, client: TestClient, database_url: str
) -> None:
    keys = furnish(client, database_url)
    replica = server(KITH_DATABASE_URL=wire.url, KITH_STALE_OK_SECONDS="60")
    with replica.client(keys["door"]) as door, replica.client() as admin:
        assert said(ask(door, 1)) == ("identified", "ada", False)
        knows(admin)
        assert admin.delete(f"{DOORS}/persons/carl").status_code == 204
        wire.cut()  # before anybody had a look

        face = only_face(told(ask(door, 1)))
        ada = face["candidates"][0]
        assert (face["decision"], face["person_id"]) == ("identified", "ada")
        assert (ada["name"], ada["external_id"], ada["face_id"]) == ("Ada", "badge-7", None)
        assert said(ask(door, 1)) == ("identified", "ada", True)
        for nobody in (2, 3, 4, 50):  # invalid, removed, reported not to be, a stranger
            assert said(ask(door, nobody)) == ("unknown", None, True)
            assert only_face(told(ask(door, nobody)))["probe_id"] is None
        assert "carl" not in ask(door, 3).text
        reported = {each["person_id"]: each["reported_not_them"] for each in candidates(door, 4)}
        assert reported["dora"] is True

        assert verified(verify(door, "ada", 1)) == ("match", [], True)
        assert verified(verify(door, "ada", 2)) == ("no_match", [], True)
        assert verified(verify(door, "bob", 2)) == ("rejected", ["person_not_valid"], True)
        assert verified(verify(door, "dora", 4)) == ("no_match", [], True)
        problem(verify(door, "nobody", 1), 404, "not_found")
        problem(verify(door, "carl", 3), 503, "not_ready")
        problem(ask(door, 1, "nowhere"), 404, "not_found")
        problem(ask(door, 1, "foreign"), 409, "contract_mismatch")

        for name, status, code in (
            ("revoked", 401, "unauthenticated"),
            ("reader", 403, "forbidden"),
            ("bound", 403, "forbidden"),
        ):
            with replica.client(keys[name]) as other:
                problem(ask(other, 1), status, code)
        with replica.client("wrong") as wrong:
            problem(ask(wrong, 1), 401, "unauthenticated")

        assert told(door.get("/health/ready")) == {"status": "stale"}
        assert metric(admin, "kith_stale") == 1
        assert metric(admin, "kith_stale_decisions_total") >= 15
        image = files(picture(1), field="image")
        for elsewhere in (
            door.post("/detect", files=image),
            admin.get(DOORS),
            admin.get(f"{DOORS}/threshold"),
            admin.post(f"{DOORS}/persons", json={"id": "fay"}),
        ):
            problem(elsewhere, 503, "not_ready")

        assert client.delete(f"{DOORS}/persons/ada").status_code == 204
        assert said(ask(door, 1)) == ("identified", "ada", True)
        wire.mend()
        answers = []
        wait_for(lambda: answers.append(said(ask(door, 1))) or not answers[-1][2])
        assert set(answers[:-1]) <= {("identified", "ada", True)}
        assert answers[-1] == ("unknown", None, False)
        assert said(ask(door, 1)) == ("unknown", None, False)
        assert told(door.get("/health/ready")) == {"status": "ok"}
        assert metric(admin, "kith_stale") == 0
    log = replica.log.read_text()
    assert (log.count("stale.began"), log.count("stale.ended")) == (1, 1)


def candidates(client: httpx.Client, somebody: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = only_face(told(ask(client, somebody)))["candidates"]
    return found
