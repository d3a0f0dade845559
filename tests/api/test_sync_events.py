"""A sync says of each person what happened, and holds at the next decision of every door."""

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import Settings
from tests.api.doors import ADA, HQ, make_hq, of, outcome
from tests.api.support import FakeClock, ok
from tests.api.test_audit import audit
from tests.api.test_events import events
from tests.support.client import client_of
from tests.support.server import ADMIN_KEY

pytestmark = pytest.mark.both_databases
EVERYBODY = {"missing": "suspend", "max_change": "1"}
NDJSON = {"Content-Type": "application/x-ndjson"}


def sync(client: TestClient, *lines: Mapping[str, object]) -> None:
    content = "\n".join(json.dumps(each) for each in lines).encode()
    ok(client.post(f"{HQ}/sync", content=content, headers=NDJSON, params=EVERYBODY))


def test_each_person_of_a_sync_has_an_event_and_few_rows_name_them(timed: TestClient) -> None:
    make_hq(timed)
    ok(timed.patch(f"{HQ}/persons/ada", json={"external_id": "1"}))
    before, rows = events(timed), len(audit(timed))
    many = [{"external_id": f"x{n}"} for n in range(250)]
    sync(timed, {"external_id": "1", "name": "Ada"}, *many)
    sync(timed, *many)
    sync(timed, *many)
    sync(timed, {"external_id": "1"}, *many)
    found = events(timed, before[-1]["id"])
    ids = {each["subject"] for each in found if each["type"] == "person.created"}
    assert len(ids) == 250
    rest = [each for each in found if each["type"] != "person.created"]
    assert [(each["type"], each["subject"], each["data"]["fields"]) for each in rest] == [
        ("person.updated", "ada", ["name"]),
        ("person.suspended", "ada", ["suspended"]),
        ("person.updated", "ada", ["suspended"]),
    ]
    sequences = [int(each["sequence"]) for each in found]
    assert sequences == list(range(sequences[0], sequences[0] + 253))
    new = audit(timed)[rows:]
    assert [row["action"] for row in new] == [
        *("persons.created", "persons.created", "persons.changed", "collection.synced"),
        *("persons.suspended", "collection.synced", "persons.unsuspended", "collection.synced"),
    ]
    by_seq = {row["seq"]: row for row in new if row["collection"] == "hq"}
    for each in found:
        assert each["subject"] in by_seq[each["data"]["audit_seq"]]["details"]["persons"]
        assert (
            each["data"]["request_id"] == by_seq[each["data"]["audit_seq"]]["actor"]["request_id"]
        )


def test_a_suspension_by_a_sync_holds_at_the_next_decision_of_each_replica(
    tmp_path: Path, fake_bundle: Path, database_url: str, clock: FakeClock
) -> None:
    one, two = (
        client_of(
            build(
                Settings(
                    data_dir=tmp_path / name,
                    model=fake_bundle,
                    admin_key=ADMIN_KEY,
                    database_url=database_url,
                ),
                clock,
            )
        )
        for name in ("one", "two")
    )
    with one as asked, two as other:
        make_hq(asked, grant_ttl_ms=500, cooldown_ms=0)
        ok(asked.patch(f"{HQ}/persons/ada", json={"external_id": "1"}))
        for lines, wanted in (
            ([{"external_id": "1"}], ("granted", "granted", "ada")),
            ([{"external_id": "2"}], ("denied", "person_suspended", "ada")),
            ([{"external_id": "1"}], ("granted", "granted", "ada")),
            ([{"external_id": "1", "groups": []}], ("denied", "not_authorised", "ada")),
        ):
            sync(asked, *lines)
            for replica in (other, asked):
                clock.forward(dt.timedelta(seconds=1))
                assert outcome(of(replica, ADA)) == wanted
