"""The decisions of a door, in pages and as CSV."""

import csv
import datetime as dt
import io
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from app.bootstrap import Container, build
from app.settings import Settings
from tests.api.doors import ADA, BOB, HQ, door_key, make_hq, of
from tests.api.support import FakeClock, made, make_collection, ok, problem
from tests.api.test_events import events
from tests.support.client import client_of

LOG = "/doors/front/decisions"


def everything(client: TestClient, path: str = LOG, **query: str) -> list[dict[str, Any]]:
    """All pages of the log."""
    items: list[dict[str, Any]] = []
    while True:
        page = ok(client.get(path, params={"limit": "2", **query}))
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        query["cursor"] = page["next_cursor"]


@pytest.mark.both_databases
def test_decisions_are_found_by_time_person_and_reason(timed: TestClient, clock: FakeClock) -> None:
    make_hq(timed)
    answers = []
    for _ in range(3):
        answers += [of(timed, ADA), of(timed, BOB)]
        clock.forward(dt.timedelta(minutes=10))
    found = everything(timed)
    assert [each["event_id"] for each in found] == [each["event_id"] for each in answers]
    assert [each["event_id"] for each in found] == [
        each["id"] for each in events(timed) if each["type"] == "door.decision"
    ]
    for row, answer in zip(found, answers, strict=True):
        assert row["at"] == answer["decided_at"]
        assert (row["decision"], row["reason"]) == (answer["decision"], answer["reason"])
        assert row["person_id"] == answer["person"]["id"]
        assert row["similarity"] == answer["match"]["similarity"]
    ids = [each["event_id"] for each in found]
    wanted = {
        "person": ({"person": "ada"}, ids[::2]),
        "reason": ({"reason": "not_authorised"}, ids[1::2]),
        "both": ({"person": "ada", "reason": "not_authorised"}, []),
        "from": ({"from": "2026-05-04T12:10:00Z"}, ids[2:]),
        "to": ({"to": "2026-05-04T12:10:00Z"}, ids[:2]),
        "day": ({"from": "2026-05-05T00:00:00Z"}, []),
    }
    for name, (query, expected) in wanted.items():
        for path in (LOG, f"{HQ}{LOG}"):
            assert [each["event_id"] for each in everything(timed, path, **query)] == expected, name


def test_it_is_a_file_of_csv_for_a_spreadsheet(timed: TestClient) -> None:
    make_hq(timed)
    answers = [of(timed, ADA), of(timed, BOB)]
    for asked in ({"params": {"format": "csv"}}, {"headers": {"Accept": "text/csv"}}):
        answer = timed.get(LOG, **asked)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["event_id"] for row in rows] == [each["event_id"] for each in answers]
        assert [row["person_id"] for row in rows] == ["ada", "bob"]
        assert list(rows[0]) == list(everything(timed)[0])


def test_the_key_of_a_camera_does_not_read_it(timed: TestClient) -> None:
    make_hq(timed)
    of(timed, ADA)
    problem(timed.get(LOG, headers=door_key(timed)), 403, "forbidden")
    make_collection(timed, "other")
    foreign = made(timed.post("/keys", json={"scopes": ["read"], "collections": ["other"]}))["key"]
    theirs = {"Authorization": f"Bearer {foreign}"}
    problem(timed.get(LOG, headers=theirs), 404, "not_found")
    problem(timed.get(f"{HQ}{LOG}", headers=theirs), 403, "forbidden")
    problem(timed.get("/doors/nowhere/decisions"), 404, "not_found")


@pytest.mark.on_sqlite
def test_a_page_reads_no_decision_that_it_does_not_show(
    settings: Settings, clock: FakeClock
) -> None:
    """An index has the decisions in the order of the page, whatever is asked for."""
    service: Container = build(settings, clock)
    asked: list[tuple[str, Any]] = []
    with client_of(service) as client:
        make_hq(client)
        of(client, ADA)

        def note(*call: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
            if "audit_rows" in call[2] and "ORDER BY" in call[2]:
                asked.append((call[2], call[3]))

        event.listen(service.database.engine, "before_cursor_execute", note)
        for query in (
            {},
            {"person": "ada"},
            {"reason": "granted"},
            {"from": "2026-01-01T00:00:00Z"},
        ):
            assert len(everything(client, **query)) == 1
        with service.database.read() as session:
            for statement, values in asked[:4]:
                plan = session.connection().exec_driver_sql(
                    f"EXPLAIN QUERY PLAN {statement}", values
                )
                steps = " ".join(str(row[-1]) for row in plan)
                assert "USING INDEX ix_audit_rows_of_" in steps
                assert "TEMP B-TREE" not in steps
                assert "SCAN" not in steps
