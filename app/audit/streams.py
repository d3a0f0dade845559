"""Streams of events: each client gets events as they happen, and goes on after a break.

A stream that has nothing to send is a coroutine that waits: it holds no thread and no connection to
the database. One watcher asks, for all streams of the process, whether there is anything new; so a
stream sees the events of every replica. The same watcher ends the streams of revoked keys.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from dataclasses import dataclass, field
from typing import Final

import structlog
from anyio import to_thread
from sqlalchemy.exc import SQLAlchemyError

from app.audit.events import BEGINNING, EventFilter, EventService, Stored
from app.auth.principal import Principal
from app.core.threads import survived
from app.errors import AppError, Overloaded, Unauthenticated
from app.trail.event_repository import Wanted

_POLL: Final = 0.5
"""Seconds between two questions to the database, while there are streams."""
_KEYS: Final = 2.0
"""Seconds between two looks at the keys of the streams."""
_PAGE: Final = 100
_log = structlog.get_logger()

Check = Callable[[str | None], Principal]
"""Finds the caller of a key as presented; ``Unauthenticated`` when the key is no longer valid."""


@dataclass(eq=False, slots=True)
class Stream:
    """An open stream: which events it has, the ``position`` up to which they were sent, and the id
    by which a client comes back to where it began. ``check`` finds its caller by what was
    ``presented``.
    """

    presented: str | None
    check: Check
    wanted: Wanted = field(default_factory=Wanted)
    position: int = 0
    last_id: str = BEGINNING
    ended: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self) -> None:
        """Send nothing more."""
        self.ended = True
        self.woken.set()


class EventStreams:
    """At most ``most`` streams of this process, of ``seconds`` seconds each; then the client comes
    back with the id of its last event. For one event loop.
    """

    def __init__(self, events: EventService, check: Check, *, most: int, seconds: float) -> None:
        self._events = events
        self._check = check
        self._most = most
        self._seconds = seconds
        self._streams: set[Stream] = set()
        self._watcher: asyncio.Task[None] | None = None
        self._stopped = False

    @asynccontextmanager
    async def open(
        self,
        last_id: str | None,
        caller: Principal,
        presented: str | None,
        asked: EventFilter,
        *,
        check: Check | None = None,
    ) -> AsyncIterator[Stream]:
        """Open a stream of the events after ``last_id``, or from now on. ``check`` looks up
        ``presented``, which need not be a key.

        ``Overloaded`` where all places are taken, ``InvalidRequest`` where that event is not kept.
        """
        if self._stopped or len(self._streams) >= self._most:
            most = f"{self._most} streams are open, the most"
            why = "The service ends" if self._stopped else most
            raise Overloaded(f"{why}; try again later, or read /v1/events from time to time.")
        stream = Stream(presented, check or self._check)
        self._streams.add(stream)
        try:
            stream.position, stream.last_id, stream.wanted = await to_thread.run_sync(
                self._events.begin, last_id, caller, asked
            )
            if self._watcher is None:
                # Its lines in the log are of no request.
                self._watcher = asyncio.create_task(self._watch(), context=Context())
            yield stream
        finally:
            self._streams.discard(stream)
            if not self._streams and self._watcher is not None:
                self._watcher.cancel()
                self._watcher = None

    async def follow(self, stream: Stream) -> AsyncIterator[Stored]:
        """The events of an open stream, each once, until it ends."""
        time = asyncio.get_running_loop().time
        end = time() + self._seconds
        while not stream.ended and (left := end - time()) > 0:
            stream.woken.clear()
            found = await self._next(stream)
            for each in found:
                if stream.ended:
                    return
                yield each
            if len(found) < _PAGE and not stream.ended:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stream.woken.wait(), left)

    def stop(self) -> None:
        """End every stream, and open none any more: the service ends."""
        self._stopped = True
        for each in self._streams:
            each.end()

    async def _next(self, stream: Stream) -> list[Stored]:
        """The stream's next events. It has none while the database does not answer; then it asks
        again soon, as the watcher wakes it only for events that are newer than those it has seen.
        """
        try:
            found, stream.position = await to_thread.run_sync(
                self._events.following, stream.position, stream.wanted, _PAGE
            )
        except (AppError, SQLAlchemyError) as error:
            _log.warning("events.unread", error=type(error).__name__)
            asyncio.get_running_loop().call_later(_POLL, stream.woken.set)
            return []
        return list(found)

    async def _watch(self) -> None:
        """Wake the streams whenever there is something new, as long as there are any."""
        time = asyncio.get_running_loop().time
        seen, checked = -1, time()
        while True:
            try:
                newest = await to_thread.run_sync(self._events.newest)
                if newest != seen:
                    seen = newest
                    for each in self._streams:
                        each.woken.set()
                if time() - checked >= _KEYS:
                    checked = time()
                    await self._end_revoked()
            except (AppError, SQLAlchemyError):
                pass  # the database is away: ask again
            except Exception:  # noqa: BLE001 - one fault must not silence every stream
                survived("streams", "events.unwatched")
            await asyncio.sleep(_POLL)

    async def _end_revoked(self) -> None:
        for presented, check in {(each.presented, each.check) for each in self._streams}:
            try:
                await to_thread.run_sync(check, presented)
            except Unauthenticated:
                self._end_all(presented, check)
            except (AppError, SQLAlchemyError):
                pass  # of this one nothing is known now, and the others are asked about
            except Exception:  # noqa: BLE001 - its row cannot be read, and a new stream fails too
                survived("streams", "events.key_unreadable")
                self._end_all(presented, check)

    def _end_all(self, presented: str | None, check: Check) -> None:
        for each in list(self._streams):
            if (each.presented, each.check) == (presented, check):
                each.end()
