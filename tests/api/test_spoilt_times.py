"""Times of PostgreSQL that Python has not: somebody wrote them there, and they spoil their row
alone.
"""

import psycopg
import pytest
from fastapi.testclient import TestClient

from tests.api.doors import ADA, BOB, HQ, make_hq, of
from tests.api.support import identify, ok, only_face

pytestmark = pytest.mark.on_postgresql
TIMES = ("infinity", "-infinity", "0044-03-15 12:00 BC", "10000-01-01")


def change(url: str, statement: str, *values: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute(statement.encode(), values).rowcount == 1


@pytest.mark.parametrize("column", ["created_at", "valid_from", "valid_until"])
@pytest.mark.parametrize("time", TIMES)
def test_a_person_with_such_a_time_hides_no_other(
    client: TestClient, database_url: str, column: str, time: str
) -> None:
    make_hq(client)
    change(database_url, f"UPDATE persons SET {column} = %s WHERE id = 'ada'", time)  # noqa: S608
    listed = ok(client.get(f"{HQ}/persons"))["items"]
    assert [each["id"] for each in listed] == ["bob"]
    assert only_face(identify(client, HQ, BOB))["person_id"] == "bob"
    ada = only_face(identify(client, HQ, ADA))["person_id"]
    assert ada == ("ada" if column == "created_at" else None)


@pytest.mark.parametrize("time", TIMES)
def test_a_row_of_the_audit_with_such_a_time_is_shown_by_its_body(
    client: TestClient, database_url: str, time: str
) -> None:
    make_hq(client)
    of(client, ADA)
    change(database_url, "UPDATE audit_rows SET at = %s WHERE action = 'door.decision'", time)
    rows = ok(client.get("/audit", params={"collection": "hq", "limit": "1000"}))["items"]
    assert rows[-1]["action"] == "door.decision"
    assert len(ok(client.get(f"{HQ}/doors/front/decisions"))["items"]) == 1
