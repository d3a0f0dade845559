"""Observers of a decision neither refuse nor delay it, and report their own state."""

import threading
from collections import Counter
from collections.abc import Callable
from queue import SimpleQueue

import pytest
import structlog
from structlog.testing import capture_logs

from app.core import observers as module
from app.core.observers import Observers
from app.errors import NotReady


class Report:
    """The reports of observers, in memory."""

    def __init__(self) -> None:
        self.failed: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
        self.waiting: dict[str, Callable[[], float]] = {}

    def observer_failed(self, name: str) -> None:
        self.failed[name] += 1

    def observer_missed(self, name: str) -> None:
        self.missed[name] += 1

    def watch_observer(self, name: str, waiting: Callable[[], float]) -> None:
        self.waiting[name] = waiting


def test_every_decision_comes_to_every_observer_in_order_also_at_the_end() -> None:
    seen: dict[str, list[int]] = {"one": [], "two": []}
    observers = Observers({name: each.append for name, each in seen.items()}, Report())
    observers.tell(0)  # before the start: it is observed after it
    observers.start()
    for decision in range(1, 100):
        observers.tell(decision)
    assert observers.settle(60)
    assert seen == {"one": [*range(100)], "two": [*range(100)]}
    for decision in range(100, 200):
        observers.tell(decision)
    observers.stop()
    assert seen == {"one": [*range(200)], "two": [*range(200)]}
    observers.stop()  # what is stopped may be stopped again


@pytest.mark.parametrize("error", [NotReady("the database"), ZeroDivisionError()])
def test_an_observer_that_raises_is_named_and_goes_on_with_the_next(error: Exception) -> None:
    seen: list[int] = []

    def fail_once(decision: int) -> None:
        if not decision:
            raise error
        seen.append(decision)

    report = Report()
    observers = Observers({"counts": fail_once, "other": lambda _: None}, report)
    with capture_logs() as logs:
        observers.start()
        observers.tell(0)
        observers.tell(1)
        assert observers.settle(60)
        observers.stop()
    assert seen == [1]
    assert report.failed == {"counts": 1}
    (line,) = logs
    assert (line["event"], line["observer"]) == ("observer.failed", "counts")
    assert line["error_type"] == type(error).__name__
    assert line["exc_info"] is not isinstance(error, NotReady)  # a bug has a traceback


def test_an_observer_that_hangs_delays_nobody_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    free, hangs = threading.Event(), threading.Event()
    seen: SimpleQueue[int] = SimpleQueue()

    def hang(decision: int) -> None:
        del decision
        hangs.set()
        free.wait()

    monkeypatch.setattr(module, "_STOP_SECONDS", 0)
    report = Report()
    observers = Observers[int](
        {"hangs": hang, "other": seen.put}, report, capacity=3, stuck_seconds=0
    )
    with capture_logs() as logs:
        observers.start()
        observers.tell(0)
        hangs.wait()
        for decision in range(1, 6):
            observers.tell(decision)
            assert seen.get() == decision - 1
        assert not observers.settle(60)  # at once: who is stuck is not waited for
        assert report.waiting["hangs"]() == 4
        observers.stop()
    named = [each["event"] for each in logs if each["observer"] == "hangs"]
    assert named == ["observer.stuck", "observer.unfinished"]
    assert report.missed == {"hangs": 2}
    free.set()


def test_a_report_after_the_end_is_missed_and_counted() -> None:
    report = Report()
    observers = Observers({"one": lambda _: None}, report)
    observers.start()
    observers.stop()
    observers.tell(0)
    assert report.missed == {"one": 1}


def test_an_observer_logs_in_the_words_of_the_request() -> None:
    seen: list[object] = []
    context = structlog.contextvars.get_contextvars
    observers = Observers({"one": lambda _: seen.append(context())}, Report())
    observers.start()
    with structlog.contextvars.bound_contextvars(request_id="r"):
        observers.tell(0)
    observers.tell(1)
    observers.stop()
    assert seen == [{"request_id": "r"}, {}]
