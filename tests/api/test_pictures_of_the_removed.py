"""Somebody is removed while a decision about them is written, or while what is old is deleted:
neither is a victim, and the audit says of each sealed picture where it went.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.bootstrap import Container
from app.trail.models import Chain
from tests.api.doors import ADA, HQ, of
from tests.api.support import FakeClock
from tests.api.test_audit_decisions import rows
from tests.api.test_probe_evidence import DAY, door, kept, sealing, wrong
from tests.support.databases import wait_for_locks

__all__ = ["door", "sealing"]
pytestmark = pytest.mark.on_postgresql
REMOVALS: Final[dict[str, Callable[[TestClient], httpx.Response]]] = {
    "a deletion": lambda c: c.delete(f"{HQ}/persons/ada"),
    "a merge": lambda c: c.post(f"{HQ}/persons/bob/merge", json={"other_id": "ada"}),
}


@contextmanager
def chain_held(container: Container) -> Iterator[None]:
    """A block in which nobody else writes to the audit of the collection."""
    with container.database.write() as session:
        mine = select(Chain.key).where(Chain.collection_id == "hq")
        assert session.scalar(mine.with_for_update())
        yield


@pytest.mark.parametrize("removal", REMOVALS)
def test_pictures_of_a_decision_that_is_being_written_go_with_the_person(
    door: TestClient, sealing: Container, removal: str
) -> None:
    with ThreadPoolExecutor(2) as others:
        with chain_held(sealing):
            decided = others.submit(of, door, ADA)
            wait_for_locks(sealing.database, 1)
            removed = others.submit(REMOVALS[removal], door)
            wait_for_locks(sealing.database, 2)
        assert decided.result()["reason"] == "granted"
        assert removed.result().is_success, removed.result().text
    assert kept(sealing) == []
    assert rows(door, "person.deleted")[-1]["details"]["evidence"] == 3
    assert wrong(sealing) == []


@pytest.mark.parametrize(("job", "days"), [("evidence", 4), ("audit", 200)])
@pytest.mark.parametrize("removal", REMOVALS)
def test_a_removal_and_the_deletion_of_what_is_old_wait_for_each_other(
    door: TestClient, sealing: Container, clock: FakeClock, job: str, days: int, removal: str
) -> None:
    of(door, ADA)
    clock.forward(days * DAY)
    with ThreadPoolExecutor(2) as others:
        with chain_held(sealing):
            purged = others.submit(sealing.jobs.run, job)
            wait_for_locks(sealing.database, 1)
            removed = others.submit(REMOVALS[removal], door)
            wait_for_locks(sealing.database, 2)
        purged.result()
        assert removed.result().is_success, removed.result().text
    assert kept(sealing) == []
    assert "evidence" not in rows(door, "person.deleted")[-1]["details"]
    assert wrong(sealing) == []
