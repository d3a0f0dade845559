"""Doors whose database does not answer: for a bounded time they go on by what was last known."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from app.core.db import Database
from app.gallery.models import Collection
from tests.api.support import enrol, files, made, make_collection, ok, only_face, problem
from tests.support.outages import DOORS, ask, metric, said, verify
from tests.support.pictures import picture
from tests.support.proxy import Wire
from tests.support.server import ServerProcess
from tests.support.waiting import wait_for

pytestmark = pytest.mark.on_postgresql

REMOVED = "carl"
PROBES = ((1, "ada"), (1, "erin"), (2, "bob"), (4, "dora"), (5, "ada"), (50, "ada"))
Serve = Callable[..., ServerProcess]


def test_by_default_no_door_decides_while_the_database_does_not_answer(
    server: Serve, wire: Wire
) -> None:
    with server(KITH_DATABASE_URL=wire.url).client() as client:
        made(client.post("/collections", json={"id": "doors"}))
        form = {"id": "ada"}
        made(client.post(f"{DOORS}/persons", data=form, files=files(picture(1))))
        assert said(ask(client, 1)) == ("identified", "ada", False)
        assert ok(verify(client, "ada", 1))["stale"] is False
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
    ok(client.patch(f"{DOORS}/persons/ada", json={"name": "Ada"}))
    enrol(client, DOORS, "bob", picture(2), valid_until="2020-01-01T00:00:00Z")
    enrol(client, DOORS, "carl", picture(3))
    enrol(client, DOORS, "dora", picture(4))
    report = {"person_id": "dora", "verdict": "not_them"}
    image = files(picture(4, 9), field="image")
    made(client.post(f"{DOORS}/feedback", data=report, files=image))
    keys: dict[str, dict[str, Any]] = {
        "door": {"scopes": ["identify", "read"]},
        "kiosk": {"scopes": ["identify"]},
        "reader": {"scopes": ["read"]},
        "bound": {"scopes": ["identify"], "collections": ["foreign"]},
        "revoked": {"scopes": ["identify"]},
    }
    given = {name: made(client.post("/keys", json=fields)) for name, fields in keys.items()}
    deleted = client.delete(f"/keys/{given['revoked']['id']}")
    assert deleted.status_code == 204
    enrol(client, DOORS, "erin", picture(5))  # of which services hear
    return {name: each["key"] for name, each in given.items()}


def test_a_door_that_may_goes_on_by_what_was_last_known(
    server: Serve, wire: Wire, client: TestClient, database_url: str
) -> None:
    keys = furnish(client, database_url)
    replica = server(KITH_DATABASE_URL=wire.url, KITH_STALE_OK_SECONDS="60")
    with replica.client(keys["door"]) as door, replica.client() as admin:
        live = [answer for probe in PROBES for answer in both(door, *probe)]
        assert admin.delete(f"{DOORS}/persons/carl").status_code == 204
        wire.cut()

        stale = [answer for probe in PROBES for answer in both(door, *probe)]
        assert stale == [answer | {"stale": True} for answer in live]
        (ada,) = (each for each in candidates(door, 1) if each["person_id"] == "ada")
        assert (ada["name"], ada["external_id"], ada["face_id"]) == ("Ada", "badge-7", None)
        assert said(ask(door, 1)) == ("identified", "ada", True)
        for nobody in (2, 3, 4, 50):  # invalid, removed, reported not to be, a stranger
            assert said(ask(door, nobody)) == ("unknown", None, True)
            assert only_face(ok(ask(door, nobody)))["probe_id"] is None
        assert "carl" not in ask(door, 3).text
        with replica.client(keys["kiosk"]) as kiosk:  # it may not read, and gets as little now
            assert said(ask(kiosk, 1)) == ("identified", "ada", True)
            assert candidates(kiosk, 1) == []
            assert "badge-7" not in ask(kiosk, 1).text
        (dora,) = (each for each in candidates(door, 4) if each["person_id"] == "dora")
        assert dora["reported_not_them"] is True
        problem(verify(door, "nobody", 1), 404, "not_found")
        assert verify(door, "carl", 3).status_code in (404, 503)  # it may have had a look
        problem(ask(door, 1, "nowhere"), 404, "not_found")
        problem(ask(door, 1, "foreign"), 409, "contract_mismatch")

        _check_refused_keys(replica, keys)
        assert ok(door.get("/health/ready")) == {"status": "stale"}
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
        answers = until_live(door)
        assert answers[-1] == ("unknown", None, False)
        named = [person == "ada" for _, person, _ in answers]
        assert named == sorted(named, reverse=True)  # once it is known that she is gone, for good
        assert {said(ask(door, 1)) for _ in range(5)} == {("unknown", None, False)}
        assert ok(door.get("/health/ready")) == {"status": "ok"}
        assert metric(admin, "kith_stale") == 0
    log = replica.log.read_text()
    assert (log.count("stale.began"), log.count("stale.ended")) == (1, 1)


def _check_refused_keys(replica: ServerProcess, keys: Mapping[str, str]) -> None:
    """Keys that opened nothing before open nothing now."""
    for name, status, code in (
        ("revoked", 401, "unauthenticated"),
        ("reader", 403, "forbidden"),
        ("bound", 403, "forbidden"),
    ):
        with replica.client(keys[name]) as other:
            problem(ask(other, 1), status, code)
    with replica.client("wrong") as wrong:
        problem(ask(wrong, 1), 401, "unauthenticated")


def until_live(client: httpx.Client) -> list[tuple[str, str | None, bool]]:
    """The answers about somebody, asked again and again until one is no longer stale."""
    answers = []

    def is_live() -> bool:
        answers.append(said(ask(client, 1)))
        return not answers[-1][2]

    wait_for(is_live)
    return answers


def both(client: httpx.Client, somebody: int, person: str) -> list[dict[str, Any]]:
    """An identification and a verification, but for what differs from one answer to the next."""
    image = files(picture(somebody, 9), field="image")
    answers = [
        ok(client.post(f"{DOORS}/identify", files=image)),
        ok(client.post(f"{DOORS}/persons/{person}/verify", files=image)),
    ]
    for face in answers[0]["faces"]:
        for other in face["candidates"][1:]:
            del other["fpir"]  # it takes the next ones along, and one of them is withheld
    for answer in answers:
        del answer["request_id"]
        answer.pop("timings_ms", None)
    for face in answers[0]["faces"]:
        del face["probe_id"]
        face["candidates"] = [
            {name: value for name, value in candidate.items() if name != "face_id"}
            for candidate in face["candidates"]
            if candidate["person_id"] != REMOVED
        ]
    return answers


def candidates(client: httpx.Client, somebody: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = only_face(ok(ask(client, somebody)))["candidates"]
    return found
