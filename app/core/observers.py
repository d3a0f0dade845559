"""Runs observers after each decision, such as metrics and kept probes; no answer waits for them.

Each observer has a queue and a thread of its own, so one that fails, hangs or is slow neither
refuses nor delays the decision, nor another observer. A queue is bounded: an observer that does not
keep up misses decisions, which a metric counts.
"""

import time
from collections.abc import Mapping
from contextvars import copy_context
from typing import Final, Generic

from app.core.lane import Decision, Lane, Observe, Report

CAPACITY: Final = 256
"""Decisions that wait for one observer: 6 seconds at 40 a second. Each holds up to 100 faces with
their candidates, about 2 MB, so the largest requests alone could fill half a gigabyte."""
STUCK_SECONDS: Final = 5.0
SETTLE_SECONDS: Final = 2.0
_STOP_SECONDS: Final = 10.0


class Observers(Generic[Decision]):
    """Gives every decision to each of ``observers``, by name, in order. Thread-safe.

    An observer runs in the context of the request that was decided, so its log lines have the
    request's id. An observer that is at one decision for ``stuck_seconds`` is called stuck.
    """

    def __init__(
        self,
        observers: Mapping[str, Observe[Decision]],
        report: Report,
        *,
        capacity: int = CAPACITY,
        stuck_seconds: float = STUCK_SECONDS,
    ) -> None:
        self._lanes = [
            Lane(name, observe, report, capacity=capacity, stuck_seconds=stuck_seconds)
            for name, observe in observers.items()
        ]
        for lane in self._lanes:
            report.watch_observer(lane.name, lane.waiting)

    def start(self) -> None:
        """Start the threads; decisions that already wait are observed now."""
        for lane in self._lanes:
            lane.start()

    def tell(self, decision: Decision) -> None:
        """Hand a decision over. Never waits and never raises."""
        context = copy_context()
        for lane in self._lanes:
            lane.put(decision, context)

    def settle(self, seconds: float = SETTLE_SECONDS) -> bool:
        """Wait at most ``seconds`` until all earlier decisions are observed; returns whether they
        are. An observer that is stuck is not waited for.
        """
        deadline = time.monotonic() + seconds
        settled = [lane.settle(deadline) for lane in self._lanes]
        return all(settled)

    def stop(self) -> None:
        """Observe all decisions that wait, and end. Observers that take longer than 10 seconds
        together are left behind, with a log line.
        """
        deadline = time.monotonic() + _STOP_SECONDS
        for lane in self._lanes:
            lane.close()
        for lane in self._lanes:
            lane.join(deadline)
