"""Bodies on their way in: how long each may take, and how much memory all of them may hold.

Plain ASGI. What a body weighs is counted while the application reads it and forgotten when it has
answered; nothing is reserved for what a client only says that it will send.
"""

from typing import Final

import anyio
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import AppError, Overloaded, PayloadTooLarge, RequestTimeout
from app.web.problems import problem_response

LEAST_RATE: Final = 64 * 1024
"""Bytes a second, beyond the seconds that everybody has."""
_SMALL: Final = 1024 * 1024
_SMALL_SHARE: Final = 8
"""One part in so many is kept for small bodies, which are then still read beside large ones."""
_FORM: Final = "multipart/form-data"
_JSON_COPIES: Final = 3
_SEPARATORS: Final = (b"[", b"{", b",")
_VALUE_BYTES: Final = 100
"""JSON is held as text, as strings and as what base64 stands for; and each of its values is an
object, so that a megabyte of ``{},{},{}`` would be 24 of memory."""


class Patience:
    """``RequestTimeout`` where a body is not whole in ``seconds`` and one more for 64 KiB."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the time that the application waits for its client, and no other."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        left, coming = self._seconds, True

        async def timed() -> Message:
            nonlocal left, coming
            if not coming:
                return await receive()
            started = anyio.current_time()
            with anyio.move_on_after(left):
                message = await receive()
                coming = bool(message.get("more_body"))
                left += len(message.get("body", b"")) / LEAST_RATE
                left -= anyio.current_time() - started
                return message
            raise RequestTimeout(
                f"The body did not come whole within {self._seconds:g} seconds, and one more for "
                "every 64 KiB; send it faster."
            )

        await self._app(scope, timed, send)


class BodyMemory:
    """``Overloaded`` at once where the bodies in hand would weigh more than ``max_bytes``."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Weigh what the application reads, until it has answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        form = headers.get("content-type", "").lower().startswith(_FORM)
        held = 0

        async def weighed() -> Message:
            nonlocal held
            message = await receive()
            weight = _weight(message.get("body", b""), form=form)
            self._check(held + weight, weight)
            held += weight
            self._held += weight
            return message

        expected = _stated(headers) * (1 if form else _JSON_COPIES)
        try:
            self._check(expected, expected)
        except AppError as error:
            await problem_response(error, scope["state"]["request_id"])(scope, receive, send)
            return
        try:
            await self._app(scope, weighed, send)
        finally:
            self._held -= held

    def _check(self, own: int, more: int) -> None:
        """Whether a body that would weigh ``own`` may weigh ``more`` than it does."""
        large = self._max_bytes - self._max_bytes // _SMALL_SHARE
        if own > large:
            raise PayloadTooLarge(
                f"The body would take {own:,} bytes of memory; at most {large:,} are given to one. "
                "Send fewer images at once, or send them as multipart/form-data."
            )
        if self._held + more > (self._max_bytes if own <= _SMALL else large):
            raise Overloaded("Too many large bodies are in hand; try again.")


def _stated(headers: Headers) -> int:
    stated = headers.get("content-length", "0")
    return int(stated) if stated.isdecimal() else 0


def _weight(chunk: bytes, *, form: bool) -> int:
    if form:
        return len(chunk)
    values = sum(chunk.count(separator) for separator in _SEPARATORS)
    return _JSON_COPIES * len(chunk) + _VALUE_BYTES * values
