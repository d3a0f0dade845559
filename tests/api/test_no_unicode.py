"""SQLite takes bytes that are no UTF-8 for a text: a row that somebody wrote so, or that a disk has
spoilt, costs itself alone.
"""

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import Container
from app.trail.verification import faults
from tests.api.doors import ADA, BOB, HQ, make_hq, of, outcome
from tests.api.support import ok
from tests.support.databases import change_file

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
def door(timed: TestClient) -> TestClient:
    make_hq(timed)
    ok(timed.put(f"{HQ}/groups/staff/members/bob", json={}))
    timed.post("/keys", json={"scopes": ["read"], "name": "k"})
    of(timed, ADA)
    return timed


@pytest.mark.parametrize("statement", CHANGED.values(), ids=list(CHANGED))
def test_a_text_that_is_no_unicode_costs_its_row_alone(
    door: TestClient, container: Container, database_url: str, statement: str
) -> None:
    change_file(database_url, statement)
    assert outcome(of(door, BOB))[0] in ("granted", "denied")
    assert outcome(of(door, ADA)) == ("granted", "granted", "ada")
    assert {path: door.get(path).status_code for path in READ} == dict.fromkeys(READ, 200)
    with container.database.read() as session:
        assert bool(list(faults(session))) is ("audit" in statement)
