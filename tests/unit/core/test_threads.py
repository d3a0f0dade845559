"""A thread survives what nobody foresaw, and it is counted."""

import threading

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from structlog.testing import capture_logs

from app.core import threads
from app.core.threads import faults, lasting
from app.observability.thread_metrics import ThreadMetrics


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_AGAIN_SECONDS", 0.0)


def test_a_thread_goes_on_after_an_error_until_it_has_nothing_more_to_do() -> None:
    left = [ValueError("one"), LookupError("two")]

    def run() -> None:
        if left:
            raise left.pop()

    before = faults().get("lasting", 0)
    thread = lasting("lasting", run, ended=lambda: False)
    with capture_logs() as logs:
        thread.start()
        thread.join(30)
    assert not thread.is_alive()
    assert [(each["event"], each["thread"]) for each in logs] == [("thread.failed", "lasting")] * 2
    assert faults()["lasting"] - before == 2
    registry = CollectorRegistry()
    registry.register(ThreadMetrics())
    shown = f'kith_thread_faults_total{{thread="lasting"}} {float(before + 2)}'
    assert shown in generate_latest(registry).decode()


def test_a_thread_that_is_to_end_does_not_go_on() -> None:
    stopping, runs = threading.Event(), list[int]()

    def run() -> None:
        runs.append(1)
        stopping.set()
        raise RuntimeError("the connection was closed under it")

    thread = lasting("ending", run, ended=stopping.is_set)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    assert runs == [1]
