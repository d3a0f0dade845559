"""A collection or its people are changed while a decision is made: neither is a victim."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Final

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.access.models import Door
from app.bootstrap import build
from app.gallery.models import Collection, Person
from app.settings import Settings
from app.trail.recording import record
from tests.api import sites
from tests.api.support import FakeClock, enrol, make_collection
from tests.support.client import client_of
from tests.support.databases import wait_for_locks
from tests.support.pictures import picture

STAFF: Final = "/collections/staff"
CHANGES: Final[dict[str, Callable[[TestClient], httpx.Response]]] = {
    "a deletion of the collection": lambda c: c.delete(f"{STAFF}?force=true"),
    "a deletion of the person": lambda c: c.delete(f"{STAFF}/persons/bob"),
    "a change of the person": lambda c: c.patch(
        f"{STAFF}/persons/bob", json={"suspended": True, "external_id": "7"}
    ),
    "a merge of the person": lambda c: c.post(
        f"{STAFF}/persons/ada/merge", json={"other_id": "bob"}
    ),
    "a merge into the person": lambda c: c.post(
        f"{STAFF}/persons/bob/merge", json={"other_id": "ada", "identifiers": "move"}
    ),
}


@pytest.mark.on_postgresql
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_waits_for_a_decision_and_the_decision_not_for_it(
    settings: Settings, clock: FakeClock, change: str
) -> None:
    """The decision holds the door and the person, and then writes its row and its event."""
    service = build(settings, clock)
    database = service.database

    with client_of(service) as client, ThreadPoolExecutor(1) as another:
        sites.make_site(client, make_collection(client))
        enrol(client, STAFF, "ada", picture(1), external_id="hr-1")
        enrol(client, STAFF, "bob", picture(2))
        with database.write() as session:
            for held in (Door.key, Person.key):
                wanted = select(held).where(held.class_.id.in_(("front", "bob")))
                assert session.scalar(wanted.with_for_update(key_share=True))
            owner = session.scalars(select(Collection)).one()
            changed = another.submit(CHANGES[change], client)
            wait_for_locks(database, 1)
            now = datetime.now(UTC)
            record(session, owner, "door.updated", ("door", "front"), now=now, locked_down=True)
        answer = changed.result()
        assert answer.status_code in (200, 204), answer.text
