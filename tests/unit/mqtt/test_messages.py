"""A late decision is a record, and moves nothing."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from app.mqtt.messages import FRESH, Waiting, flat_twin, record
from app.mqtt.names import Names

NAMES = Names("kith", None)
NOW = datetime(2026, 11, 25, 19, 44, 3, tzinfo=UTC)


def decision(answer: str = "granted", *, left: float = 5.0) -> Waiting:
    """A decision that holds for ``left`` more seconds, or one of so long ago that is no grant."""
    granted = answer == "granted"
    data = {
        "collection_id": "hq",
        "door_id": "front",
        "decision": answer,
        "reason": "granted" if granted else "unknown_person",
        "valid_until": (NOW + timedelta(seconds=left)).isoformat() if granted else None,
        "person": {"id": "hr-1001"} if granted else None,
    }
    time = NOW if granted else NOW + timedelta(seconds=left) - FRESH
    body = {"id": "evt-1", "type": "door.decision", "time": time.isoformat(), "data": data}
    return Waiting.of(7, json.dumps(body))


def test_a_grant_expires_at_the_broker_when_it_ends() -> None:
    event = decision(left=4.9)
    message = record(event, NAMES, NOW)
    assert (message.topic, message.qos, message.retain) == (
        "kith/v1/hq/doors/front/decision",
        1,
        False,
    )
    assert (message.expires, message.content_type) == (4, "application/cloudevents+json")
    assert message.payload == event.body.encode()
    assert message.properties == ()
    twin = flat_twin(event, NAMES, NOW)
    assert twin is not None
    assert (twin.topic, twin.qos, twin.retain, twin.expires) == (
        "kith/v1/hq/doors/front/event",
        0,
        False,
        4,
    )
    assert json.loads(twin.payload) == {
        "event_type": "granted",
        "reason": "granted",
        "person_id": "hr-1001",
        "event_id": "evt-1",
        "valid_until": "2026-11-25T19:44:07.900000Z",
    }


def test_a_grant_without_end_expires_when_mqtt_can_count_no_further() -> None:
    """Nobody's grant is so long; a larger number would end every connection."""
    assert record(decision(left=2**33), NAMES, NOW).expires == 2**32 - 1


@pytest.mark.parametrize("left", [0.0, -0.001, -3600])
def test_a_grant_that_is_over_has_no_twin_and_its_record_says_so(left: float) -> None:
    event = decision(left=left)
    assert flat_twin(event, NAMES, NOW) is None
    message = record(event, NAMES, NOW)
    assert message.properties == (("late", "true"),)
    assert message.expires is None  # else the broker would keep it from those who keep records


@pytest.mark.parametrize("back", [2.001, 60, 3600])
def test_a_clock_that_was_set_back_makes_no_grant_new(back: float) -> None:
    """Else a grant from before would open a door an hour late."""
    now = NOW - timedelta(seconds=back)
    assert flat_twin(decision(), NAMES, now) is None
    assert flat_twin(decision("denied", left=10), NAMES, now) is None
    message = record(decision(), NAMES, now)
    assert (message.properties, message.expires) == ((("late", "true"),), None)


def test_a_replica_whose_clock_is_a_little_behind_sends_a_grant_for_as_long_as_it_holds() -> None:
    now = NOW - timedelta(seconds=1.9)
    twin = flat_twin(decision(), NAMES, now)
    assert twin is not None
    assert twin.expires == record(decision(), NAMES, now).expires == 5


def test_what_is_no_grant_is_news_for_a_while() -> None:
    assert record(decision("denied"), NAMES, NOW).expires is None
    twin = flat_twin(decision("denied", left=3), NAMES, NOW)
    assert twin is not None
    assert twin.expires == 3
    assert json.loads(twin.payload)["person_id"] is None
    assert flat_twin(decision("blocked", left=0), NAMES, NOW) is None


def test_nothing_but_a_decision_has_a_twin() -> None:
    body = {"type": "person.created", "data": {"collection_id": "hq", "person_id": "p1"}}
    event = Waiting.of(1, json.dumps(body))
    assert flat_twin(event, NAMES, NOW) is None
    assert record(event, NAMES, NOW).topic == "kith/v1/hq/events/person.created"
