"""Inference slots with real threads: never more inside, never more waiting, never a pile-up."""

import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from app.core.attendance import Attendance, ClientGone, attend
from app.errors import Overloaded
from app.inference.inference_slots import InferenceSlots


@contextmanager
def inside(slots: InferenceSlots) -> Iterator[None]:
    """Take a turn as a request of one image does."""
    with slots.admit() as admitted, admitted.turn():
        yield


def until(true: Callable[[], bool]) -> None:
    """Wait for it, at most as long as a test may take."""
    latest = time.monotonic() + 60
    while not true():
        assert time.monotonic() < latest
        time.sleep(0.001)


class Holder:
    """Holds the only turn until the test lets it leave."""

    def __init__(self, slots: InferenceSlots, pool: ThreadPoolExecutor) -> None:
        self._entered, self._leave = threading.Event(), threading.Event()
        self._done: Future[None] = pool.submit(self._hold, slots)
        assert self._entered.wait(60)

    def _hold(self, slots: InferenceSlots) -> None:
        with inside(slots):
            self._entered.set()
            self._leave.wait(60)

    def leave(self) -> None:
        self._leave.set()
        self._done.result(60)


def test_never_more_than_concurrency_are_inside() -> None:
    slots, within, most, lock = InferenceSlots(3, 100, wait_seconds=60), 0, 0, threading.Lock()

    def work() -> None:
        nonlocal within, most
        with inside(slots):
            with lock:
                within += 1
                most = max(most, within)
            time.sleep(0.005)
            with lock:
                within -= 1

    with ThreadPoolExecutor(20) as pool:
        for each in [pool.submit(work) for _ in range(60)]:
            each.result()
    assert most == 3
    assert within == 0


def test_who_finds_the_queue_full_is_turned_away_at_once() -> None:
    slots = InferenceSlots(1, 1, wait_seconds=60)
    with ThreadPoolExecutor(2) as pool:
        holder = Holder(slots, pool)
        waiting = pool.submit(lambda: inside(slots).__enter__())
        until(lambda: len(slots._waiting) == 1)
        with pytest.raises(Overloaded) as refusal, inside(slots):
            pass
        assert refusal.value.retry_after >= 1
        assert not waiting.done()
        holder.leave()
        waiting.result(60)


def test_a_failure_inside_frees_its_place() -> None:
    slots = InferenceSlots(1, 0, wait_seconds=60)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), inside(slots):
            raise ZeroDivisionError
    with inside(slots):
        pass


def test_nobody_waits_where_there_is_no_queue() -> None:
    slots = InferenceSlots(1, 0, wait_seconds=60)
    with inside(slots), pytest.raises(Overloaded), inside(slots):
        pass


def test_no_image_waits_longer_than_the_limit() -> None:
    slots = InferenceSlots(1, 1, wait_seconds=0.05)
    with inside(slots), pytest.raises(Overloaded, match=r"0\.05 seconds"), inside(slots):
        pass
    with inside(slots):  # and it has left its place
        pass


def test_a_request_holds_a_place_for_each_of_its_images_until_that_is_done() -> None:
    slots = InferenceSlots(2, 8, wait_seconds=60)
    with slots.admit(4) as four:
        with slots.admit(5), pytest.raises(Overloaded), slots.admit(2):
            pass
        with four.turn():
            pass
        with slots.admit(5), slots.admit(2):
            pass
    with slots.admit(5), slots.admit(5):  # what was not used is given back as well
        pass


def test_a_request_of_more_images_than_there_are_places_leaves_half_to_others() -> None:
    slots = InferenceSlots(1, 5, wait_seconds=60)
    with slots.admit(256) as many:
        for _ in range(254):
            with slots.admit(3), pytest.raises(Overloaded), slots.admit():
                pass
            with many.turn():
                pass
        with slots.admit(4):  # two images are left
            pass


def test_turns_are_given_in_the_order_of_coming() -> None:
    slots, order = InferenceSlots(1, 100, wait_seconds=60), list[int]()

    def many(name: int) -> None:
        with slots.admit(3) as admitted:
            for _ in range(3):
                with admitted.turn():
                    order.append(name)
                    until(lambda: len(slots._waiting) >= min(2, 8 - len(order)))

    with ThreadPoolExecutor(4) as pool:
        holder = Holder(slots, pool)
        waiting = []
        for name in range(3):
            waiting.append(pool.submit(many, name))
            until(lambda name=name: len(slots._waiting) == name + 1)  # type: ignore[misc]
        holder.leave()
        for each in waiting:
            each.result(60)
    assert order == [0, 1, 2] * 3


def test_who_waits_for_a_client_that_is_gone_leaves_the_queue() -> None:
    slots, attendance = InferenceSlots(1, 1, wait_seconds=60), Attendance()

    def wait() -> None:
        attend(attendance)
        with inside(slots):
            raise AssertionError("nobody waits for this")

    with ThreadPoolExecutor(2) as pool:
        holder = Holder(slots, pool)
        waiting = pool.submit(contextvars.copy_context().run, wait)
        until(lambda: len(slots._waiting) == 1)
        attendance.end()
        with pytest.raises(ClientGone):
            waiting.result(60)
        assert not slots._waiting
        with slots.admit():  # its place is free
            pass
        holder.leave()
    with inside(slots):
        pass
