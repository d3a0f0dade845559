"""Sends events on its own threads: one for each endpoint that has something to send. So an endpoint
that is slow or hangs delays no other, and never a decision.
"""

import threading
import time
from collections.abc import Sequence
from typing import Final, Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.core.threads import lasting, survived
from app.errors import AppError
from app.webhooks.calls import Attempt, Caller
from app.webhooks.deliveries import Batch, Deliveries, Tried

_POLL_SECONDS: Final = 0.5
"""Seconds between looks for events of other processes, and for further attempts."""
_STEP_SECONDS: Final = 0.1
"""Seconds from an event to the look for it: a decision and its action, which ends some milliseconds
later, go in one batch, and after the answer of the door."""
_LAG_SECONDS: Final = 15.0
_BATCH_SECONDS: Final = 5.0
"""Seconds after which an endpoint's batch ends with the attempt in progress; the batch takes 20 s
more at most."""
STOP_SECONDS: Final = 5.0
_RESTS: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Seconds until an endpoint is served again after a fault of this service: the first fault in a
row, the second, and so on. Events that it took in that batch may not be written down, and are then
sent again each time."""
_log = structlog.get_logger()


class Report(Protocol):
    """Counts the results of attempts."""

    def observe_attempt(self, outcome: str, seconds: float) -> None:
        """One attempt has ended."""

    def observe_death(self, webhook: str) -> None:
        """An event has become a dead letter of this endpoint."""

    def observe_lags(self, lags: dict[str, float], *, gone: int) -> None:
        """By endpoint, the age of its oldest event that is not delivered; and how many endpoints
        are off because they answered 410.
        """


class WebhookSender:
    """Sends waiting events, from ``start`` to ``stop``. Thread-safe."""

    def __init__(self, deliveries: Deliveries, caller: Caller, report: Report) -> None:
        self._deliveries = deliveries
        self._caller = caller
        self._report = report
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._left_behind = False
        self._mutex = threading.Lock()
        self._busy: dict[int, threading.Thread] = {}
        self._faults: dict[int, tuple[int, float]] = {}
        self._measured = 0.0
        self._failing = False
        self._thread = lasting("webhooks", self._run, ended=self._stopping.is_set)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def wake(self) -> None:
        """Look for events soon. Never waits."""
        self._woken.set()

    def stop(self) -> None:
        """End after the attempts in progress. An attempt that takes longer than ``STOP_SECONDS`` is
        left behind, and its event is sent again after the next start.
        """
        self._stopping.set()
        self._woken.set()
        end = time.monotonic() + STOP_SECONDS
        with self._mutex:
            threads = [self._thread, *self._busy.values()]
        for each in threads:
            if each.is_alive():
                each.join(max(0.0, end - time.monotonic()))
        self._left_behind = True

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait(_POLL_SECONDS)
            if self._stopping.wait(_STEP_SECONDS):
                return
            self._woken.clear()  # before the look, so that no event is passed by
            try:
                self._look()
                self._failing = False
            except (AppError, SQLAlchemyError) as error:
                if not self._failing:
                    _log.warning("webhooks.wait", error_type=type(error).__name__)
                self._failing = True
            except Exception:  # noqa: BLE001 - one fault must not end the thread
                survived("webhooks", "webhooks.failed")

    def _look(self) -> None:
        for key in self._deliveries.due():
            with self._mutex:
                if key in self._busy or self._stopping.is_set() or self._rests(key):
                    continue
                thread = threading.Thread(
                    target=self._serve, args=(key,), name=f"webhook-{key}", daemon=True
                )
                thread.start()  # first: where there is none, the endpoint is not busy
                self._busy[key] = thread
        if time.monotonic() - self._measured >= _LAG_SECONDS:
            self._report.observe_lags(self._deliveries.lags(), gone=self._deliveries.gone())
            self._measured = time.monotonic()

    def _serve(self, key: int) -> None:
        """Send to one endpoint until it has no more events for now."""
        try:
            while not self._stopping.is_set() and (batch := self._deliveries.claim(key)):
                self._deliver(batch)
            self._faults.pop(key, None)
        except (AppError, SQLAlchemyError) as error:
            self._rest(key)
            _log.warning("webhook.unsettled", error_type=type(error).__name__)
        except Exception:  # noqa: BLE001 - one endpoint's fault must not end the others
            self._rest(key)
            survived("webhooks", "webhook.failed")
        finally:
            with self._mutex:
                del self._busy[key]
            self.wake()  # for what came since it saw nothing more

    def _rest(self, key: int) -> None:
        faults, _ = self._faults.get(key, (0, 0.0))
        wait = _RESTS[min(faults, len(_RESTS) - 1)]
        self._faults[key] = faults + 1, time.monotonic() + wait

    def _rests(self, key: int) -> bool:
        return key in self._faults and time.monotonic() < self._faults[key][1]

    def _deliver(self, batch: Batch) -> None:
        attempts = self._send(batch)
        if self._left_behind:
            return  # the database is closed
        delivered = [each.parcel for each in attempts if each.attempt.outcome == "delivered"]
        failure = attempts[-1] if len(delivered) < len(attempts) else None
        settled = self._deliveries.settle(batch, delivered, failure)
        for each in attempts:
            self._report.observe_attempt(each.attempt.outcome, each.attempt.seconds)
        if failure is not None:
            self._log_failure(batch, failure)
        if failure is not None and settled.died:
            self._report.observe_death(batch.webhook_id)
            _log.warning(
                "webhook.dead_letter", webhook=batch.webhook_id, event_id=failure.parcel.event_id
            )

    def _send(self, batch: Batch) -> Sequence[Tried]:
        """Try the events in order, up to the first that is not taken."""
        attempts: list[Tried] = []
        if not batch.parcels:
            return attempts
        end = time.monotonic() + _BATCH_SECONDS
        with self._caller.line(batch.endpoint) as line:
            for parcel in batch.parcels:
                if attempts and (time.monotonic() >= end or self._stopping.is_set()):
                    break
                body = self._deliveries.body(batch, parcel)
                attempts.append(Tried(parcel, line.send(parcel.event_id, body)))
                if attempts[-1].attempt.outcome != "delivered":
                    break
        return attempts

    def _log_failure(self, batch: Batch, failure: Tried) -> None:
        attempt: Attempt = failure.attempt
        _log.warning(
            "webhook.attempt_failed",
            webhook=batch.webhook_id,
            source=batch.source,
            event_id=failure.parcel.event_id,
            outcome=attempt.outcome,
            status=attempt.status,
            ms=round(attempt.seconds * 1000),
            error=attempt.error,
        )
