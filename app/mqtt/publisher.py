"""The thread that publishes: it connects, greets, and sends new events until it is stopped."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

import structlog

from app.core.clock import Clock
from app.core.threads import lasting, survived
from app.egress.allowance import Refused
from app.egress.failures import CallFailed
from app.egress.mqtt_link import Link, Message
from app.errors import AppError
from app.jobs.lease import Lease
from app.mqtt.discovery import AnnouncedDoor
from app.mqtt.keepsakes import Keepsakes
from app.mqtt.ledger import Ledger, Overtaken
from app.mqtt.messages import UNREADABLE, Waiting, flat_twin, record
from app.mqtt.names import Names

STOP_SECONDS: Final = 5.0
_BATCH: Final = 100
_DOORS_SECONDS: Final = 1.0
"""Seconds between looks for changes of doors, and between notes of the progress while events
flow."""
_STEP_SECONDS: Final = 0.05
"""An event of this process waits this long at most."""
_LEASE_SECONDS: Final = 1.0
_AGAIN: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds until the next attempt to connect, after each that failed."""
_SHOWN: Final = 80
"""Most characters of an id in a line of the log, whatever it is."""
_log = structlog.get_logger()


class Observer(Protocol):
    """Receives the publisher's state."""

    def connected(self, *, is_so: bool) -> None:
        """Whether this process is the one that publishes, and the broker has taken it."""

    def waiting(self, seconds: float | None) -> None:
        """The age of the oldest event that the broker does not have; None: it has all."""

    def sent(self, messages: int, *, refused: int) -> None:
        """``messages`` were sent; the broker refused ``refused`` of them."""

    def unreadable(self) -> None:
        """An event or a door was left out: somebody changed it in the database."""


class Publisher:
    """Publishes events from ``start`` to ``stop``. Thread-safe.

    It tries again after every failure: of the broker, of the database, or of the lease, since one
    process publishes at a time.
    """

    def __init__(
        self,
        connect: Callable[[Message], Link],
        ledger: Ledger,
        lease: Lease,
        names: Names,
        clock: Clock,
        observer: Observer,
        *,
        poll_seconds: float,
    ) -> None:
        """Looks for events of other processes every ``poll_seconds``."""
        self._connect = connect
        self._ledger = ledger
        self._lease = lease
        self._names = names
        self._clock = clock
        self._observer = observer
        self._keepsakes = Keepsakes(ledger, names, self._leave_out)
        self._poll_seconds = poll_seconds
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = lasting("mqtt", self._run, ended=self._stopping.is_set)
        self._failed: str | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look for events soon. Never waits."""
        self._woken.set()

    def stop(self) -> None:
        """Send the committed events, say goodbye and end; after ``STOP_SECONDS`` at the latest."""
        self._stopping.set()
        if not self._thread.is_alive():
            return
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            _log.warning("mqtt.unfinished", seconds=STOP_SECONDS)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            if self._tried():
                failures = 0
                self._stopping.wait(_LEASE_SECONDS)
                continue
            failures = 1 if time.monotonic() - began > _AGAIN[-1] else failures + 1
            self._stopping.wait(_AGAIN[min(failures, len(_AGAIN)) - 1])
        self._quietly(self._lease.release)

    def _tried(self) -> bool:
        """Publish while that is possible; returns whether nothing failed."""
        try:
            if self._lease.held():
                self._publish()
        except (CallFailed, Refused) as error:
            self._say("mqtt.broker_lost", str(error))
        except AppError as error:
            self._say("mqtt.database_lost", error.detail)
        except Exception:  # noqa: BLE001 - a fault of one event must not end the others
            survived("mqtt", "mqtt.failed")
        else:
            return True
        return False

    def _say(self, event: str, reason: str) -> None:
        """Log a failure, unless the last one was the same."""
        if reason != self._failed:
            _log.warning(event, reason=reason)
        self._failed = reason

    def _publish(self) -> None:
        """Publish until there is a stop, the lease goes to another process, or something fails."""
        names = self._names
        self._measure_lag()
        with self._linked(Message(names.status, b"offline", retain=True)) as link:
            try:
                self._ledger.begin()
                self._deliver(link, [Message(names.status, b"online", retain=True)])
                if names.birth is not None:
                    link.subscribe(names.birth)
                self._serve(link)
            except Overtaken:
                return
            if self._stopping.is_set() and self._lease.held():
                self._deliver(link, [Message(names.status, b"stopped", retain=True)])
                link.close()

    @contextmanager
    def _linked(self, will: Message) -> Iterator[Link]:
        link = self._connect(will)
        _log.info("mqtt.connected")
        self._failed = None
        self._observer.connected(is_so=True)
        try:
            yield link
        finally:
            self._observer.connected(is_so=False)
            link.drop()
            self._quietly(self._ledger.keep)

    def _serve(self, link: Link) -> None:
        self._keepsakes.lose()
        doors_at = events_at = 0.0
        while self._lease.held():
            stopping = self._stopping.is_set()
            now = time.monotonic()
            if self._is_born(link):
                self._keepsakes.lose()
                doors_at = 0.0
            if now >= doors_at:
                self._deliver(link, self._keepsakes.due(), kept=True)
                self._ledger.keep()
                doors_at = now + _DOORS_SECONDS
            if stopping or self._woken.is_set() or now >= events_at:
                self._woken.clear()  # before the look, so that no event is passed by
                more = self._send_next(link)
                events_at = 0.0 if more else now + self._poll_seconds
                if stopping and not more:
                    return
            link.pump(_STEP_SECONDS if events_at else 0)

    def _is_born(self, link: Link) -> bool:
        """Whether Home Assistant has started since the last look, and knows no retained message."""
        heard = [payload for _, payload in link.heard]
        link.heard.clear()
        return b"online" in heard

    def _send_next(self, link: Link) -> bool:
        """Send the next events; returns whether there may be more."""
        events = self._ledger.waiting(_BATCH)
        if not events:
            self._observer.waiting(None)
            return False
        formed = self._formed(events)
        fresh = {
            position
            for position, (_, twin) in formed.items()
            if twin is not None and not self._ledger.shown(position)
        }
        if fresh:
            self._ledger.show(max(fresh))
            formed = self._formed(events)  # again: a grant may have ended in that time
        twins = [twin for position, (_, twin) in formed.items() if twin and position in fresh]
        # Automations come first: they would wait until the broker has each record of before.
        messages = [*twins, *(message for message, _ in formed.values())]
        self._deliver(link, messages)
        self._ledger.deliver(events[-1].position)
        if len(events) < _BATCH:
            self._observer.waiting(None)
            return False
        self._measure_lag()
        return True

    def _formed(self, events: Sequence[Waiting]) -> dict[int, tuple[Message, Message | None]]:
        """By position, an event and its flat twin, if it has one now. An event that somebody
        changed in the database is left out, with a line in the log, so that it holds up no others.
        """
        now = self._clock.now()
        formed: dict[int, tuple[Message, Message | None]] = {}
        for each in events:
            try:
                found = record(each, self._names, now), flat_twin(each, self._names, now)
            except UNREADABLE as error:
                _log.error("mqtt.unreadable", position=each.position, error=type(error).__name__)
                self._observer.unreadable()
            else:
                formed[each.position] = found
        return formed

    def _leave_out(self, door: AnnouncedDoor, error: Exception) -> None:
        where = {"collection": door.collection, "door": door.id}
        shown = {name: repr(each)[:_SHOWN] for name, each in where.items()}
        _log.error("mqtt.unreadable", **shown, error=type(error).__name__)
        self._observer.unreadable()

    def _measure_lag(self) -> None:
        try:
            since = self._ledger.waiting_since()
        except UNREADABLE:
            return  # it comes with its event
        lag = None if since is None else (self._clock.now() - since).total_seconds()
        self._observer.waiting(lag)

    def _deliver(self, link: Link, messages: list[Message], *, kept: bool = False) -> None:
        if not messages:
            return
        refused = link.deliver(messages)
        for message, reason in refused:
            _log.warning("mqtt.refused", topic=message.topic, reason=reason)
        self._observer.sent(len(messages), refused=len(refused))
        if kept:
            self._keepsakes.delivered()

    @staticmethod
    def _quietly(do: Callable[[], None]) -> None:
        """Do something whose failure loses nothing: an event is sent twice, or another process
        waits longer.
        """
        try:
            do()
        except (AppError, Overtaken):
            return
