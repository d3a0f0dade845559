"""Cursors are for the key and the list that they were given to, and count nobody's rows."""

import httpx
import pytest
from fastapi.testclient import TestClient

from tests.api.support import made, make_collection, ok, wrong_fields

LISTS = ("/keys", "/collections", "/collections/staff/persons", "/collections/other/persons")


@pytest.fixture
def admin(client: TestClient) -> TestClient:
    """Three of everything that is listed, and an admin key from the database."""
    for collection in ("staff", "other", "third"):
        path = make_collection(client, collection)
        for person in ("ada", "bob", "cid"):
            made(client.post(f"{path}/persons", json={"id": person}))
    for _ in range(2):
        key = made(client.post("/keys", json={"scopes": ["admin"]}))
    client.headers = httpx.Headers({"Authorization": f"Bearer {key['key']}"})
    made(client.post("/keys", json={"scopes": ["read"], "collections": ["staff", "third"]}))
    return client


def cursor(client: TestClient, path: str) -> str:
    return str(ok(client.get(path, params={"limit": 1}))["next_cursor"])


def ids(answer: httpx.Response) -> list[str]:
    return [each["id"] for each in ok(answer)["items"]]


@pytest.mark.parametrize("path", LISTS)
def test_a_cursor_leads_on_in_its_own_list_alone(admin: TestClient, path: str) -> None:
    given = cursor(admin, path)
    first = ids(admin.get(path))
    assert ids(admin.get(path, params={"cursor": given})) == first[1:]
    for other in LISTS:
        if other != path:
            assert wrong_fields(admin.get(other, params={"cursor": given})) == ["cursor"]


@pytest.mark.parametrize("path", LISTS)
def test_a_cursor_is_for_the_key_that_it_was_given_to(admin: TestClient, path: str) -> None:
    given = cursor(admin, path)
    other = made(admin.post("/keys", json={"scopes": ["admin"]}))["key"]
    headers = {"Authorization": f"Bearer {other}"}
    answer = admin.get(path, params={"cursor": given}, headers=headers)
    assert wrong_fields(answer) == ["cursor"]


def test_a_bound_key_pages_through_its_own_collections(admin: TestClient) -> None:
    new = {"scopes": ["read"], "collections": ["staff", "third"]}
    headers = {"Authorization": f"Bearer {made(admin.post('/keys', json=new))['key']}"}
    page = ok(admin.get("/collections", params={"limit": 1}, headers=headers))
    following = {"limit": 1, "cursor": page["next_cursor"]}
    rest = ok(admin.get("/collections", params=following, headers=headers))
    assert [each["id"] for each in [*page["items"], *rest["items"]]] == ["staff", "third"]
    assert rest["next_cursor"] is None
