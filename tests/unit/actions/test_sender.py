"""Each grant is sent once or not at all, and never after it ended."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.actions.calls import Result
from app.actions.grants import Loaded, NewGrant
from app.actions.schemas import ActionFields
from app.actions.sender import ActionSender
from app.actions.templates import Facts
from app.core.clock import SystemClock
from app.egress.dialling import Deadline
from app.errors import NotReady

FIELDS = ActionFields(kind="http", url="http://lock/")
FACTS = Facts({}, {}, ())


def grant(number: int = 0, seconds: float = 30.0) -> NewGrant:
    now = datetime.now(UTC)
    return NewGrant(
        collection_key=1,
        collection_id="hq",
        door_key=1,
        door_id="front",
        person_key=1,
        person_id="ada",
        external_id=None,
        event_id=f"evt_{number}",
        reason="granted",
        at=now,
        valid_until=now + timedelta(seconds=seconds),
    )


Load = Callable[[NewGrant], Loaded]
ONE = Loaded([("unlock", FIELDS)], FACTS)


class Lock:
    """Actions that note what was sent, and may be held up."""

    def __init__(self, load: "Load" = lambda _: ONE) -> None:
        self.load = load
        self.free = threading.Event()
        self.free.set()
        self.began = threading.Semaphore(0)
        self.opened: list[bool] = []
        self.published: list[tuple[str, str]] = []

    def publish(self, grant: NewGrant, action_id: str | None, result: Result) -> None:
        del action_id
        self.published.append((grant.event_id, result.outcome))

    def call(self, fields: ActionFields, facts: Facts, deadline: Deadline) -> Result:
        del fields, facts
        late = deadline.at <= time.monotonic()
        if late:
            return Result("late")
        self.began.release()
        self.free.wait(20)
        self.opened.append(True)
        return Result("done", 200)


class Outcomes:
    """The outcomes in the order in which they came."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []

    def observe_action(self, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        self.outcomes.append(outcome)


def sender(lock: Lock, report: Outcomes, **bounds: int) -> ActionSender:
    made = ActionSender(lock, SystemClock(), report, **bounds)
    made.start()
    return made


def test_each_grant_is_sent_once() -> None:
    lock, report = Lock(), Outcomes()
    each = sender(lock, report)
    for number in range(50):
        each.submit(grant(number))
    each.stop()
    assert report.outcomes == ["done"] * 50
    assert len(lock.opened) == 50
    assert set(lock.published) == {(f"evt_{number}", "done") for number in range(50)}
    assert len(lock.published) == 50


@pytest.mark.parametrize("fault", [KeyError("content"), RuntimeError("can't start new thread")])
def test_a_fault_that_nobody_foresaw_has_its_record_too(fault: Exception) -> None:
    def unreadable(_: NewGrant) -> Loaded:
        raise fault

    class Broken(Lock):
        def call(self, fields: ActionFields, facts: Facts, deadline: Deadline) -> Result:
            raise fault

    for lock, outcome in ((Lock(unreadable), "failed"), (Broken(), "unanswered")):
        report = Outcomes()
        each = sender(lock, report)
        each.submit(grant())
        each.stop()
        assert (report.outcomes, lock.published) == ([outcome], [("evt_0", outcome)])


def test_one_that_is_over_is_not_sent() -> None:
    lock, report = Lock(), Outcomes()
    each = sender(lock, report)
    each.submit(grant(seconds=-0.001))
    each.submit(grant(seconds=0))
    each.stop()
    assert (lock.opened, report.outcomes) == ([], ["late", "late"])


def test_one_that_waited_until_it_was_over_is_dropped_at_the_stop() -> None:
    lock, report = Lock(), Outcomes()
    each = sender(lock, report, threads=1)
    lock.free.clear()
    each.submit(grant())
    assert lock.began.acquire(timeout=20)
    for number in range(5):
        each.submit(grant(number, seconds=0.05))
    time.sleep(0.1)
    lock.free.set()
    each.stop()
    assert report.outcomes == ["done"] + ["late"] * 5
    assert len(lock.opened) == 1


def test_more_than_fit_are_dropped_and_said_so() -> None:
    lock, report = Lock(), Outcomes()
    each = sender(lock, report, threads=1, capacity=2)
    lock.free.clear()
    each.submit(grant())
    assert lock.began.acquire(timeout=20)
    for number in range(5):
        each.submit(grant(number))
    assert report.outcomes == ["dropped"] * 3
    lock.free.set()
    each.stop()
    assert len(lock.opened) == 3


def test_nothing_is_taken_after_the_stop() -> None:
    lock, report = Lock(), Outcomes()
    each = sender(lock, report)
    each.stop()
    each.submit(grant())
    assert (lock.opened, report.outcomes) == ([], ["dropped"])


def test_a_stop_does_not_wait_for_room_in_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.actions.sender.STOP_SECONDS", 0.05)
    lock, report = Lock(), Outcomes()
    each = sender(lock, report, threads=1, capacity=1)
    lock.free.clear()
    each.submit(grant())
    assert lock.began.acquire(timeout=20)
    each.submit(grant())
    each.stop()
    assert report.outcomes == []
    lock.free.set()


def test_all_actions_of_a_door_are_sent() -> None:
    three = Loaded([(name, FIELDS) for name in ("unlock", "light", "tell")], FACTS)
    lock, report = Lock(lambda _: three), Outcomes()
    each = sender(lock, report)
    each.submit(grant())
    for _ in three.actions:
        assert lock.began.acquire(timeout=20)
    each.stop()
    assert report.outcomes == ["done"] * 3


@pytest.mark.parametrize("error", [NotReady("away"), ValueError("unreadable"), KeyError("bug")])
def test_a_fault_ends_one_grant_and_no_other(error: Exception) -> None:
    def load(given: NewGrant) -> Loaded:
        if given.event_id == "evt_0":
            raise error
        return ONE

    lock, report = Lock(load), Outcomes()
    each = sender(lock, report, threads=1)
    each.submit(grant(0))
    each.submit(grant(1))
    each.stop()
    assert len(lock.opened) == 1
    assert report.outcomes[-1] == "done"


def test_nothing_is_sent_to_a_door_that_was_shut_in_between_and_each_action_has_its_record() -> (
    None
):
    shut = Loaded([("unlock", FIELDS), ("light", FIELDS)], FACTS, "the door is in lock-down")
    lock, report = Lock(lambda _: shut), Outcomes()
    sender = ActionSender(lock, SystemClock(), report, threads=1)
    sender.start()
    sender.submit(grant())
    sender.stop()
    assert lock.opened == []
    assert report.outcomes == ["dropped", "dropped"]
    assert lock.published == [("evt_0", "dropped")] * 2
