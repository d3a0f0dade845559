"""Reports that take long: one at a time, kept, and never waited for by those who did not begin."""

import threading
from collections.abc import Callable
from threading import Event

import pytest

from app.core import reports
from app.core.reports import OneEach, Reports
from app.errors import NotReady


class Slow:
    """Makes a report when it is let, and counts."""

    def __init__(self) -> None:
        self.begun = Event()
        self.go = Event()
        self.made = 0

    def __call__(self) -> str:
        self.begun.set()
        assert self.go.wait(60)
        self.made += 1
        return f"report {self.made}"


def always(report: str) -> bool:
    return True


def never(report: str) -> bool:
    return False


def eventually(ask: Callable[[], str]) -> str:
    """The answer to who asks again and again, as long as it takes."""
    pause = Event()
    while True:
        try:
            return ask()
        except NotReady:
            pause.wait(0.01)


def test_who_asks_while_a_report_is_made_is_answered_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reports, "PATIENCE_SECONDS", 60)
    kept: Reports[str] = Reports(8)
    slow, first = Slow(), list[str]()
    asker = threading.Thread(target=lambda: first.append(kept.get(1, fits=always, make=slow)))
    asker.start()
    assert slow.begun.wait(60)
    for _ in range(100):
        with pytest.raises(NotReady) as caught:
            kept.get(1, fits=always, make=slow)
        assert caught.value.retry_after >= 1
    slow.go.set()
    asker.join(60)
    assert first == ["report 1"]
    assert kept.get(1, fits=always, make=slow) == "report 1"
    assert slow.made == 1


def test_who_began_it_does_not_wait_for_ever_and_finds_it_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reports, "PATIENCE_SECONDS", 0.01)
    kept: Reports[str] = Reports(8)
    slow = Slow()
    with pytest.raises(NotReady):
        kept.get(1, fits=always, make=slow)
    slow.go.set()
    assert eventually(lambda: kept.get(1, fits=always, make=slow)) == "report 1"
    assert slow.made == 1


def test_one_that_fits_no_more_is_made_again() -> None:
    kept: Reports[str] = Reports(8)
    slow = Slow()
    slow.go.set()
    answers = [
        eventually(lambda fits=fits: kept.get(1, fits=fits, make=slow))  # type: ignore[misc]
        for fits in (always, always, never, always)
    ]
    assert answers == ["report 1", "report 1", "report 2", "report 2"]


def test_a_failure_is_raised_and_the_next_who_asks_begins_again() -> None:
    kept: Reports[str] = Reports(8)

    def fails() -> str:
        raise LookupError

    for _ in range(3):
        with pytest.raises(LookupError):
            kept.get(1, fits=always, make=fails)
    assert eventually(lambda: kept.get(1, fits=always, make=lambda: "made")) == "made"


def test_many_collections_are_never_in_hand_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "PATIENCE_SECONDS", 0.001)
    kept: Reports[str] = Reports(8)
    slow = Slow()
    before = threading.active_count()
    for key in range(200):
        with pytest.raises(NotReady):
            kept.get(key, fits=always, make=slow)
    assert threading.active_count() - before <= 4
    slow.go.set()
    assert eventually(lambda: kept.get(199, fits=always, make=slow))


def test_no_more_are_kept_than_allowed_and_none_of_what_is_forgotten() -> None:
    kept: Reports[str] = Reports(2)
    for key in (1, 2, 3):
        eventually(lambda key=key: kept.get(key, fits=always, make=lambda: "old"))  # type: ignore[misc]
    kept.forget(3)
    found = [
        eventually(lambda key=key: kept.get(key, fits=always, make=lambda: "new"))  # type: ignore[misc]
        for key in (2, 1, 3)
    ]
    assert found == ["old", "new", "new"]


def test_what_was_asked_of_a_deleted_collection_is_forgotten_whatever_the_question_was() -> None:
    kept: Reports[str] = Reports(8)
    asked = [(1, None), (1, 3), (1, "all"), (2, None), (2, 3)]

    def answers(made: str) -> list[str]:
        return [
            eventually(lambda key=key: kept.get(*key, fits=always, make=lambda: made))  # type: ignore[misc]
            for key in asked
        ]

    assert answers("old") == ["old"] * 5
    kept.forget(1)
    assert answers("new") == ["new"] * 3 + ["old"] * 2


def test_a_report_of_what_was_deleted_in_between_is_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reports, "PATIENCE_SECONDS", 0.01)
    kept: Reports[str] = Reports(8)
    slow = Slow()
    with pytest.raises(NotReady):
        kept.get(1, fits=always, make=slow)
    kept.forget(1)
    slow.go.set()
    assert eventually(lambda: kept.get(1, fits=always, make=lambda: "new")) == "new"


def test_what_is_not_kept_is_made_for_one_of_a_collection_at_once() -> None:
    one_each = OneEach()
    with one_each.alone(1):
        with pytest.raises(NotReady), one_each.alone(1):
            pass
        with one_each.alone(2):
            pass
    with one_each.alone(1):
        pass
    with pytest.raises(LookupError), one_each.alone(1):
        raise LookupError
    with one_each.alone(1):
        pass


def test_a_thread_that_could_not_begin_keeps_nobody_from_asking_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = Reports[str](kept=1)

    def no_thread_left(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", no_thread_left)
        with pytest.raises(RuntimeError):
            kept.get(1, fits=always, make=lambda: "never made")
    assert kept.get(1, fits=always, make=lambda: "made") == "made"
