"""The middleware around every request: its id, its log line and its metrics, the limit of its body,
and a handler of unexpected exceptions. Plain ASGI, so that nothing is buffered.
"""

import re
import time
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import unquote_to_bytes

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.addresses import NOBODY, TrustedProxies
from app.core.attendance import ClientGone
from app.core.ids import new_id
from app.errors import AppError, NotFound, PayloadTooLarge
from app.web.problems import METHODS, problem_response

_REQUEST_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")
_CLIENT_GONE: Final = 499
"""The status that nginx logs too: the client hung up before its request was whole, so no answer
was sent."""

_STREAM: Final = "text/event-stream"

Observe = Callable[[str, str, int, float], None]
"""Called with method, route template, status and seconds of each finished request."""

_log = structlog.get_logger()


class RequestContext:
    """Gives each request an id, a log line and an observation.

    Every line that is logged while it is in hand says its id and its client; once its key is known
    (see ``app.auth.guard``) also the id of that.
    """

    def __init__(
        self, app: ASGIApp, observe: Observe, trusted_proxies: TrustedProxies = NOBODY
    ) -> None:
        self._app = app
        self._observe = observe
        self._trusted_proxies = trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass HTTP requests on, watched; anything else untouched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        scope.setdefault("state", {})["request_id"] = request_id
        peer = (scope.get("client") or (None,))[0]
        client = self._trusted_proxies.client(peer, headers.getlist("x-forwarded-for"))
        scope["state"]["client"] = client
        scope["state"]["secure"] = self._trusted_proxies.is_secure(
            scope.get("scheme", "http"), peer, headers.getlist("x-forwarded-proto")
        )
        structlog.contextvars.bind_contextvars(request_id=request_id, client=client)
        started = time.perf_counter()
        status = 0
        begun: float | None = None

        async def send_with_id(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                if headers.get("content-type", "").startswith(_STREAM):
                    begun = time.perf_counter()
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            status = _CLIENT_GONE
        finally:
            # Of a stream, which lasts as long as its client wants, the time until it begins.
            self._finish(scope, status, (begun or time.perf_counter()) - started)
            structlog.contextvars.clear_contextvars()

    def _finish(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        # Each value of a label costs memory for good, and strangers choose their methods.
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._observe(method, route, status, seconds)
        _log.info(
            "request.finished",
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
        )


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else new_id("req")


class LastNet:
    """Handles exceptions that nothing else caught: logs the whole error, answers a bare 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; an exception after the answer has begun can only end the connection."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except (ClientDisconnect, ClientGone):
            raise
        except Exception as error:
            if scope["type"] != "http":
                raise
            _log.exception("request.crashed", error_type=type(error).__name__)
            if begun:
                raise
            surprise = AppError("An unexpected error; it is logged under this request's id.")
            await problem_response(surprise, scope["state"]["request_id"])(scope, receive, send)


class PlainPath:
    """``NotFound`` for a path with an encoded slash: RFC 3986 makes it a part of a name, and few
    names here may have one. Decoded it would lead to another route than the one that was asked for.
    Where ``PUT /path`` matches one of ``slashes_allowed`` whole it is let through. Text that is no
    UTF-8 is not.
    """

    def __init__(self, app: ASGIApp, slashes_allowed: Sequence[re.Pattern[bytes]]) -> None:
        self._app = app
        self._slashes_allowed = slashes_allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the path as it was sent, still encoded."""
        if scope["type"] == "http" and b"%" in (path := scope.get("raw_path", b"")):
            line = scope["method"].encode() + b" " + path
            named = (each.fullmatch(line) for each in self._slashes_allowed)
            error = None
            if b"%2f" in path.lower() and not any(named):
                error = NotFound("There is no path with an encoded slash (%2F); ids have none.")
            elif not _is_text(path):
                error = NotFound("There is no path that is not UTF-8 where it is percent-encoded.")
            if error:
                await problem_response(error, scope["state"]["request_id"])(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _is_text(path: bytes) -> bool:
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return False
    return True


class BodyLimit:
    """Refuses a body over ``max_bytes``, by its stated length at once or while it streams in.

    What is still to come of it is left to the connection (``Connection``), which throws it away.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the bytes that the app reads, without holding them."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        stated = headers.get("content-length", "0")
        if stated.isdecimal() and int(stated) > self._max_bytes:
            response = problem_response(self._too_large(), scope["state"]["request_id"])
            await response(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise self._too_large()
            return message

        await self._app(scope, counted, send)

    def _too_large(self) -> PayloadTooLarge:
        limit = self._max_bytes / (1024 * 1024)
        return PayloadTooLarge(
            f"The body is larger than {limit:g} MiB ({self._max_bytes} bytes); send less at once."
        )
