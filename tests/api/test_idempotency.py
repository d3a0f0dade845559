"""``Idempotency-Key``: sent again, a creation happens once and answers the same."""

import datetime as dt
import hashlib
import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.container import Services
from app.gallery.schemas import NewPerson
from app.receipts.models import Receipt
from app.web.uploads import fingerprint
from tests.api.support import FakeClock, files, made, make_collection, ok, problem
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY

pytestmark = pytest.mark.both_databases

KEY = {"Idempotency-Key": "once"}
Create = Callable[[TestClient], httpx.Response]

CREATIONS: dict[str, tuple[str, Create, Create]] = {
    "collections": (
        "/collections",
        lambda c: c.post("/collections", json={}, headers=KEY),
        lambda c: c.post("/collections", json={"name": "x"}, headers=KEY),
    ),
    "keys": (
        "/keys",
        lambda c: c.post("/keys", json={"scopes": ["read"]}, headers=KEY),
        lambda c: c.post("/keys", json={"scopes": ["admin"]}, headers=KEY),
    ),
    "persons": (
        "/collections/staff/persons",
        lambda c: c.post("/collections/staff/persons", files=files(picture(1)), headers=KEY),
        lambda c: c.post("/collections/staff/persons", files=files(picture(2)), headers=KEY),
    ),
    "faces": (
        "/collections/staff/persons/ada/faces",
        lambda c: c.post(
            "/collections/staff/persons/ada/faces",
            files=files(picture(1), b"no image"),
            headers=KEY,
        ),
        lambda c: c.post(
            "/collections/staff/persons/ada/faces", files=files(picture(2)), headers=KEY
        ),
    ),
}


@pytest.fixture(params=CREATIONS)
def creation(request: pytest.FixtureRequest, timed: TestClient) -> tuple[str, Create, Create]:
    """The path that lists a creation, the creation, and another one with the same key."""
    make_collection(timed)
    made(timed.post("/collections/staff/persons", json={"id": "ada"}))
    return CREATIONS[request.param]


def lasting(answer: dict[str, Any]) -> dict[str, Any]:
    """All of an answer but a key's secret, which is shown once and stored nowhere."""
    return {name: value for name, value in answer.items() if name != "key"}


def count(client: TestClient, path: str) -> int:
    return len(ok(client.get(path))["items"])


def test_sent_again_a_creation_answers_the_same_and_happens_once(
    timed: TestClient, creation: tuple[str, Create, Create]
) -> None:
    path, create, _ = creation
    before = count(timed, path)
    answers = [create(timed) for _ in range(3)]
    first, *again = [lasting(made(answer)) for answer in answers]
    assert again == [first, first]
    assert count(timed, path) == before + 1
    replayed = [answer.headers.get("Idempotent-Replayed") for answer in answers]
    assert replayed == [None, "true", "true"]


def test_another_body_under_the_same_key_is_a_conflict(
    timed: TestClient, creation: tuple[str, Create, Create]
) -> None:
    path, create, other = creation
    made(create(timed))
    there = count(timed, path)
    assert "'once'" in problem(other(timed), 409, "conflict")["detail"]
    assert count(timed, path) == there


def test_after_24_hours_the_key_is_new(
    timed: TestClient, clock: FakeClock, creation: tuple[str, Create, Create]
) -> None:
    path, create, other = creation
    first = lasting(made(create(timed)))
    clock.forward(dt.timedelta(hours=24, seconds=-1))
    assert lasting(made(create(timed))) == first
    clock.forward(dt.timedelta(seconds=1))
    there = count(timed, path)
    assert lasting(made(other(timed))) != first
    assert count(timed, path) == there + 1


def test_two_at_once_create_one(timed: TestClient, creation: tuple[str, Create, Create]) -> None:
    path, create, _ = creation
    before, together = count(timed, path), Barrier(4)

    def at_once(_: int) -> httpx.Response:
        together.wait()
        return create(timed)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(at_once, range(4)))
    assert len({str(lasting(made(answer))) for answer in answers}) == 1
    assert count(timed, path) == before + 1


def test_without_a_key_each_request_creates(client: TestClient) -> None:
    first, second = (made(client.post("/collections", json={})) for _ in range(2))
    assert first["id"] != second["id"]


def test_a_form_with_another_boundary_is_the_same_body(client: TestClient, staff: str) -> None:
    answers = []
    for boundary in ("one-boundary", "another-boundary"):
        headers = {**KEY, "Content-Type": f"multipart/form-data; boundary={boundary}"}
        answer = client.post(
            f"{staff}/persons", data={"name": "Ada"}, files=files(picture(1)), headers=headers
        )
        assert boundary.encode() in answer.request.content
        answers.append(made(answer))
    assert answers[0] == answers[1]
    assert count(client, f"{staff}/persons") == 1


def test_fields_in_another_order_are_the_same_body(client: TestClient) -> None:
    one = client.post("/collections", json={"name": "x", "target_fpir": 0.1}, headers=KEY)
    other = client.post("/collections", json={"target_fpir": 0.1, "name": "x"}, headers=KEY)
    assert made(one) == made(other)


def test_the_same_key_on_another_route_is_a_conflict(client: TestClient, staff: str) -> None:
    make_collection(client, "other")
    made(client.post(f"{staff}/persons", json={"id": "ada"}, headers=KEY))
    elsewhere = client.post("/collections/other/persons", json={"id": "ada"}, headers=KEY)
    problem(elsewhere, 409, "conflict")


def test_two_callers_do_not_share_their_keys(client: TestClient) -> None:
    mine = made(client.post("/collections", json={}, headers=KEY))
    secret = made(client.post("/keys", json={"scopes": ["admin"]}))["key"]
    theirs = {**KEY, "Authorization": f"Bearer {secret}"}
    assert made(client.post("/collections", json={}, headers=theirs))["id"] != mine["id"]


def test_a_request_that_failed_may_be_mended_under_its_key(client: TestClient, staff: str) -> None:
    path = f"{staff}/persons"
    problem(client.post(path, files=files(b"text"), headers=KEY), 415, "unsupported_image")
    assert made(client.post(path, files=files(picture(1)), headers=KEY))["faces"]


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_of_no_or_too_many_characters_is_refused(client: TestClient, key: str) -> None:
    answer = client.post("/collections", json={}, headers={"Idempotency-Key": key})
    body = problem(answer, 422, "invalid_request")
    assert [each["field"] for each in body["errors"]] == ["Idempotency-Key"]


def test_a_repeated_key_creation_does_not_show_the_secret_again(client: TestClient) -> None:
    first = made(client.post("/keys", json={"scopes": ["read"]}, headers=KEY))
    again = made(client.post("/keys", json={"scopes": ["read"]}, headers=KEY))
    assert first["key"]
    assert again["key"] is None
    assert again["id"] == first["id"]


@pytest.mark.on_sqlite
def test_what_is_stored_of_a_request_is_keyed_with_the_key_that_sent_it(timed: TestClient) -> None:
    """A plain hash of a body would let a reader of the database guess a card's number."""
    people = f"{make_collection(timed)}/persons"
    body = {"name": "Ada"}
    other = made(timed.post("/keys", json={"scopes": ["enroll"]}))["key"]
    made(timed.post(people, json=body, headers=KEY))
    made(timed.post(people, json=body, headers=KEY | {"Authorization": f"Bearer {other}"}))
    services: Services = timed.app.state.services  # type: ignore[attr-defined]
    with services.receipts._database.read() as session:
        marks = set(session.scalars(select(Receipt.fingerprint)))
    plain = fingerprint(f"POST /v1{people}", NewPerson.model_validate(body))
    assert len(marks | {plain}) == 3
    key = ADMIN_KEY.encode()
    assert hmac.new(key, plain.encode(), hashlib.sha256).hexdigest() in marks
