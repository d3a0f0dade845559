"""``PUT /persons/by-external-id/{x}`` makes a person or changes the one who is there."""

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi.testclient import TestClient

from tests.api.support import made, make_collection, ok, problem, wrong_fields

PEOPLE = "/collections/staff/persons"
ODD = [
    "hr-1",
    "a/b",
    "/",
    "a//b/",
    "a%2Fb",
    "100%",
    "a b+c",
    "?x=1#y",
    "faces/1",
    "by-external-id/x",
    "Zoë 山",
    "..x",
    "a;b,c&d=e'(f)*",
    "x" * 256,
]


@pytest.fixture(autouse=True)
def staff(client: TestClient) -> None:
    make_collection(client)


def put(client: TestClient, who: str, /, **fields: Any) -> httpx.Response:  # noqa: ANN401
    answer: httpx.Response = client.put(
        f"{PEOPLE}/by-external-id/{quote(who, safe='')}", json=fields
    )
    return answer


@pytest.mark.both_databases
def test_the_first_makes_and_the_next_changes(client: TestClient) -> None:
    ada = made(put(client, "hr-1", id="ada", name="Ada", metadata={"a": 1}))
    assert (ada["id"], ada["external_id"], ada["face_count"]) == ("ada", "hr-1", 0)
    assert ada == ok(client.get(f"{PEOPLE}/ada"))
    ok(client.patch(f"{PEOPLE}/ada", json={"suspended": True}))
    card = {"system": "acs", "type": "card", "value": "4711"}
    again = ok(put(client, "hr-1", name="Ada L.", credentials=[card]))
    kept = {"id": "ada", "name": "Ada L.", "metadata": {"a": 1}, "suspended": True}
    assert kept.items() <= again.items()
    same = ok(put(client, "hr-1", name="Ada L.", credentials=[card]))
    assert same == again | {"updated_at": same["updated_at"]}
    assert ok(put(client, "hr-1", id="ada", name=None))["name"] is None
    assert len(ok(client.get(PEOPLE))["items"]) == 1


@pytest.mark.parametrize("external_id", ODD)
def test_any_external_id_can_be_in_the_path(client: TestClient, external_id: str) -> None:
    person = made(put(client, external_id))
    assert person["external_id"] == external_id
    assert ok(put(client, external_id, name="A"))["id"] == person["id"]
    (found,) = ok(client.get(PEOPLE, params={"external_id": external_id}))["items"]
    assert found["id"] == person["id"]


def test_one_spelling_is_one_person(client: TestClient) -> None:
    person = made(put(client, unicodedata.normalize("NFD", "Zoë")))
    assert ok(put(client, "Zoë"))["id"] == person["id"]
    assert person["external_id"] == "Zoë"


def test_a_slash_leads_to_no_other_route(client: TestClient) -> None:
    made(client.post(PEOPLE, json={"id": "by-external-id"}))
    for method, path in (
        ("DELETE", f"{PEOPLE}/by-external-id/faces%2F1"),
        ("GET", f"{PEOPLE}%2Fby-external-id/x"),
        ("PUT", f"{PEOPLE}%2Fby-external-id/x"),
        ("PUT", "/collections/staff%2Fpersons/by-external-id/x"),
        ("PUT", f"{PEOPLE}/x%2Fby-external-id/x"),
        ("PUT", f"{PEOPLE}/by-external-id/%ff"),
        ("PUT", f"{PEOPLE}/by-external-id/%c3%28"),
    ):
        answer = client.request(method, path, json={})
        problem(answer, 404, "not_found")
    assert len(ok(client.get(PEOPLE))["items"]) == 1


def test_what_is_wrong_is_named_and_changes_nothing(client: TestClient) -> None:
    made(put(client, "hr-1", id="ada"))
    made(client.post(PEOPLE, json={"id": "bob"}))
    assert wrong_fields(put(client, "x" * 257)) == ["external_id"]
    assert wrong_fields(put(client, "")) == ["external_id"]
    assert wrong_fields(put(client, "a\n")) == ["external_id"]
    assert wrong_fields(put(client, "hr-2", external_id="hr-2")) == ["external_id"]
    (error,) = problem(put(client, "hr-1", id="bob"), 409, "conflict")["errors"]
    assert (error["field"], "'ada'" in error["message"]) == ("id", True)
    problem(put(client, "hr-2", id="bob"), 409, "already_exists")
    late = {"valid_from": "2027-01-01T00:00:00Z"}
    ok(put(client, "hr-1", **late))
    answer = put(client, "hr-1", valid_until="2026-01-01T00:00:00Z")
    problem(answer, 422, "invalid_request")
    problem(client.put("/collections/no/persons/by-external-id/x", json={}), 404, "not_found")
    assert len(ok(client.get(PEOPLE))["items"]) == 2


@pytest.mark.both_databases
def test_of_many_at_once_one_makes_and_all_are_of_one_person(client: TestClient) -> None:
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda n: put(client, f"x/{n % 3}", name=f"N{n}"), range(36)))
    assert sorted(answer.status_code for answer in answers) == [200] * 33 + [201] * 3
    ids = {answer.json()["external_id"]: answer.json()["id"] for answer in answers}
    there = {each["external_id"]: each["id"] for each in ok(client.get(PEOPLE))["items"]}
    assert there == ids
    assert len(ids) == 3
    assert len({answer.json()["id"] for answer in answers}) == 3
