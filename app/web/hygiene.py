"""The headers of every answer for browsers and caches, and the check of every request's host."""

import re
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import MalformedRequest
from app.web.problems import problem_response

NO_PAGE: Final = "default-src 'none'; frame-ancestors 'none'"
"""The policy of answers that are no pages: a browser that shows one as a page runs nothing."""
_HOST: Final = re.compile(r"[A-Za-z0-9._~%!$&'()*+;=:\[\]-]*")


class SafeAnswers:
    """No cache keeps an answer, no browser guesses its type, and none takes it for a page.

    Every answer is of people, of keys or of the service's state, so none is to be stored. What is
    meant otherwise, a page or a file of it, says so itself.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and complete the headers of each answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                complete(MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, send_safely)


def complete(headers: MutableHeaders) -> None:
    """Add what ``SafeAnswers`` promises."""
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Cache-Control", "no-store")
    headers.setdefault("Content-Security-Policy", NO_PAGE)


class OneHost:
    """``MalformedRequest`` where a request does not name one host (RFC 9112, section 3.2): two
    parties that take different ones for it could be led to different answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the Host: HTTP/1.0 needs none; a request that has one has it once."""
        if scope["type"] == "http":
            hosts = Headers(scope=scope).getlist("host")
            least = 0 if scope.get("http_version") == "1.0" else 1
            if not least <= len(hosts) <= 1 or not all(map(_HOST.fullmatch, hosts)):
                error = MalformedRequest("A request has exactly one Host header, with one host.")
                await problem_response(error, scope["state"]["request_id"])(scope, receive, send)
                return
        await self._app(scope, receive, send)
