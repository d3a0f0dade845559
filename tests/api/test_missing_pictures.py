"""Sealed pictures that are missing are found, also where a later row says that others went."""

import datetime as dt

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import ColumnElement, delete

from app.bootstrap import Container
from app.trail.models import Evidence
from tests.api.doors import ADA, BOB, HQ, of
from tests.api.support import FakeClock
from tests.api.test_audit_decisions import rows
from tests.api.test_probe_evidence import DAY, door, kept, sealing, wrong

__all__ = ["door", "sealing"]
pytestmark = pytest.mark.both_databases


def removed(container: Container, *which: ColumnElement[bool]) -> None:
    """Delete sealed pictures behind the service's back."""
    with container.database.write() as session:
        session.execute(delete(Evidence).where(*which))


def test_a_removal_hides_no_picture_that_went_before(
    door: TestClient, sealing: Container, clock: FakeClock
) -> None:
    of(door, ADA)
    clock.forward(dt.timedelta(minutes=10))
    of(door, BOB)
    seqs = [each["seq"] for each in rows(door)]
    removed(sealing, Evidence.place == 0)
    assert wrong(sealing) == [f"a sealed picture of row {seq} is missing" for seq in seqs]
    assert door.delete(f"{HQ}/persons/ada").status_code == 204
    seq = rows(door, "person.deleted")[-1]["seq"]
    assert wrong(sealing) == [
        f"sealed pictures of the person 'ada' are missing, 1 more than row {seq} says went with "
        "them",
        f"a sealed picture of row {seqs[1]} is missing",
    ]


def test_a_purge_hides_no_picture_that_went_before(
    door: TestClient, sealing: Container, clock: FakeClock
) -> None:
    of(door, ADA)
    removed(sealing, Evidence.place == 0)
    clock.forward(4 * DAY)
    of(door, ADA)
    sealing.jobs.run("evidence")
    assert len(kept(sealing)) == 3
    assert wrong(sealing) == [
        "sealed pictures are missing, 1 more than its rows say were purged",
    ]


def test_purges_in_portions_and_removals_between_them_explain_all_that_went(
    door: TestClient, sealing: Container, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.trail.retention._PICTURES", 2)
    for somebody in (ADA, BOB, ADA):
        of(door, somebody)
        clock.forward(dt.timedelta(minutes=10))
    assert door.delete(f"{HQ}/persons/bob").status_code == 204
    clock.forward(4 * DAY)
    of(door, ADA)
    sealing.jobs.run("evidence")
    assert len(rows(door, "evidence.purged")) > 1
    assert door.delete(f"{HQ}/persons/ada").status_code == 204
    assert kept(sealing) == []
    assert wrong(sealing) == []
