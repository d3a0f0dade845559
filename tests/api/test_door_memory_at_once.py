"""A door's old grants and visits are deleted while decisions are made: the job waits for none of
them, and none loses by it what it remembers.
"""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select

from app.core.db import Database
from app.doors.models import DoorGrant, DoorVisit
from tests.api.doors import ADA, BOB, make_hq, of, outcome
from tests.api.support import FakeClock
from tests.support.databases import wait_for_locks

pytestmark = pytest.mark.on_postgresql
LONG: Any = dt.timedelta(hours=3)


@pytest.fixture
def doors(timed: TestClient) -> Any:  # noqa: ANN401 - a service with what is behind it
    return timed.app.state.services.door_decisions  # type: ignore[attr-defined]


def kept(database: Database, model: type[DoorGrant | DoorVisit]) -> int:
    with database.read() as session:
        return len(session.scalars(select(model)).all())


@pytest.mark.parametrize(("model", "somebody"), [(DoorGrant, ADA), (DoorVisit, BOB)])
def test_the_job_waits_for_no_decision(
    timed: TestClient,
    clock: FakeClock,
    doors: Any,  # noqa: ANN401
    model: type[DoorGrant | DoorVisit],
    somebody: int,
) -> None:
    """A decision that waits for the audit, which waits for a removal, which waits for the job: the
    next run deletes what this one has left.
    """
    make_hq(timed)
    of(timed, somebody)
    clock.forward(LONG)
    with doors._database.write() as session:
        assert session.scalars(select(model).with_for_update()).all()
        doors.forget()
        assert kept(doors._database, model) == 1
    doors.forget()
    assert kept(doors._database, model) == 0


def test_a_visit_that_begins_as_the_former_one_is_deleted_has_one_event(
    timed: TestClient,
    clock: FakeClock,
    doors: Any,  # noqa: ANN401
) -> None:
    make_hq(timed)
    of(timed, BOB)
    clock.forward(LONG)
    with ThreadPoolExecutor(1) as another:
        with doors._database.write() as session:
            session.execute(delete(DoorVisit))
            decided = another.submit(of, timed, BOB)
            wait_for_locks(doors._database, 1)
        first = decided.result()
    clock.forward(dt.timedelta(seconds=1))
    again = of(timed, BOB)
    assert outcome(again) == outcome(first)
    assert (first["suppressed"], again["suppressed"]) == (False, True)
    assert again["event_id"] == first["event_id"]
