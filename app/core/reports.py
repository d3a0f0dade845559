"""Reports of whole galleries: made on a thread of their own, one at a time, and kept.

They take seconds of a core where a request should take milliseconds, so no more than one of each
key is ever being made, and no request waits for it but the one that began it, and that not
for long: other requests get ``NotReady`` with a time to try again.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Final, Generic, TypeVar

from app.errors import NotReady

Report = TypeVar("Report")
_Key = tuple[int, Hashable]

PATIENCE_SECONDS: Final = 2.0
"""How long who began a report waits for it; of 10,000 people it takes half a second."""
_MOST: Final = 4  # reports that may be in hand at once, of all collections together
_AGAIN_SECONDS: Final = 5


class Reports(Generic[Report]):
    """At most ``kept`` of them, by the key of a collection and a question. Thread-safe."""

    def __init__(self, kept: int) -> None:
        self._most_kept = kept
        self._lock = threading.Lock()
        self._turn = threading.Lock()  # two at once would only take longer, and more memory
        self._kept: OrderedDict[_Key, Report] = OrderedDict()
        self._making: dict[_Key, Future[Report]] = {}

    def get(
        self,
        collection_key: int,
        question: Hashable = None,
        *,
        fits: Callable[[Report], bool],
        make: Callable[[], Report],
    ) -> Report:
        """The report that is kept, if it still ``fits``, or else one that ``make`` makes.

        ``NotReady`` while it is being made; ask again, and it will be there.
        """
        key = collection_key, question
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and fits(kept):
                self._kept.move_to_end(key)
                return kept
            if key in self._making or len(self._making) >= _MOST:
                raise _being_made()
            begun = self._making[key] = Future()
        work = threading.Thread(
            target=self._make, args=(key, begun, make), name="report", daemon=True
        )
        try:
            work.start()
        except RuntimeError:  # the machine has no thread left
            with self._lock:
                self._making.pop(key, None)
            raise
        try:
            return begun.result(PATIENCE_SECONDS)
        except TimeoutError:
            raise _being_made() from None

    def forget(self, collection_key: int) -> None:
        """Drop the reports of a deleted collection; one that is just being made is not kept."""
        with self._lock:
            for key in [*self._kept, *self._making]:
                if key[0] == collection_key:
                    self._kept.pop(key, None)
                    self._making.pop(key, None)

    def _make(self, key: _Key, begun: "Future[Report]", make: Callable[[], Report]) -> None:
        try:
            with self._turn:
                made = make()
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits for it
            with self._lock:
                self._making.pop(key, None)
            begun.set_exception(error)
            return
        with self._lock:
            if self._making.pop(key, None) is not None:
                self._kept[key] = made
                self._kept.move_to_end(key)
            while len(self._kept) > self._most_kept:
                self._kept.popitem(last=False)
        begun.set_result(made)


class OneEach:
    """For reports that depend on what was asked, so that none is kept: one a collection at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy: set[int] = set()

    @contextmanager
    def alone(self, key: int) -> Iterator[None]:
        """``NotReady`` at once where another report of the collection is in hand."""
        with self._lock:
            if key in self._busy or len(self._busy) >= _MOST:
                raise _being_made()
            self._busy.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._busy.discard(key)


def _being_made() -> NotReady:
    return NotReady("A report is being made; ask again.", retry_after=_AGAIN_SECONDS)
