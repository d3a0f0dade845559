"""ASGI middleware that bounds request bodies: how slow each may be, and the memory that all take.

The memory of a body is counted while the application reads it, until it has answered. Nothing is
reserved for bytes that a client only announces.
"""

from typing import Final

import anyio
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import Overloaded, PayloadTooLarge, RequestTimeout

LEAST_RATE: Final = 64 * 1024
"""Bytes a second. A slower client falls behind. A faster one is never ahead: bytes that came fast
buy no time to be silent afterwards.
"""
LAGS: Final = 2.0
"""Seconds behind, from which a client gives way to others where there is no room left."""
_SMALL: Final = 1024 * 1024
_SMALL_SHARE: Final = 8
"""An eighth of the memory is kept for small bodies, so that large ones never keep them out."""
_FORM: Final = "multipart/form-data"
_JSON_COPIES: Final = 3
_SEPARATORS: Final = (b"[", b"{", b",")
_VALUE_BYTES: Final = 100
"""JSON is held three times: as text, as strings and as the bytes that base64 encodes. Each value is
an object as well, so that a megabyte of ``{},{},{}`` takes 24 MB."""


class Body:
    """One body in hand: the bytes of memory that it takes, and how far its client is behind."""

    def __init__(self, receive: Receive, seconds: float, *, form: bool) -> None:
        self.held = 0
        self._receive = receive
        self._seconds = seconds
        self._form = form
        self._behind = 0.0
        self._waits_since: float | None = None
        self._waiting = anyio.CancelScope()
        self._gives_way = False
        self._coming = True

    def lag(self, now: float) -> float:
        """Seconds behind; 0 while the application, not the client, is awaited."""
        return 0.0 if self._waits_since is None else self._behind + now - self._waits_since

    def give_way(self) -> int:
        """End the wait for the client; returns the bytes of memory that this frees."""
        self._gives_way = True
        self._waiting.cancel()
        freed, self.held = self.held, 0
        return freed

    async def receive(self) -> tuple[Message, int]:
        """The next message and the bytes of memory that it takes; ``RequestTimeout`` if the client
        is too far behind. Only the time in which the application waits for the client counts.
        """
        if not self._coming:
            return await self._receive(), 0
        self._waits_since = started = anyio.current_time()
        try:
            with anyio.move_on_after(self._seconds - self._behind) as self._waiting:
                message = await self._receive()
                if not self._gives_way:  # as the message came
                    return message, self._took(message, anyio.current_time() - started)
        finally:
            self._waits_since = None
        raise RequestTimeout(self._reason())

    def _took(self, message: Message, waited: float) -> int:
        chunk = message.get("body", b"")
        self._behind = max(0.0, self._behind + waited - len(chunk) / LEAST_RATE)
        self._coming = bool(message.get("more_body"))
        return _weight(chunk, form=self._form)

    def _reason(self) -> str:
        rate = f"{LEAST_RATE // 1024} KiB a second"
        if self._gives_way:
            return (
                f"The body comes slower than {rate}, and the memory that it takes is needed for "
                "others; send it again, faster."
            )
        return f"The body fell {self._seconds:g} seconds behind {rate}; send it faster."


class Bodies:
    """All bodies in hand take at most ``max_bytes`` of memory, and none falls ``seconds`` behind.

    Where there is no room, the clients furthest behind give way. Where none is behind, the answer
    is ``Overloaded``, at once.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, seconds: float) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._held = 0
        self._in_hand: set[Body] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the memory of what the application reads, until it has answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        form = headers.get("content-type", "").lower().startswith(_FORM)
        body = Body(receive, self._seconds, form=form)
        expected = _stated(headers) * (1 if form else _JSON_COPIES)

        async def weighed() -> Message:
            nonlocal expected
            # Not before the application reads: only then is the caller known to hold a key.
            self._check(expected, expected)
            expected = 0
            message, weight = await body.receive()
            self._check(body.held + weight, weight)
            body.held += weight
            self._held += weight
            return message

        self._in_hand.add(body)
        try:
            await self._app(scope, weighed, send)
        finally:
            self._in_hand.discard(body)
            self._held -= body.held

    def _check(self, own: int, more: int) -> None:
        """Raise unless a body that would take ``own`` bytes in all may take ``more`` than now."""
        large = self._max_bytes - self._max_bytes // _SMALL_SHARE
        if own > large:
            raise PayloadTooLarge(
                f"The body would take {own:,} bytes of memory; one body may take {large:,}. "
                "Send fewer images at once, or send them as multipart/form-data."
            )
        over = self._held + more - (self._max_bytes if own <= _SMALL else large)
        if over > 0 and not self._make_room(over):
            raise Overloaded("Too many large bodies are in progress; try again.")

    def _make_room(self, wanted: int) -> bool:
        """Let clients that lag give way, the furthest behind first, if that is enough."""
        now = anyio.current_time()
        lagging = sorted((b for b in self._in_hand if b.lag(now) > LAGS), key=lambda b: -b.lag(now))
        if sum(each.held for each in lagging) < wanted:
            return False
        for each in lagging:
            freed = each.give_way()
            self._held -= freed
            wanted -= freed
            if wanted <= 0:
                break
        return True


def _stated(headers: Headers) -> int:
    stated = headers.get("content-length", "0")
    return int(stated) if stated.isdecimal() else 0


def _weight(chunk: bytes, *, form: bool) -> int:
    if form:
        return len(chunk)
    values = sum(chunk.count(separator) for separator in _SEPARATORS)
    return _JSON_COPIES * len(chunk) + _VALUE_BYTES * values
