"""Doors whose database does not answer: for a bounded time they go on by what was last known."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from app.bootstrap import Container, build
from app.core.db import Database
from app.core.outage import Outage
from app.errors import DatabaseLost
from app.gallery.models import Collection
from app.inference.analyser import Analysis
from app.replication import follower
from app.settings import Settings
from tests.api.support import (
    FakeClock,
    enrol,
    files,
    made,
    make_collection,
    ok,
    only_face,
    problem,
    write_counts,
)
from tests.support.client import client_of
from tests.support.pictures import picture
from tests.support.proxy import Wire, wired
from tests.support.server import ServerProcess

pytestmark = pytest.mark.on_postgresql

DOORS = "/collections/doors"
REMOVED = "carl"
PROBES = ((1, "ada"), (1, "erin"), (2, "bob"), (4, "dora"), (5, "ada"), (50, "ada"))
ALLOWED = 600
SECONDS = 30  # for what takes a second, on a machine that is busy
Serve = Callable[..., ServerProcess]


@pytest.fixture
def wire(database_url: str) -> Iterator[Wire]:
    with wired(database_url) as made_of_it:
        yield made_of_it


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def ask(client: httpx.Client, somebody: int, collection: str = "doors") -> httpx.Response:
    image = files(picture(somebody, 9), field="image")
    return client.post(f"/collections/{collection}/identify", files=image)


def verify(client: httpx.Client, person: str, somebody: int) -> httpx.Response:
    image = files(picture(somebody, 9), field="image")
    return client.post(f"{DOORS}/persons/{person}/verify", files=image)


def said(answer: httpx.Response) -> tuple[str, str | None, bool]:
    body = ok(answer)
    face = only_face(body)
    return face["decision"], face["person_id"], body["stale"]


def metric(client: httpx.Client, name: str) -> float:
    text = client.get(f"http://{client.base_url.netloc.decode()}/metrics").text
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.M))


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


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


@pytest.fixture
def outage_of(
    settings: Settings, wire: Wire, clock: FakeClock
) -> Iterator[tuple[TestClient, Outage]]:
    """A service in this process that may be stale for a while, and what knows of its outages."""
    with client_of(built(settings, wire, clock, ALLOWED)) as client:
        make_collection(client, "doors")
        services = client.app.state.services  # type: ignore[attr-defined]
        yield client, services.cached_keys._outage


def built(settings: Settings, wire: Wire, clock: FakeClock, seconds: int) -> Container:
    by_wire = settings.model_copy(update={"database_url": wire.url, "stale_ok_seconds": seconds})
    return build(by_wire, clock)


def test_a_service_in_an_outage_goes_on_no_longer_than_it_may(
    outage_of: tuple[TestClient, Outage], wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, outage = outage_of
    known_to(client)
    wire.cut()
    assert said(ask(client, 1)) == ("unknown", None, True)
    monkeypatch.setattr(outage, "_now", lambda: time.monotonic() + ALLOWED)
    for answer in (ask(client, 1), client.get("/health/ready")):
        problem(answer, 503, "not_ready")
    assert metric(client, "kith_stale") == 0
    wire.mend()
    wait_for(lambda: client.get("/health/ready").status_code == 200)
    assert said(ask(client, 1)) == ("unknown", None, False)


def test_validity_is_of_the_moment_also_in_an_outage(
    outage_of: tuple[TestClient, Outage], wire: Wire, clock: FakeClock
) -> None:
    client, _ = outage_of
    noon = clock.now()
    enrol(client, DOORS, "ada", picture(1), valid_until=(noon + timedelta(hours=1)).isoformat())
    enrol(client, DOORS, "bob", picture(2), valid_from=(noon + timedelta(hours=1)).isoformat())
    known_to(client)
    wire.cut()
    assert said(ask(client, 1)) == ("identified", "ada", True)
    assert said(ask(client, 2)) == ("unknown", None, True)
    clock.forward(timedelta(hours=1))
    assert said(ask(client, 1)) == ("unknown", None, True)
    assert said(ask(client, 2)) == ("identified", "bob", True)
    verification = ok(verify(client, "ada", 1))
    assert verification["reasons"] == ["person_not_valid"]
    face = only_face(ok(ask(client, 1)))
    assert face["reasons"] == ["person_not_valid"]
    assert face["not_valid"] == verification["not_valid"]
    (ada,) = face["not_valid"]
    assert (ada["person_id"], ada["valid_from"], ada["valid_until"]) == (
        "ada",
        None,
        "2026-05-04T13:00:00Z",
    )


def test_who_is_asked_in_an_outage_and_answers_after_it_goes_by_what_the_database_says(
    outage_of: tuple[TestClient, Outage],
    wire: Wire,
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    door, outage = outage_of
    enrol(door, DOORS, "ada", picture(1))
    known_to(door)
    wire.cut()
    assert said(ask(door, 1)) == ("identified", "ada", True)
    assert client.delete(f"{DOORS}/persons/ada").status_code == 204
    ok(client.patch(DOORS, json={"keep_probes": 1}))
    analyser = door.app.state.services.identification._analyser  # type: ignore[attr-defined]
    analyse = analyser.analyse

    def analyse_for_long(*args: object, **options: object) -> Analysis:
        wire.mend()
        wait_for(lambda: not outage.stale)
        found: Analysis = analyse(*args, **options)
        return found

    monkeypatch.setattr(analyser, "analyse", analyse_for_long)
    answer = ask(door, 1)
    assert said(answer) == ("unknown", None, False)
    assert only_face(answer.json())["probe_id"]  # also by what the collection is now
    wire.cut()
    assert verify(door, "ada", 1).status_code == 404


def test_probes_judged_in_an_outage_are_counted_once_it_is_over(
    outage_of: tuple[TestClient, Outage], wire: Wire
) -> None:
    client, outage = outage_of
    known_to(client)
    wire.cut()
    for _ in range(3):
        assert said(ask(client, 1)) == ("unknown", None, True)
    wire.mend()
    wait_for(lambda: not outage.stale)
    assert said(ask(client, 1)) == ("unknown", None, False)
    write_counts(client)
    evidence = ok(client.get(f"{DOORS}/threshold"))["evidence"]
    assert evidence["feedback"]["probes"] == 4


def test_who_loses_the_database_looks_for_it_at_once(
    outage_of: tuple[TestClient, Outage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One connection may have broken, with nothing else wrong."""
    monkeypatch.setattr(follower, "_POLL_SECONDS", 3600)
    client, outage = outage_of
    known_to(client)  # from now on it looks when the test says so
    with pytest.raises(ZeroDivisionError):
        outage.answer(broken, lambda: 1 // 0)
    wait_for(lambda: not outage.stale)
    assert said(ask(client, 1)) == ("unknown", None, False)


def broken() -> int:
    raise DatabaseLost("one connection")


def test_what_may_be_old_for_a_second_only_is_looked_at_every_half(
    settings: Settings, wire: Wire, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "_POLL_SECONDS", 3600)
    with client_of(built(settings, wire, clock, 1)) as client:
        for _ in range(2):
            looked_since(client, time.monotonic())


def looked_since(client: TestClient, began: float) -> None:
    """Wait until a look has ended that began after ``began``."""

    def is_anew() -> bool:
        since = time.monotonic() - began
        return metric(client, "kith_known_age_seconds") < since

    wait_for(is_anew)


def known_to(client: TestClient) -> None:
    """Wait until a service knows all that was answered so far."""
    began = time.monotonic()
    make_collection(client, "last")
    enrol(client, "/collections/last", "somebody", picture(99))  # of which services hear
    looked_since(client, began)


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
