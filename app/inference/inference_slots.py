"""The bounded queue before inference. A request that finds it full is refused at once."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from app.core.attendance import check_client
from app.errors import Overloaded

_LARGEST_SHARE: Final = 2
"""A request holds at most one in this many of all places, so that others find places too."""
_CHECK_SECONDS: Final = 0.2
"""Interval at which a waiting request checks that its client is still connected."""


class InferenceSlots:
    """Admits at most ``concurrency`` images to inference and ``queue`` to wait, first come, first
    served. None waits longer than ``wait_seconds`` seconds. A request holds a place for each image.

    Thread-safe.
    """

    def __init__(self, concurrency: int, queue: int, *, wait_seconds: float) -> None:
        self.concurrency = concurrency
        self._wait_seconds = wait_seconds
        self._most = concurrency + queue
        self._lock = threading.Lock()
        self._places = 0
        self._turns = concurrency
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def admit(self, images: int = 1) -> Iterator["Admitted"]:
        """Hold a place for each of a request's ``images``; ``Overloaded`` at once when the places
        are not free.

        A request holds at most half of all places; its further images wait without one.
        """
        held = min(images, max(1, self._most // _LARGEST_SHARE))
        with self._lock:
            if self._places + held > self._most:
                raise Overloaded("More images are waiting than can be served soon; try again.")
            self._places += held
        admitted = Admitted(self, images, held)
        try:
            yield admitted
        finally:
            self.give_back(admitted.held)

    def give_back(self, places: int) -> None:
        """Free ``places`` places."""
        with self._lock:
            self._places -= places

    def wait(self) -> None:
        """Wait for a turn and take it; ``Overloaded`` when none is free in time, ``ClientGone``
        when the client has gone away.
        """
        with self._lock:
            if self._has_taken():
                return
            called = threading.Event()
            self._waiting.append(called)
        try:
            self._until(called)
        except BaseException:
            with self._lock:
                if called.is_set():
                    self._pass_on()
                else:
                    self._waiting.remove(called)
            raise

    def take_spare(self) -> bool:
        """Take a turn if one is free and nobody waits for it; whether it was taken."""
        with self._lock:
            return self._has_taken()

    def is_alone(self) -> bool:
        """Whether one image is worked on, and another turn is free."""
        with self._lock:
            return 0 < self._turns == self.concurrency - 1

    def _has_taken(self) -> bool:
        if not self._turns or self._waiting:
            return False
        self._turns -= 1
        return True

    def _until(self, called: threading.Event) -> None:
        latest = time.monotonic() + self._wait_seconds
        while not called.wait(min(_CHECK_SECONDS, max(0.0, latest - time.monotonic()))):
            check_client()
            if time.monotonic() >= latest:
                raise Overloaded(
                    f"No inference slot was free within {self._wait_seconds:g} seconds; try again."
                )

    def leave(self) -> None:
        """End the caller's turn."""
        with self._lock:
            self._pass_on()

    def _pass_on(self) -> None:
        if self._waiting:
            self._waiting.popleft().set()
        else:
            self._turns += 1


class Admitted:
    """A request that was admitted; its images take turns one after the other."""

    def __init__(self, slots: InferenceSlots, images: int, held: int) -> None:
        self._slots = slots
        self._left = images
        self.held = held

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn and hold it; afterwards the image's place is free."""
        check_client()
        self._slots.wait()
        try:
            yield
        finally:
            self._slots.leave()
            self._left -= 1
            if self._left < self.held:
                self.held -= 1
                self._slots.give_back(1)
