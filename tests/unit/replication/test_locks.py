"""Many readers or one writer, with real threads."""

import threading
from collections.abc import Callable

import pytest

from app.replication.locks import ReadWriteLock

SOON = 5.0
AT_ONCE = 0.05


def started(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_readers_share_the_lock() -> None:
    lock, together = ReadWriteLock(), threading.Barrier(3)

    def read() -> None:
        with lock.reading(timeout=SOON):
            together.wait(SOON)

    threads = [started(read), started(read)]
    with lock.reading(timeout=SOON):
        together.wait(SOON)  # passes only if all three hold the lock at once
    for thread in threads:
        thread.join(SOON)
    assert not together.broken


def test_a_writer_is_alone() -> None:
    lock, entered = ReadWriteLock(), threading.Event()

    def read() -> None:
        with lock.reading(timeout=SOON):
            entered.set()

    with lock.writing(timeout=SOON) as held:
        assert held
        reader = started(read)
        with lock.writing(timeout=AT_ONCE) as second:
            assert not second
        assert not entered.wait(AT_ONCE)
    assert entered.wait(SOON)
    reader.join(SOON)


def test_a_writer_that_waits_too_long_goes_without_the_lock() -> None:
    lock = ReadWriteLock()
    with lock.reading(timeout=SOON), lock.writing(timeout=AT_ONCE) as held:
        assert not held
    with lock.writing(timeout=AT_ONCE) as held:
        assert held


def test_readers_that_came_later_go_on_when_a_waiting_writer_gives_up() -> None:
    lock, gave_up, entered = ReadWriteLock(), threading.Event(), threading.Event()

    def write() -> None:
        with lock.writing(timeout=4 * AT_ONCE):
            gave_up.set()

    def read() -> None:
        with lock.reading(timeout=SOON):
            entered.set()

    with lock.reading(timeout=SOON):
        threads = [started(write)]
        wait_for_a_writer(lock)
        threads.append(started(read))
        assert entered.wait(SOON)
        assert gave_up.wait(SOON)
    for thread in threads:
        thread.join(SOON)


def test_a_waiting_writer_goes_before_readers_that_come_later() -> None:
    lock, order = ReadWriteLock(), list[str]()

    def write() -> None:
        with lock.writing(timeout=SOON) as held:
            assert held
            order.append("writer")

    def read() -> None:
        with lock.reading(timeout=SOON):
            order.append("reader")

    with lock.reading(timeout=SOON):
        writer = started(write)
        wait_for_a_writer(lock)
        reader = started(read)
        reader.join(AT_ONCE)
        assert not order
    writer.join(SOON)
    reader.join(SOON)
    assert order == ["writer", "reader"]


def test_the_lock_is_free_again_after_an_error_inside() -> None:
    lock = ReadWriteLock()
    with pytest.raises(KeyError), lock.reading(timeout=SOON):
        raise KeyError
    with pytest.raises(KeyError), lock.writing(timeout=SOON):
        raise KeyError
    with lock.writing(timeout=AT_ONCE) as held:
        assert held


def test_no_reader_ever_sees_a_write_half_done() -> None:
    lock, pair, torn = ReadWriteLock(), [0, 0], list[tuple[int, int]]()
    done = threading.Event()

    def write() -> None:
        for number in range(300):
            with lock.writing(timeout=SOON) as held:
                assert held
                pair[0] = number
                pair[1] = number
        done.set()

    def read() -> None:
        while not done.is_set():
            with lock.reading(timeout=SOON):
                if pair[0] != pair[1]:
                    torn.append((pair[0], pair[1]))

    threads = [started(write), started(read), started(read)]
    for thread in threads:
        thread.join(60)
    assert done.is_set()
    assert not torn


def wait_for_a_writer(lock: ReadWriteLock) -> None:
    """Wait until a writer stands in the queue, so that everybody who comes now comes after it."""
    waited = threading.Event()
    for _ in range(1000):
        if lock._writers_waiting:
            return
        waited.wait(0.005)
    raise AssertionError("no writer came")


def test_a_reader_that_waits_too_long_goes_without_the_lock() -> None:
    lock = ReadWriteLock()
    with lock.writing(timeout=AT_ONCE), lock.reading(timeout=AT_ONCE) as held:
        assert not held
    with lock.reading(timeout=AT_ONCE) as held:
        assert held
    with lock.writing(timeout=AT_ONCE) as held:  # no reader was counted who is not there
        assert held
