"""A key with the scope ``door`` is for doors of one collection, and for nothing else."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.sites import make_site
from tests.api.support import made, make_collection, ok, problem, wrong_fields

pytestmark = pytest.mark.both_databases
DOOR: dict[str, Any] = {"scopes": ["door"], "collections": ["hq"], "doors": ["front"]}


@pytest.fixture
def site(client: TestClient) -> TestClient:
    for collection in ("annex", "hq"):
        make_site(client, make_collection(client, collection))
    return client


def test_it_is_made_for_doors_that_are_there_and_listed_with_them(site: TestClient) -> None:
    made(site.post("/collections/hq/doors", json={"id": "back"}))
    key = made(site.post("/keys", json={**DOOR, "doors": ["front", "back"]}))
    assert (key["scopes"], key["collections"]) == (["door"], ["hq"])
    assert key["doors"] == ["front", "back"]
    other = made(site.post("/keys", json={"scopes": ["read"]}))
    assert other["doors"] is None
    listed = {each["id"]: each["doors"] for each in ok(site.get("/keys"))["items"]}
    assert (listed[key["id"]], listed[other["id"]]) == (["front", "back"], None)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"doors": ["side"]}, "doors[0]"),
        ({"doors": ["front", "side"]}, "doors[1]"),
        ({"collections": ["nowhere"]}, "collections[0]"),
        ({"doors": []}, "doors"),
        ({"doors": None}, "body"),
        ({"collections": None}, "body"),
        ({"collections": ["hq", "annex"]}, "body"),
        ({"scopes": ["door", "identify"]}, "body"),
        ({"scopes": ["door", "admin"]}, "body"),
        ({"scopes": ["identify"]}, "body"),
    ],
)
def test_what_such_a_key_cannot_be(site: TestClient, change: dict[str, Any], named: str) -> None:
    assert wrong_fields(site.post("/keys", json={**DOOR, **change})) == [named]


def test_it_is_bound_to_the_door_itself_and_not_to_its_id(site: TestClient) -> None:
    key = made(site.post("/keys", json=DOOR))["id"]
    for path in ("rules/r", "doors/front"):
        answer = site.delete(f"/collections/hq/{path}", headers={"If-Match": "*"})
        assert answer.status_code == 204
    made(site.post("/collections/hq/doors", json={"id": "front"}))
    doors = {each["id"]: each["doors"] for each in ok(site.get("/keys"))["items"]}
    assert doors[key] == []


def test_it_learns_nothing_of_who_there_is(site: TestClient) -> None:
    made(site.post("/collections/hq/persons", json={"id": "ada"}))
    headers = {"Authorization": f"Bearer {made(site.post('/keys', json=DOOR))['key']}"}
    for path in ("", "/persons", "/persons/ada", "/doors", "/doors/front", "/threshold"):
        problem(site.get(f"/collections/hq{path}", headers=headers), 403, "forbidden")
    problem(site.get("/models", headers=headers), 403, "forbidden")
