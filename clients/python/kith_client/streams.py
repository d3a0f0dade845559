"""Events as they happen, by server-sent events; after a break a stream goes on where it was."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

import httpx

from kith_client.attempts import pauses
from kith_client.calls import Call
from kith_client.errors import ApiError, error_of
from kith_client.model import decoded
from kith_client.models import Event

SILENCE: Final = 45.0
"""Seconds without a byte after which a stream is broken; Kith sends a comment every 15."""


@dataclass
class Part:
    """One server-sent event."""

    id: str = ""
    data: str = ""
    retry: float | None = None
    """Seconds after which to come back."""


class Parts:
    """Splits bytes as they come into events (HTML Living Standard, section 9.2.6)."""

    def __init__(self) -> None:
        self._rest = b""
        self._part = Part()

    def feed(self, chunk: bytes) -> Iterator[Part]:
        """The parts that end within this chunk."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            name, _, value = line.rstrip(b"\r").decode().partition(":")
            value = value.removeprefix(" ")
            if not name and not value:
                done, self._part = self._part, Part()
                yield done
            elif name == "data":
                self._part.data += value + "\n"
            elif name == "id":
                self._part.id = value
            elif name == "retry" and value.isdigit():
                self._part.retry = int(value) / 1000


class _Place:
    """The place that a stream has reached, and the next call to make."""

    def __init__(self, call: Call[Any]) -> None:
        self._call = call
        self._parts = Parts()
        self._pauses = pauses()
        self._retry = 0.0
        self.last_event_id: str | None = call.headers.get("Last-Event-ID")
        """The id of the last event; keep it to go on after it another time."""

    def opening(self) -> Call[Any]:
        self._parts = Parts()
        return self._call.after(self.last_event_id) if self.last_event_id else self._call

    def read(self, chunk: bytes) -> Iterator[Event]:
        for part in self._parts.feed(chunk):
            self._pauses = pauses()
            self._retry = self._retry if part.retry is None else part.retry
            if part.data:
                yield decoded(Event, json.loads(part.data))
            self.last_event_id = part.id or self.last_event_id

    def pause(self, failure: ApiError | None) -> float:
        """Seconds until the next attempt; raises ``failure`` where another attempt would be in
        vain.
        """
        if failure and not failure.passing:
            raise failure
        asked = failure.retry_after if failure else None
        return max(next(self._pauses), self._retry, asked or 0.0)


class EventStream(_Place):
    """For ``for``; it has no end, other than ``break`` or an error that stays."""

    def __init__(
        self, opened: Callable[[Call[Any]], AbstractContextManager[httpx.Response]], call: Call[Any]
    ) -> None:
        super().__init__(call)
        self._opened = opened

    def __iter__(self) -> Iterator[Event]:
        while True:
            failure = None
            try:
                with self._opened(self.opening()) as response:
                    if response.is_success:
                        for chunk in response.iter_bytes():
                            yield from self.read(chunk)
                    else:
                        response.read()
                        failure = error_of(response)
            except httpx.TransportError:
                pass  # it comes back
            time.sleep(self.pause(failure))


class AsyncEventStream(_Place):
    """``EventStream``, for ``async for``."""

    def __init__(
        self,
        opened: Callable[[Call[Any]], AbstractAsyncContextManager[httpx.Response]],
        call: Call[Any],
    ) -> None:
        super().__init__(call)
        self._opened = opened

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            failure = None
            try:
                async with self._opened(self.opening()) as response:
                    if response.is_success:
                        async for chunk in response.aiter_bytes():
                            for event in self.read(chunk):
                                yield event
                    else:
                        await response.aread()
                        failure = error_of(response)
            except httpx.TransportError:
                pass  # it comes back
            await asyncio.sleep(self.pause(failure))
