"""A row that somebody changed in the database is missing from its list, and hides no other."""

from typing import Final

import pytest
from fastapi.testclient import TestClient

from tests.api.doors import HQ, make_hq
from tests.api.support import made, make_collection, ok
from tests.support.databases import change_file, change_oldest

NO_TIME: Final = "'!'"
NO_JSON: Final = "'{'"
OTHER_JSON: Final = "'5'"
NO_ID: Final = "'no id'"
BYTES: Final = "x'ff00'"
TIMES: Final = [("created_at", NO_TIME), ("created_at", BYTES), ("updated_at", "5")]

PERSONS: Final = [
    ("id", NO_ID),
    ("id", BYTES),
    ("name", BYTES),
    ("external_id", BYTES),
    ("metadata", NO_JSON),
    ("metadata", OTHER_JSON),
    ("metadata", BYTES),
    ("metadata", f"'{'[' * 5000}'"),
    ("valid_from", NO_TIME),
    ("valid_until", NO_TIME),
    *TIMES,
]


def others(client: TestClient, path: str, url: str, table: str, column: str, value: str) -> None:
    """Change the oldest row of a table; the list, as a whole and page by page, has the others."""
    others = ok(client.get(path))["items"][1:]
    change_oldest(url, table, column, value)
    listed = ok(client.get(path))["items"]
    assert listed[-len(others) :] == others
    assert len(listed) <= len(others) + 1
    first = ok(client.get(path, params={"limit": "1"}))
    assert len(first["items"]) <= 1
    assert ok(client.get(path, params={"cursor": first["next_cursor"]}))["items"] == others


@pytest.mark.parametrize(("column", "value"), PERSONS)
def test_a_person_who_cannot_be_shown_hides_no_other(
    client: TestClient, database_url: str, column: str, value: str
) -> None:
    staff = make_collection(client)
    for name in ("ada", "bob", "carl"):
        made(client.post(f"{staff}/persons", json={"id": name}))
    others(client, f"{staff}/persons", database_url, "persons", column, value)


@pytest.mark.parametrize(
    ("column", "value"),
    [("id", NO_ID), ("name", BYTES), ("metadata", NO_JSON), ("target_fpir", "'x'"), *TIMES],
)
def test_a_collection_that_cannot_be_shown_hides_no_other(
    client: TestClient, database_url: str, column: str, value: str
) -> None:
    for name in ("one", "two", "three"):
        make_collection(client, name)
    others(client, "/collections", database_url, "collections", column, value)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", NO_ID),
        ("scopes", NO_JSON),
        ("scopes", OTHER_JSON),
        ("collections", NO_JSON),
        ("collection_keys", NO_JSON),
        ("collection_keys", "'[7, 9]'"),
        ("collection_keys", "'[[]]'"),
        ("door_keys", OTHER_JSON),
        ("expires_at", NO_TIME),
        ("last_used_at", NO_TIME),
        ("created_at", NO_TIME),
    ],
)
def test_a_key_that_cannot_be_shown_hides_no_other(
    client: TestClient, database_url: str, column: str, value: str
) -> None:
    for _ in range(3):
        made(client.post("/keys", json={"scopes": ["read"]}))
    others(client, "/keys", database_url, "api_keys", column, value)


POLICY: Final = [("id", NO_ID), ("name", BYTES), *TIMES]


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        *((table, *each) for table in ("zones", "doors", "groups", "schedules") for each in POLICY),
        ("doors", "ref", NO_JSON),
        ("doors", "frames", NO_JSON),
        ("doors", "block_after", OTHER_JSON),
        ("doors", "reveal", NO_JSON),
        ("doors", "mode", "'x'"),
        ("schedules", "week", NO_JSON),
        ("schedules", "special_days", OTHER_JSON),
    ],
)
def test_a_thing_of_the_policy_that_cannot_be_shown_hides_no_other(
    client: TestClient, database_url: str, table: str, column: str, value: str
) -> None:
    make_hq(client)
    body = {"time_zone": "UTC", "week": []} if table == "schedules" else {}
    for name in ("second", "third"):
        made(client.post(f"{HQ}/{table}", json={"id": name, **body}))
    others(client, f"{HQ}/{table}", database_url, table, column, value)


@pytest.mark.parametrize(
    ("column", "value"), [("id", NO_ID), ("content", NO_JSON), ("content", OTHER_JSON), *TIMES]
)
def test_a_webhook_that_cannot_be_shown_hides_no_other(
    client: TestClient, database_url: str, column: str, value: str
) -> None:
    for _ in range(3):
        made(
            client.post(
                "/webhooks", json={"url": "https://example.com", "secrets": ["KITH_SECRET_A"]}
            )
        )
    others(client, "/webhooks", database_url, "webhooks", column, value)


@pytest.mark.parametrize(("column", "value"), [("content", NO_JSON), *TIMES])
def test_an_action_that_cannot_be_shown_hides_no_other(
    client: TestClient, database_url: str, column: str, value: str
) -> None:
    make_hq(client)
    actions = f"{HQ}/doors/front/actions"
    for name in ("one", "two", "three"):
        new = {"kind": "http", "url": "https://example.com", "body": "{}", "auth": {"kind": "none"}}
        ok(client.put(f"{actions}/{name}", json=new))
    others(client, actions, database_url, "door_actions", column, value)


@pytest.mark.parametrize(
    ("column", "value"),
    [("box", NO_JSON), ("quality", NO_JSON), ("quality", "'[1]'"), ("created_at", NO_TIME)],
)
def test_a_face_that_cannot_be_shown_hides_no_other(
    client: TestClient, database_url: str, column: str, value: str
) -> None:
    make_hq(client)
    change_file(database_url, f"UPDATE faces SET {column} = {value} WHERE id = 1")  # noqa: S608
    listed = ok(client.get(f"{HQ}/persons/ada/faces"))["items"]
    assert [each["id"] for each in listed] == [2, 3]


@pytest.mark.parametrize("column", ["valid_from", "valid_until"])
def test_a_membership_that_cannot_be_shown_hides_no_other(
    client: TestClient, database_url: str, column: str
) -> None:
    make_hq(client)
    ok(client.put(f"{HQ}/groups/staff/members/bob", json={}))
    change_oldest(database_url, "memberships", column, NO_TIME)
    listed = ok(client.get(f"{HQ}/groups/staff/members"))["items"]
    assert [each["person_id"] for each in listed] == ["bob"]
