"""The bounded queue before inference: past it a request is turned away at once, never piled up."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import Overloaded


class Gate:
    """At most ``concurrency`` inside and ``queue`` waiting, none longer than ``patience`` seconds.

    Thread-safe.
    """

    def __init__(self, concurrency: int, queue: int, *, patience: float) -> None:
        self._patience = patience
        self._places = threading.BoundedSemaphore(concurrency + queue)
        self._workers = threading.BoundedSemaphore(concurrency)

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Wait for a turn and hold it; ``Overloaded`` at once when the queue is full, or when no
        turn comes in time.
        """
        if not self._places.acquire(blocking=False):
            raise Overloaded("More requests are waiting than can be served soon; try again.")
        try:
            if not self._workers.acquire(timeout=self._patience):
                raise Overloaded(f"No turn came within {self._patience:g} seconds; try again.")
            try:
                yield
            finally:
                self._workers.release()
        finally:
            self._places.release()
