"""The bounded queue before inference: past it a request is turned away at once, never piled up."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import Overloaded


class Gate:
    """At most ``concurrency`` inside and ``queue`` waiting. Thread-safe."""

    def __init__(self, concurrency: int, queue: int) -> None:
        self._places = threading.BoundedSemaphore(concurrency + queue)
        self._workers = threading.BoundedSemaphore(concurrency)

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Wait for a turn and hold it; ``Overloaded`` at once when the queue is full."""
        if not self._places.acquire(blocking=False):
            raise Overloaded("More requests are waiting than can be served soon; try again.")
        try:
            with self._workers:
                yield
        finally:
            self._places.release()
