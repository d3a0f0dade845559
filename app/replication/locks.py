"""A read-write lock: many searches or one change at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class ReadWriteLock:
    """Readers share the lock; a writer holds it alone, and before readers that come after it."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._readers = 0
        self._writing = False
        self._writers_waiting = 0

    @contextmanager
    def reading(self, *, timeout: float) -> Iterator[bool]:
        """Hold the lock together with other readers; gives False, without the lock, when
        ``timeout`` seconds passed.
        """
        with self._condition:
            held = self._condition.wait_for(
                lambda: not self._writing and not self._writers_waiting, timeout
            )
            self._readers += held
        try:
            yield held
        finally:
            if held:
                with self._condition:
                    self._readers -= 1
                    self._condition.notify_all()

    @contextmanager
    def writing(self, *, timeout: float) -> Iterator[bool]:
        """Hold the lock alone; gives False, without the lock, when ``timeout`` seconds passed."""
        with self._condition:
            self._writers_waiting += 1
            held = self._condition.wait_for(
                lambda: not self._writing and not self._readers, timeout
            )
            self._writers_waiting -= 1
            self._writing = self._writing or held
            if not held:
                self._condition.notify_all()
        try:
            yield held
        finally:
            if held:
                with self._condition:
                    self._writing = False
                    self._condition.notify_all()
