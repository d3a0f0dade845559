"""The limits of a key: its end, its rate of requests; and one admin key always stays."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, select

from app.auth.models import ApiKey
from app.auth.service import KeyService
from app.bootstrap import Container, build
from app.errors import Conflict, NotReady
from app.settings import Settings
from tests.api.support import FakeClock, made, ok, problem, wrong_fields
from tests.support.client import client_of

DAY = dt.timedelta(days=1)


@pytest.fixture
def service(settings: Settings, clock: FakeClock) -> Container:
    """A service whose operator has set no key: all are in the database."""
    return build(settings.model_copy(update={"admin_key": None}), clock)


@pytest.fixture
def client(service: Container) -> Iterator[TestClient]:
    """Asked with the key that the first start made."""
    with client_of(service) as client:
        secret = service.settings.admin_key_file.read_text().strip()
        client.headers["Authorization"] = f"Bearer {secret}"
        yield client


def make(client: TestClient, *scopes: str, **key: object) -> dict[str, Any]:
    return made(client.post("/keys", json={"scopes": list(scopes or ["read"]), **key}))


def ask(client: TestClient, key: dict[str, Any], path: str = "/models") -> httpx.Response:
    headers = {"Authorization": f"Bearer {key['key']}"}
    answer: httpx.Response = client.get(path, headers=headers)
    return answer


def listed(client: TestClient) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in ok(client.get("/keys"))["items"]}


def test_a_key_opens_until_it_expires_and_not_a_moment_longer(
    client: TestClient, clock: FakeClock
) -> None:
    end = clock.now() + DAY
    key = make(client, expires_at=end.isoformat())
    assert dt.datetime.fromisoformat(key["expires_at"]) == end
    clock.forward(DAY - dt.timedelta(microseconds=1))
    ok(ask(client, key))
    clock.forward(dt.timedelta(microseconds=1))
    refused = problem(ask(client, key), 401, "unauthenticated")
    assert "expired" in refused["detail"]
    assert f"{end:%Y-%m-%dT%H:%M:%SZ}" in refused["detail"]
    assert listed(client)[key["id"]]["expires_at"] == key["expires_at"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("expires_at", "2026-05-04T12:00:00Z"),  # now, by the clock of these tests
        ("expires_at", "2020-01-01T00:00:00+02:00"),
        ("expires_at", "2027-01-01T00:00:00"),
        ("expires_at", "tomorrow"),
        ("rate", 0),
        ("rate", -1),
        ("rate", 1.5),
        ("rate", "10"),
        ("rate", 10**9),
        ("last_used_at", "2027-01-01T00:00:00Z"),
    ],
)
def test_a_limit_that_cannot_be_is_refused(client: TestClient, field: str, value: object) -> None:
    answer = client.post("/keys", json={"scopes": ["read"], field: value})
    assert wrong_fields(answer) == [field]


def test_a_key_for_a_collection_that_is_not_there_is_refused(client: TestClient) -> None:
    made(client.post("/collections", json={"id": "staff"}))
    new = {"scopes": ["read"], "collections": ["staff", "nowhere"]}
    assert wrong_fields(client.post("/keys", json=new)) == ["collections[1]"]


def test_a_key_that_asks_too_often_learns_when_to_come_again(client: TestClient) -> None:
    key, other = make(client, rate=3), make(client)
    assert [ask(client, key).status_code for _ in range(3)] == [200] * 3
    late = ask(client, key)
    assert "3 requests a minute" in problem(late, 429, "rate_limited")["detail"]
    assert 1 <= int(late.headers["Retry-After"]) <= 20
    for path in ("/keys", "/collections/nowhere"):  # whatever it asks, also what it may not
        problem(ask(client, key, path), 429, "rate_limited")
    assert [ask(client, other).status_code for _ in range(5)] == [200] * 5
    ok(client.get("/keys"))


def test_the_last_use_of_a_key_is_reported_and_not_written_by_its_requests(
    client: TestClient, service: Container, clock: FakeClock
) -> None:
    key = make(client)
    assert listed(client)[key["id"]]["last_used_at"] is None
    clock.forward(DAY)
    written: list[str] = []
    event.listen(
        service.database.engine,
        "before_cursor_execute",
        lambda _c, _u, statement, *_: written.append(statement),
    )
    for _ in range(5):
        ok(ask(client, key))
    assert not [each for each in written if each.lstrip().startswith(("UPDATE", "INSERT"))]
    used = dt.datetime.fromisoformat(listed(client)[key["id"]]["last_used_at"])
    assert used == clock.now()
    assert last_use(service, key["id"]) is None
    service.services.keys.uses.write()
    assert last_use(service, key["id"]) == clock.now()
    clock.forward(-DAY)  # another replica's clock, or one that was set back
    ok(ask(client, key))
    service.services.keys.uses.write()
    assert last_use(service, key["id"]) == used


def last_use(service: Container, key_id: str) -> dt.datetime | None:
    with service.database.read() as session:
        return session.scalar(select(ApiKey.last_used_at).where(ApiKey.id == key_id))


def test_a_refused_request_is_no_use(client: TestClient, clock: FakeClock) -> None:
    key = make(client, expires_at=(clock.now() + DAY).isoformat())
    clock.forward(DAY)
    problem(ask(client, key), 401, "unauthenticated")
    assert listed(client)[key["id"]]["last_used_at"] is None


def test_a_last_use_that_could_not_be_written_is_written_later(
    client: TestClient, service: Container, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = make(client)
    ok(ask(client, key))

    def lost(**_: object) -> None:
        raise NotReady("The database does not answer; try again.")

    with monkeypatch.context() as broken:
        broken.setattr(service.database, "write", lost)
        with pytest.raises(NotReady):
            service.services.keys.uses.write()
    service.services.keys.uses.write()
    assert last_use(service, key["id"]) == clock.now()


def test_the_last_admin_key_cannot_be_revoked(client: TestClient, clock: FakeClock) -> None:
    (first,) = listed(client)
    made(client.post("/collections", json={"id": "staff"}))
    make(client, "read", "enroll", "identify")
    make(client, "admin", collections=["staff"])
    make(client, "admin", expires_at=(clock.now() + DAY).isoformat())
    refused = problem(client.delete(f"/keys/{first}"), 409, "conflict")
    assert first in refused["detail"]
    assert first in listed(client)
    second = make(client, "admin", "read")
    assert client.delete(f"/keys/{first}").status_code == 204
    client.headers["Authorization"] = f"Bearer {second['key']}"
    problem(client.delete(f"/keys/{second['id']}"), 409, "conflict")


def test_any_other_key_can_be_revoked(client: TestClient, clock: FakeClock) -> None:
    made(client.post("/collections", json={"id": "staff"}))
    others = [
        make(client),
        make(client, "admin", collections=["staff"]),
        make(client, "admin", expires_at=(clock.now() + DAY).isoformat()),
    ]
    for each in others:
        assert client.delete(f"/keys/{each['id']}").status_code == 204
    gone = make(client, "admin", expires_at=(clock.now() + DAY).isoformat())
    clock.forward(DAY)
    assert client.delete(f"/keys/{gone['id']}").status_code == 204


def test_where_the_operator_has_set_a_key_every_other_can_be_revoked(
    settings: Settings, clock: FakeClock
) -> None:
    with client_of(build(settings, clock)) as client:
        key = make(client, "admin")
        assert client.delete(f"/keys/{key['id']}").status_code == 204


@pytest.mark.both_databases
def test_of_two_admin_keys_revoked_at_once_one_stays(
    client: TestClient, service: Container
) -> None:
    replica = KeyService(service.database, FakeClock(), admin_key=None)
    for _ in range(8):
        (first,) = listed(client)
        second = make(client, "admin")
        together = Barrier(2)

        def revoke(keys: KeyService, key_id: str, together: Barrier = together) -> bool:
            together.wait()
            try:
                keys.revoke(key_id)
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(revoke, (service.services.keys, replica), (first, second["id"])))
        assert sorted(done) == [False, True]
        left = second["key"] if done[0] else str(client.headers["authorization"]).split()[1]
        client.headers["Authorization"] = f"Bearer {left}"
        assert len(listed(client)) == 1


def test_a_rate_and_an_end_are_shown_again_with_the_receipt(
    client: TestClient, clock: FakeClock
) -> None:
    new = {"scopes": ["read"], "rate": 5, "expires_at": (clock.now() + DAY).isoformat()}
    once = {"Idempotency-Key": "once"}
    first, again = (made(client.post("/keys", json=new, headers=once)) for _ in range(2))
    assert again == {**first, "key": None}
