"""When an event is tried again, when it is dead, and how a dead letter is sent again."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.bootstrap import Container
from app.trail.models import Event
from app.webhooks.deliveries import Deliveries
from app.webhooks.schedule import STEPS, pause_of
from tests.api.lanes.conftest import happens, hook, letters, replay, settle, subjects, taken, turn
from tests.api.support import FakeClock

pytestmark = pytest.mark.both_databases


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
