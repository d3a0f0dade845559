"""Requests of CompreFace's clients for one subject at one moment: nobody is made twice."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import Settings
from tests.api.support import made, ok
from tests.support.client import client_of
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY

ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}
SUBJECTS = "/api/v1/recognition/subjects"
FACES = "/api/v1/recognition/faces"


class Overtaken:
    """Persons, before whose next ``step`` another request is answered."""

    def __init__(self, persons: object, step: str, other: Callable[[], httpx.Response]) -> None:
        self._persons = persons
        self._step = step
        self._others = [other]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if name == self._step and self._others:
            assert self._others.pop()().is_success
        return getattr(self._persons, name)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """A client of CompreFace's, for a collection of its own."""
    on = settings.model_copy(update={"compreface": True})
    with client_of(build(on), key="", url="http://kith") as client:
        made(client.post("/v1/collections", json={"id": "hq"}, headers=ADMIN))
        body = {"scopes": ["enroll", "read"], "collections": ["hq"]}
        key = made(client.post("/v1/keys", json=body, headers=ADMIN))["key"]
        client.headers["x-api-key"] = key
        yield client


def overtake(client: TestClient, step: str, other: Callable[[], httpx.Response]) -> None:
    subjects = client.app.state.services.subjects  # type: ignore[attr-defined]
    subjects._persons = Overtaken(subjects._persons, step, other)


def add(client: TestClient, name: str = "Ada") -> httpx.Response:
    answer: httpx.Response = client.post(SUBJECTS, json={"subject": name})
    return answer


def enrol(client: TestClient, shake: int, name: str = "Ada") -> httpx.Response:
    answer: httpx.Response = client.post(
        FACES, params={"subject": name}, files={"file": picture(1, shake)}
    )
    return answer


def delete(client: TestClient) -> httpx.Response:
    answer: httpx.Response = client.delete(f"{SUBJECTS}/Ada")
    return answer


def people(client: TestClient) -> dict[str, int]:
    """The name and the number of faces of everybody."""
    rows = ok(client.get("/v1/collections/hq/persons"))["items"]
    found = {row["name"]: row["face_count"] for row in rows}
    assert len(found) == len(rows), rows
    return found


@pytest.mark.parametrize("step", ["names", "create"])
@pytest.mark.parametrize("former", [(), ("Bob",), ("Bob", "Cy")])
def test_a_subject_that_is_made_twice_at_once_is_one_person(
    client: TestClient, step: str, former: tuple[str, ...]
) -> None:
    for name in former:  # who had the name, and so its id, before
        made(add(client))
        ok(client.put(f"{SUBJECTS}/Ada", json={"subject": name}))
    overtake(client, step, lambda: add(client))
    late = add(client)
    assert (late.status_code, late.json()["code"]) == (400, 43)
    assert people(client) == dict.fromkeys((*former, "Ada"), 0)


@pytest.mark.parametrize("step", ["names", "create"])
def test_two_first_faces_of_a_subject_are_of_one_person(client: TestClient, step: str) -> None:
    overtake(client, step, lambda: enrol(client, 1))
    made(enrol(client, 2))
    assert people(client) == {"Ada": 2}


def test_a_face_is_added_where_its_subject_is_removed_at_this_moment(client: TestClient) -> None:
    made(enrol(client, 1))
    overtake(client, "add_faces", lambda: delete(client))
    made(enrol(client, 2))
    assert people(client) == {"Ada": 1}


@pytest.mark.parametrize("step", ["delete", "update"])
def test_what_was_removed_at_this_moment_is_a_subject_that_is_not_there(
    client: TestClient, step: str
) -> None:
    made(add(client))
    overtake(client, step, lambda: delete(client))
    path = f"{SUBJECTS}/Ada"
    late = client.delete(path) if step == "delete" else client.put(path, json={"subject": "Bob"})
    assert (late.status_code, late.json()["code"]) == (404, 42)
