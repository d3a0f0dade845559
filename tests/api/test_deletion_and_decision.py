"""A collection is deleted while a decision at one of its doors is made: neither is a victim."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text

from app.access.models import Door
from app.bootstrap import build
from app.gallery.models import Collection
from app.settings import Settings
from app.trail.recording import record
from tests.api import sites
from tests.api.support import FakeClock, make_collection
from tests.support.client import client_of
from tests.support.waiting import wait_for


@pytest.mark.on_postgresql
def test_a_deletion_waits_for_a_decision_and_the_decision_not_for_it(
    settings: Settings, clock: FakeClock
) -> None:
    service = build(settings, clock)
    database = service.database

    def waits() -> bool:
        with database.read() as session:
            mine = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            return bool(session.scalar(text(f"{mine} AND wait_event_type = 'Lock'")))

    with client_of(service) as client, ThreadPoolExecutor(1) as another:
        staff = make_collection(client)
        sites.make_site(client, staff)
        with database.write() as session:  # as a decision: it holds the door, then writes its row
            door = select(Door.key).where(Door.id == "front").with_for_update(key_share=True)
            assert session.scalar(door)
            owner = session.scalars(select(Collection)).one()
            deleted = another.submit(client.delete, f"{staff}?force=true")
            wait_for(waits)
            record(session, owner, "door.decision", ("door", "front"), now=datetime.now(UTC))
        assert deleted.result().status_code == 204
