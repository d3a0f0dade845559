"""One client's connection: what uvicorn leaves without a bound has one here.

uvicorn waits for ever for a request's head and for an answer to be taken, and takes heads and
pipelines of any length. Each connection is looked at once a second instead of having timers, and
whoever finds the house full takes the place of the one that has waited longest for a request.
"""

import asyncio
from typing import Any, Final

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.core.addresses import UNIX
from app.core.ids import new_id
from app.errors import AppError, MalformedRequest, Overloaded, RequestTimeout
from app.web.bodies import LEAST_RATE
from app.web.problems import problem_response

_HEAD_BYTES: Final = 64 * 1024
_HEAD_LINES: Final = 200
_PIPELINE: Final = 8
"""Requests that a client may send ahead of the answers."""

_log = structlog.get_logger()


class Connection(HttpToolsProtocol):
    """At most ``most`` of them; each has ``seconds`` for a head and for taking an answer."""

    def __init__(self, *, most: int, seconds: float, **given: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().__init__(**given)
        self._most = most
        self._seconds = seconds
        self.waits_since: float | None = None  # for a request
        self._begun = False
        self._unsent_since: float | None = None
        self._lines = self._head = 0
        self._unread = 0  # bytes since the parser last came to anything

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the place of an idle one where all are taken, or turn the client away."""
        super().connection_made(transport)
        self.waits_since, self._begun = self.loop.time(), True
        if len(self.connections) > self._most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of it: uvicorn's timer would keep whatever a reset connection held for 75 s."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def _make_room(self) -> None:
        others = (c for c in self.connections if isinstance(c, Connection) and c is not self)
        idle = [c for c in others if c.waits_since is not None]
        if not idle:
            self.refuse(Overloaded("Too many connections are open; try again."))
            return
        longest = min(idle, key=lambda c: c.waits_since or 0.0)
        self.connections.discard(longest)  # the transport tells it later
        longest.transport.abort()

    def look(self, now: float) -> None:
        """End it where its client lets it wait too long. Called once a second."""
        unsent = self.transport.get_write_buffer_size()
        if not unsent:
            self._unsent_since = None
        elif self._unsent_since is None:
            self._unsent_since = now
        elif now - self._unsent_since > self._seconds + unsent / LEAST_RATE:
            _log.info("connection.aborted", unsent=unsent, client=self._peer)
            self.transport.abort()
        if self.waits_since is None or not self._begun or self.transport.is_closing():
            return
        if now - self.waits_since <= self._seconds:
            return
        if self.cycle is None and not self._unread:  # it would take 408 for a later answer
            self.transport.close()
        else:
            self.refuse(RequestTimeout(f"No request came within {self._seconds:g} seconds."))

    def refuse(self, error: AppError) -> None:
        """Say ``error``, where no answer has begun, and close."""
        request_id = new_id("req")
        _log.info("connection.refused", code=error.code, client=self._peer, request_id=request_id)
        if self._in_hand():
            self.transport.abort()
            return
        answer = problem_response(error, request_id)
        headers = [*answer.raw_headers, *self.server_state.default_headers]
        if error.status != RequestTimeout.status:
            headers.append((b"connection", b"close"))
        lines = [b"%s: %s\r\n" % header for header in headers]
        self.transport.write(b"".join([STATUS_LINE[error.status], *lines, b"\r\n", answer.body]))
        self.transport.close()

    @property
    def _peer(self) -> str:
        """Who is at the other end, perhaps a proxy: there is no head to tell more."""
        return self.client[0] if self.client else UNIX

    def _in_hand(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def data_received(self, data: bytes) -> None:
        """Bytes of a head, of a body, or of neither: those are counted."""
        if self.waits_since is not None and not self._begun:
            self.waits_since, self._begun = self.loop.time(), True
        self._unread += len(data)
        super().data_received(data)
        if self._unread > _HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("")

    def send_400_response(self, msg: str) -> None:
        """As a problem; whatever the parser or this class did not like."""
        del msg
        self.refuse(
            MalformedRequest(
                "The bytes are no HTTP request, or one whose head has more than "
                f"{_HEAD_BYTES // 1024} KiB or {_HEAD_LINES} lines."
            )
        )

    def on_message_begin(self) -> None:
        """Count anew."""
        self._lines = self._head = self._unread = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Raises where the head is too large, which the parser hands to ``data_received``."""
        self._measure(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """As ``on_url``; also called for what follows a chunked body."""
        self._measure(len(name) + len(value))
        super().on_header(name, value)

    def _measure(self, size: int) -> None:
        self._lines += 1
        self._head += size
        if self._lines > _HEAD_LINES or self._head > _HEAD_BYTES:
            raise ValueError("the head is too large")

    def on_headers_complete(self) -> None:
        """A request is here: the client has done its part."""
        if len(self.pipeline) >= _PIPELINE:
            raise ValueError("too many requests ahead of their answers")
        self.waits_since, self._begun, self._unread = None, False, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """The parser came to something."""
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The parser came to something."""
        self._unread = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, unless it is here already."""
        super().on_response_complete()
        if not self._in_hand():
            self.waits_since, self._begun = self.loop.time(), False
