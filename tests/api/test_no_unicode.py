"""SQLite takes bytes that are no UTF-8 for a text: a row that somebody wrote so, or that a disk has
spoilt, costs itself alone.
"""

import sqlite3
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import Container, build
from app.settings import Settings
from app.trail.verification import faults
from tests.api.doors import ADA, BOB, HQ, make_hq, of, outcome
from tests.api.support import FakeClock, ok
from tests.support.client import client_of

CHANGED = {
    "a person's name": "UPDATE persons SET name = CAST(x'ff' AS TEXT) WHERE id = 'bob'",
    "an event": "UPDATE events SET body = CAST(x'ff' AS TEXT) WHERE position = 1",
    "an event's id": "UPDATE events SET id = CAST(x'ff' AS TEXT) WHERE position = 1",
    "a row of the audit": "UPDATE audit_rows SET body = CAST(x'ff' AS TEXT) WHERE key = 5",
    "a door's name": "UPDATE doors SET name = CAST(x'ff' AS TEXT)",
    "a zone's name": "UPDATE zones SET name = CAST(x'ff' AS TEXT)",
    "a key's name": "UPDATE api_keys SET name = CAST(x'ff' AS TEXT)",
}
READ = (
    f"{HQ}/persons",
    f"{HQ}/doors",
    f"{HQ}/zones",
    f"{HQ}/doors/front/decisions",
    "/events",
    "/audit",
    "/audit?collection=hq",
    "/keys",
)


@pytest.fixture
def container(settings: Settings, clock: FakeClock) -> Container:
    return build(settings, clock)


@pytest.fixture
def door(container: Container) -> Iterator[TestClient]:
    with client_of(container) as client:
        make_hq(client)
        ok(client.put(f"{HQ}/groups/staff/members/bob", json={}))
        client.post("/keys", json={"scopes": ["read"], "name": "k"})
        of(client, ADA)
        yield client


@pytest.mark.parametrize("statement", CHANGED.values(), ids=list(CHANGED))
def test_a_text_that_is_no_unicode_costs_its_row_alone(
    door: TestClient, container: Container, database_url: str, statement: str
) -> None:
    with sqlite3.connect(database_url.removeprefix("sqlite:///"), timeout=30) as file:
        assert file.execute(statement).rowcount == 1
    file.close()
    assert outcome(of(door, BOB))[0] in ("granted", "denied")
    assert outcome(of(door, ADA)) == ("granted", "granted", "ada")
    assert {path: door.get(path).status_code for path in READ} == dict.fromkeys(READ, 200)
    with container.database.read() as session:
        assert bool(list(faults(session))) is ("audit" in statement)
