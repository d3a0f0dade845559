"""Lanes hold the order, one sender at a time, and nothing leaves them unseen."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.auth.principal import INSIDE
from app.bootstrap import Container, build
from app.core.paging import Paging
from app.core.preconditions import ANY
from app.gallery.collection_schemas import NewCollection
from app.gallery.repository import get_collection
from app.receipts.keeping import keep_nothing
from app.settings import Settings
from app.trail.models import Event
from app.trail.recording import record
from app.webhooks.calls import Attempt, Outcome
from app.webhooks.deliveries import BATCH, CLAIM_SECONDS, Batch, Deliveries, Tried
from app.webhooks.schedule import STEPS, pause_of
from app.webhooks.schemas import NewWebhook, ReplayFields, WebhookPatch
from tests.api.support import FakeClock

pytestmark = pytest.mark.both_databases


@pytest.fixture
def service(settings: Settings, clock: FakeClock) -> Iterator[Container]:
    """A service with two collections, whose own sender is not started."""
    service = build(settings, clock)
    for each in ("staff", "other"):
        service.services.collections.create(NewCollection(id=each), keep_nothing)
    yield service
    service.database.close()


@pytest.fixture
def deliveries(service: Container, clock: FakeClock) -> Deliveries:
    return Deliveries(service.database, clock)


def hook(service: Container, **fields: Any) -> str:  # noqa: ANN401
    body = {"url": "http://a.example/", "secrets": ["KITH_SECRET_HOOK"]}
    new = NewWebhook.model_validate(body | fields)
    return service.services.webhooks.endpoints.create(new, INSIDE, keep_nothing).id


def happens(service: Container, clock: FakeClock, *keys: str) -> None:
    """Keys are made, each of which is an event of the site."""
    for each in keys:
        with service.database.write() as session:
            record(session, None, "key.created", ("key", each), now=clock.now())


def taken(deliveries: Deliveries) -> Batch:
    """What the only endpoint for which something is to be sent gets next."""
    (key,) = deliveries.due()
    batch = deliveries.claim(key)
    assert batch is not None
    return batch


def settle(
    deliveries: Deliveries,
    batch: Batch,
    delivered: int,
    outcome: Outcome | None = None,
    **of: Any,  # noqa: ANN401
) -> None:
    """The first ``delivered`` of a batch were taken; ``outcome`` is that of the next."""
    parcels = batch.parcels
    failure = outcome and Tried(parcels[delivered], Attempt(outcome, error="it failed", **of))
    deliveries.settle(batch, parcels[:delivered], failure or None)


def subjects(batch: Batch) -> list[str]:
    return [each.body.partition('"subject":"')[2].partition('"')[0] for each in batch.parcels]


def letters(service: Container, path: str) -> list[tuple[str, int]]:
    found = service.services.webhooks.endpoints.letters(path, Paging(100, 0), INSIDE)
    return [(each.event_id, each.attempts) for each in found.items]


def replay(service: Container, path: str, **what: Any) -> int:  # noqa: ANN401
    fields = ReplayFields.model_validate(what)
    return service.services.webhooks.endpoints.replay(path, fields, INSIDE)


def turn(service: Container, path: str, **changes: Any) -> None:  # noqa: ANN401
    patch = WebhookPatch.model_validate(changes)
    service.services.webhooks.endpoints.update(path, patch, ANY, INSIDE)


def test_an_event_is_tried_by_the_schedule_and_then_dead_and_the_lane_goes_on(
    service: Container, deliveries: Deliveries, clock: FakeClock
) -> None:
    hooked = hook(service)
    happens(service, clock, "k1", "k2", "k3")
    batch = taken(deliveries)
    assert subjects(batch) == ["k1", "k2", "k3"]
    settle(deliveries, batch, 1, "refused", status=500)
    for step in STEPS:
        clock.forward(timedelta(seconds=0.89 * step))
        assert deliveries.due() == []
        clock.forward(timedelta(seconds=0.22 * step))
        batch = taken(deliveries)
        assert subjects(batch) == ["k2", "k3"]
        assert letters(service, hooked) == []
        settle(deliveries, batch, 0, "unanswered")
    dead = batch.parcels[0].event_id
    assert letters(service, hooked) == [(dead, 10)]
    batch = taken(deliveries)
    assert subjects(batch) == ["k3"]
    settle(deliveries, batch, 1)
    assert deliveries.due() == []
    assert 74 * 3600 < sum(STEPS) < 76 * 3600


def test_a_clock_that_is_set_back_holds_up_no_event_but_one_that_waits_for_an_attempt(
    service: Container, deliveries: Deliveries, clock: FakeClock
) -> None:
    hook(service)
    happens(service, clock, "k1")
    settle(deliveries, taken(deliveries), 1)
    clock.forward(timedelta(hours=-1))
    happens(service, clock, "k2", "k3")
    batch = taken(deliveries)
    assert subjects(batch) == ["k2", "k3"]
    settle(deliveries, batch, 1, "refused", status=500)
    assert deliveries.due() == []
    clock.forward(timedelta(seconds=6))
    assert subjects(taken(deliveries)) == ["k3"]


def test_a_dead_letter_is_sent_again_when_somebody_asks(
    service: Container, deliveries: Deliveries, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.webhooks.schedule.STEPS", ())
    hooked = hook(service)
    happens(service, clock, "k1", "k2")
    for _ in range(2):
        settle(deliveries, taken(deliveries), 0, "refused")
    first, second = (each[0] for each in letters(service, hooked))
    assert replay(service, hooked, event_id=second) == 1
    batch = taken(deliveries)
    assert subjects(batch) == ["k2"]
    settle(deliveries, batch, 0, "refused")
    assert letters(service, hooked) == [(first, 1), (second, 2)]
    assert deliveries.due() == []
    assert replay(service, hooked, all=True) == 2
    batch = taken(deliveries)
    assert subjects(batch) == ["k1", "k2"]
    settle(deliveries, batch, 1, "refused")  # which ends it, so that the order stays
    assert letters(service, hooked) == [(second, 3)]
    assert replay(service, hooked, **{"from": first}) == 2
    assert letters(service, hooked) == []
    batch = taken(deliveries)
    assert subjects(batch) == ["k1", "k2"]
    settle(deliveries, batch, 2)
    assert deliveries.due() == []


def test_a_replay_passes_by_nothing_that_an_endpoint_waits_for(
    service: Container, deliveries: Deliveries, clock: FakeClock
) -> None:
    hooked = hook(service, enabled=False)
    happens(service, clock, "k1", "k2")
    with service.database.read() as session:
        newest = session.scalar(select(Event.id).order_by(Event.position.desc()).limit(1))
    assert replay(service, hooked, **{"from": newest}) == 0
    turn(service, hooked, enabled=True)
    assert subjects(taken(deliveries)) == ["k1", "k2"]


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


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("999999999999", 86_400),
        ("Mon, 04 May 2026 12:01:00 GMT", 60),
        ("Mon, 04 May 2026 11:00:00 GMT", 0),
        ("-5", None),
        ("soon", None),
        (None, None),
        ("٣", None),
        ("Mon, 04 May 2026 12:01:00 +99999999999999", None),
        ("Mon, 99999999999999999999 May 2026 12:01:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_the_standard_has_it(
    said: str | None, seconds: int | None, clock: FakeClock
) -> None:
    pause = pause_of(said, clock.now())
    assert pause == (None if seconds is None else timedelta(seconds=seconds))
