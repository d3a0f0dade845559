"""The gate with real threads: never more inside, never more waiting, never a pile-up."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.errors import Overloaded
from app.inference.gate import Gate


def test_never_more_than_concurrency_are_inside() -> None:
    gate, inside, most, lock = Gate(3, 100, patience=10), 0, 0, threading.Lock()

    def work() -> None:
        nonlocal inside, most
        with gate.admit():
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.005)
            with lock:
                inside -= 1

    with ThreadPoolExecutor(20) as pool:
        for each in [pool.submit(work) for _ in range(60)]:
            each.result()
    assert most == 3
    assert inside == 0


def test_who_finds_the_queue_full_is_turned_away_at_once() -> None:
    gate, leave = Gate(1, 1, patience=10), threading.Event()
    entered = threading.Semaphore(0)

    def hold() -> None:
        with gate.admit():
            entered.release()
            leave.wait(10)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(hold)
        assert entered.acquire(timeout=5)
        second = pool.submit(hold)
        while gate._places.acquire(blocking=False):  # until the second waits
            gate._places.release()
            time.sleep(0.001)
        started = time.monotonic()
        with pytest.raises(Overloaded) as refusal, gate.admit():
            pass
        assert time.monotonic() - started < 0.5
        assert refusal.value.retry_after >= 1
        leave.set()
        first.result(5)
        second.result(5)
    with gate.admit():
        pass


def test_a_failure_inside_frees_its_place() -> None:
    gate = Gate(1, 0, patience=10)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), gate.admit():
            raise ZeroDivisionError
    with gate.admit():
        pass


def test_nobody_waits_where_there_is_no_queue() -> None:
    gate = Gate(1, 0, patience=10)
    with gate.admit(), pytest.raises(Overloaded), gate.admit():
        pass


def test_nobody_waits_longer_than_the_gate_has_patience() -> None:
    gate = Gate(1, 1, patience=0.05)
    with gate.admit(), pytest.raises(Overloaded, match=r"0\.05 seconds"), gate.admit():
        pass
    with gate.admit():  # and it has left its place
        pass
