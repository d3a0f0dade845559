"""Lanes hold the order, one sender at a time, and nothing leaves them unseen."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app.bootstrap import Container
from app.gallery.collection_schemas import NewCollection
from app.gallery.repository import get_collection
from app.receipts.keeping import keep_nothing
from app.trail.recording import record
from app.webhooks.deliveries import BATCH, CLAIM_SECONDS, Deliveries
from tests.api.lanes.conftest import happens, hook, settle, subjects, taken, turn
from tests.api.support import FakeClock

pytestmark = pytest.mark.both_databases


def test_events_that_are_wanted_no_more_are_passed_by(
    service: Container, deliveries: Deliveries, clock: FakeClock
) -> None:
    hooked = hook(service)
    happens(service, clock, "k1")
    settle(deliveries, taken(deliveries), 0, "failed")
    turn(service, hooked, types=["person.created"])
    batch = taken(deliveries)
    assert batch.parcels == []
    settle(deliveries, batch, 0)
    assert deliveries.due() == []


def test_one_lane_that_fails_holds_up_no_other(
    service: Container, deliveries: Deliveries, clock: FakeClock
) -> None:
    hook(service, types=["person.created", "key.created"])
    happens(service, clock, "k1")
    settle(deliveries, taken(deliveries), 0, "failed")
    with service.database.write() as session:
        owner = get_collection(session, "staff")
        record(session, owner, "person.created", ("person", "p1"), now=clock.now())
        record(session, owner, "person.deleted", ("person", "p1"), now=clock.now())
    batch = taken(deliveries)
    assert subjects(batch) == ["p1"]
    settle(deliveries, batch, 1)
    assert deliveries.due() == []  # and what it does not want is passed by


def test_a_replica_that_dies_gives_its_lane_to_another(
    service: Container, deliveries: Deliveries, clock: FakeClock
) -> None:
    """On SQLite one process alone sends, and what it had not written down is due at once."""
    hook(service)
    happens(service, clock, *(f"k{place}" for place in range(BATCH + 2)))
    batch = taken(deliveries)
    assert len(batch.parcels) == BATCH
    if not service.database.is_sqlite:
        assert deliveries.due() == []
        assert deliveries.claim(batch.webhook_key) is None
        clock.forward(timedelta(seconds=CLAIM_SECONDS))
    again = taken(deliveries)
    assert again.parcels == batch.parcels
    settle(deliveries, again, BATCH)
    settle(deliveries, batch, 3)  # the first was not dead, only slow: it takes nothing back
    rest = taken(deliveries)
    assert subjects(rest) == [f"k{BATCH}", f"k{BATCH + 1}"]
    settle(deliveries, rest, 2)
    assert deliveries.due() == []


@pytest.mark.on_postgresql
def test_replicas_that_look_at_once_take_different_lanes(
    service: Container, clock: FakeClock
) -> None:
    hook(service)
    for number in range(8):
        new = NewCollection(id=f"c{number}")
        service.services.collections.create(new, keep_nothing)
        with service.database.write() as session:
            owner = get_collection(session, new.id or "")
            record(session, owner, "person.created", ("person", "p"), now=clock.now())
    replicas = [Deliveries(service.database, clock) for _ in range(4)]
    (key,) = replicas[0].due()

    def lanes(replica: Deliveries) -> list[str | None]:
        return [batch.source for batch in iter(lambda: replica.claim(key), None)]

    with ThreadPoolExecutor(len(replicas)) as pool:
        found = [source for taken in pool.map(lanes, replicas) for source in taken]
    assert sorted(map(str, found)) == [f"/kith/collections/c{number}" for number in range(8)]


def test_an_endpoint_that_is_off_keeps_its_place(
    service: Container, deliveries: Deliveries, clock: FakeClock
) -> None:
    hooked = hook(service, enabled=False)
    happens(service, clock, "k1")
    assert deliveries.due() == []
    assert deliveries.lags() == {}
    turn(service, hooked, enabled=True)
    clock.forward(timedelta(seconds=7))
    assert subjects(taken(deliveries)) == ["k1"]
    assert deliveries.lags() == {hooked: 7.0}


def test_events_that_are_purged_before_they_were_sent_are_counted(
    service: Container, deliveries: Deliveries, clock: FakeClock
) -> None:
    hooked = hook(service)
    off = hook(service, enabled=False)
    unlike = hook(service, types=["person.created"])
    happens(service, clock, "k1", "k2", "k3")
    settle(deliveries, taken(deliveries), 1, "failed")
    clock.forward(timedelta(days=32))
    service.jobs.run("events")
    said = service.services.metrics.exposition().decode()
    assert f'kith_webhook_lost_events_total{{webhook="{hooked}"}} 2.0' in said
    assert f'kith_webhook_lost_events_total{{webhook="{off}"}} 3.0' in said
    assert f'webhook="{unlike}"' not in said
    happens(service, clock, "k4")
    batch = taken(deliveries)
    assert subjects(batch) == ["k4"]
    settle(deliveries, batch, 0, "failed")
    clock.forward(timedelta(minutes=1))  # the attempts at what is gone do not count
    assert subjects(taken(deliveries)) == ["k4"]
