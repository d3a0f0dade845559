"""Keys are made, shown once, listed and revoked; the first one is made at the first start."""

import hashlib
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import Settings
from tests.api.support import made, ok, problem, wrong_fields
from tests.api.test_contract_keys import as_key
from tests.support.client import client_of


def test_a_key_is_shown_once(client: TestClient) -> None:
    body = made(client.post("/keys", json={"name": "door", "scopes": ["identify"]}))
    fields_of_a_key = {"id", "name", "scopes", "collections", "created_at", "key"}
    assert set(body) == fields_of_a_key | {
        "doors",
        "expires_at",
        "last_used_at",
        "rate",
        "unknown",
    }
    assert (body["name"], body["scopes"], body["collections"]) == ("door", ["identify"], None)
    assert (body["expires_at"], body["last_used_at"], body["rate"]) == (None, None, None)
    assert len(body["key"]) >= 40
    listed = ok(client.get("/keys"))
    assert [set(each) for each in listed["items"]] == [set(body) - {"key"}]
    assert body["key"] not in str(listed)


def test_a_scope_that_is_named_twice_is_one(client: TestClient) -> None:
    body = made(client.post("/keys", json={"scopes": ["read", "identify", "read"]}))
    assert body["scopes"] == ["read", "identify"]


def test_a_key_opens_by_either_header(client: TestClient) -> None:
    bearer = as_key(client, scopes=["read"])
    secret = bearer["Authorization"].removeprefix("Bearer ")
    ok(client.get("/models", headers=bearer))
    del client.headers["authorization"]
    ok(client.get("/models", headers={"X-API-Key": secret}))
    problem(client.get("/models"), 401, "unauthenticated")


def test_a_revoked_key_opens_nothing_from_then_on(client: TestClient) -> None:
    body = made(client.post("/keys", json={"scopes": ["admin"]}))
    headers = {"X-API-Key": body["key"], "Authorization": ""}
    ok(client.get("/keys", headers=headers))
    answer = client.delete(f"/keys/{body['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    problem(client.get("/keys", headers=headers), 401, "unauthenticated")
    problem(client.delete(f"/keys/{body['id']}"), 404, "not_found")
    assert ok(client.get("/keys"))["items"] == []


def test_keys_are_listed_page_by_page(client: TestClient) -> None:
    ids = [made(client.post("/keys", json={"scopes": ["read"]}))["id"] for _ in range(3)]
    first = ok(client.get("/keys", params={"limit": 2}))
    second = ok(client.get("/keys", params={"limit": 2, "cursor": first["next_cursor"]}))
    assert [each["id"] for each in first["items"] + second["items"]] == ids
    assert second["next_cursor"] is None
    assert wrong_fields(client.get("/keys", params={"cursor": "x"})) == ["cursor"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["root"]}, "scopes[0]"),
        ({"scopes": "admin"}, "scopes"),
        ({"scopes": ["read"], "collections": []}, "collections"),
        ({"scopes": ["read"], "collections": ["a b"]}, "collections[0]"),
        ({"scopes": ["read"], "name": "n" * 257}, "name"),
        ({"scopes": ["read"], "key": "my-own-secret"}, "key"),
    ],
)
def test_a_wrong_field_is_named(client: TestClient, body: dict[str, object], field: str) -> None:
    assert wrong_fields(client.post("/keys", json=body)) == [field]


def test_the_first_admin_key_is_made_once_and_kept_hashed(settings: Settings) -> None:
    unset = settings.model_copy(update={"admin_key": None, "database_url": None})
    with client_of(build(unset)):
        secret = unset.admin_key_file.read_text().strip()
    assert unset.admin_key_file.stat().st_mode & 0o777 == 0o600
    with client_of(build(unset), secret) as client:
        assert len(ok(client.get("/keys"))["items"]) == 1
    assert unset.admin_key_file.read_text().strip() == secret
    database = b"".join(file.read_bytes() for file in _database_files(unset.data_dir))
    assert secret.encode() not in database
    assert hashlib.sha256(secret.encode()).hexdigest().encode() in database


def _database_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("kith.db*"))
