"""One client's connection, with the bounds that uvicorn lacks.

uvicorn waits for ever for a request's head and for a client to take its answer, and accepts heads
and pipelines of any length. Here one check a second ends what takes too long; there is no timer for
each connection. Where all places are taken, a new client gets the place of the connection that has
waited longest for a request, or else of the one whose body is furthest behind.

The methods override uvicorn's; ``internals`` lists what they need of it.
"""

import asyncio
import logging
from typing import Any, Final

import structlog
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from app.core.addresses import UNIX
from app.core.ids import new_id
from app.errors import AppError, MalformedRequest, Overloaded, RequestTimeout
from app.server.bodies import LAGS, LEAST_RATE
from app.web.hygiene import complete
from app.web.problems import problem_response

_HEAD_BYTES: Final = 64 * 1024
_HEAD_LINES: Final = 200
_PIPELINE: Final = 8
"""Requests that a client may send before it has the answers to those before."""

_log = structlog.get_logger()
_faults = logging.getLogger("uvicorn.error.connection")
_faults.setLevel(logging.ERROR)
"""uvicorn's warnings do not name the client; Kith logs the same facts with the client."""


class Connection(HttpToolsProtocol):
    """At most ``limit`` connections are open; each has ``seconds`` for a head and for taking an
    answer.
    """

    def __init__(self, *, limit: int, seconds: float, **given: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().__init__(**given)
        self.logger = _faults
        self._limit = limit
        self._seconds = seconds
        self.waits_since: float | None = None  # for a request
        self._begun = False  # counting the seconds for it
        self._last_answer: AppError | None = None  # sent once all earlier requests are answered
        self._requests: list[RequestResponseCycle] = []  # some may be answered already
        self._unsent_since: float | None = None
        self._lines = self._head = 0
        self._unread = 0  # bytes received since the parser last recognised anything
        self._on_pace_at = 0.0  # when a client at LEAST_RATE would have sent this much of the body
        self._paused = False  # the service, not the client, holds the body up
        self._ends = False  # after this request: the client asked for it

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept the client; where all places are taken, free one or refuse the client."""
        super().connection_made(transport)
        self.waits_since, self._begun = self.loop.time(), True
        if len(self.connections) > self._limit:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Release the connection: uvicorn's timer would keep all of a reset connection for 75 s."""
        self._dismiss()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def abort(self) -> None:
        """Close the connection without an answer."""
        self._dismiss()
        self.transport.abort()

    def _dismiss(self) -> None:
        """Mark every request in hand as disconnected. uvicorn marks only the newest, and the answer
        to an earlier one would be written to a closed connection.
        """
        for cycle in self._requests:
            cycle.disconnected = True
            cycle.message_event.set()

    def _make_room(self) -> None:
        others = [c for c in self.connections if isinstance(c, Connection) and c is not self]
        if idle := [c for c in others if c.waits_since is not None]:
            longest = min(idle, key=lambda c: c.waits_since or 0.0)
            self.connections.discard(longest)  # connection_lost comes later
            longest.abort()
            return
        now = self.loop.time()
        last = max(others, key=lambda c: c.lag(now), default=None)
        if last is None or last.lag(now) <= LAGS:
            self.refuse(Overloaded("Too many connections are open; try again."))
            return
        self.connections.discard(last)
        last.refuse(
            RequestTimeout(
                f"The body comes slower than {LEAST_RATE // 1024} KiB a second, and its connection "
                "is needed for others; send it again, faster."
            )
        )

    def lag(self, now: float) -> float:
        """Seconds by which the body of the request in hand is behind ``LEAST_RATE``."""
        if not self._in_hand() or not self.cycle.more_body or self.flow.read_paused:
            return 0.0
        return now - self._on_pace_at

    def check_deadlines(self, now: float) -> None:
        """Close the connection if its client is too late. The server calls this once a second."""
        unsent = self.transport.get_write_buffer_size()
        if not unsent:
            self._unsent_since = None
        elif self._unsent_since is None:
            self._unsent_since = now
        elif now - self._unsent_since > self._seconds + unsent / LEAST_RATE:
            _log.info("connection.aborted", unsent=unsent, client=self._peer)
            self.abort()
        if self.waits_since is None or not self._begun or self.transport.is_closing():
            return
        if now - self.waits_since <= self._seconds:
            return
        if self.cycle is None and not self._unread:  # a 408 would be read as a later answer
            self.transport.close()
        else:
            self.refuse(RequestTimeout(f"No request came within {self._seconds:g} seconds."))

    def refuse(self, error: AppError) -> None:
        """Answer ``error`` unless another answer has begun, and close."""
        request_id = new_id("req")
        _log.info("connection.refused", code=error.code, client=self._peer, request_id=request_id)
        if self._in_hand():
            if self.pipeline or self.cycle.response_started:
                self.abort()
                return
            self.cycle.disconnected = True  # the application sees it and answers no more
            self.cycle.message_event.set()
        answer = problem_response(error, request_id)
        complete(answer.headers)
        headers = [*answer.raw_headers, *self.server_state.default_headers]
        if error.status != RequestTimeout.status:
            headers.append((b"connection", b"close"))
        lines = [b"%s: %s\r\n" % header for header in headers]
        self.transport.write(b"".join([STATUS_LINE[error.status], *lines, b"\r\n", answer.body]))
        self.transport.close()

    @property
    def _peer(self) -> str:
        """The peer's address, perhaps a proxy's: without a head nothing more is known."""
        return self.client[0] if self.client else UNIX

    def _in_hand(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def data_received(self, data: bytes) -> None:
        """Parse ``data`` and count the bytes in which the parser recognises nothing. Once the last
        request to be answered is known, later bytes are ignored.
        """
        if self._last_answer is not None:
            return
        if self.waits_since is not None and not self._begun:
            self.waits_since, self._begun = self.loop.time(), True
        self._unread += len(data)
        super().data_received(data)
        if self._unread > _HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("")

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that the parser or this class refused, as a problem. Requests that were
        complete before these bytes are answered first.
        """
        del msg
        error: AppError = MalformedRequest(
            "The bytes are no HTTP request, or one whose head has more than "
            f"{_HEAD_BYTES // 1024} KiB or {_HEAD_LINES} lines."
        )
        if len(self.pipeline) >= _PIPELINE:
            error = Overloaded(
                f"More than {_PIPELINE} requests were sent ahead of their answers; the first "
                "were answered. Send the others again."
            )
        if self._in_hand() and not self.cycle.more_body:
            self._last_answer = error
        else:
            self.refuse(error)

    def on_message_begin(self) -> None:
        """Reset the counts: a new request begins."""
        self._lines = self._head = self._unread = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Raise ``ValueError`` if the head is too large; ``data_received`` sees a parser error."""
        self._measure(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Same as ``on_url``; also called for the trailers of a chunked body."""
        self._measure(len(name) + len(value))
        super().on_header(name, value)

    def _measure(self, size: int) -> None:
        self._lines += 1
        self._head += size
        if self._lines > _HEAD_LINES or self._head > _HEAD_BYTES:
            raise ValueError("the head is too large")

    def on_headers_complete(self) -> None:
        """The head is complete: stop the clock for it, start the one for the body."""
        if len(self.pipeline) >= _PIPELINE:
            raise ValueError("too many requests ahead of their answers")
        self.waits_since, self._begun, self._unread = None, False, 0
        self._on_pace_at, self._paused = self.loop.time(), False
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:  # the same if the connection becomes a web socket
            self._requests = [each for each in self._requests if not each.response_complete]
            self._requests.append(self.cycle)
            # uvicorn would close as soon as it has answered. If a body is still coming, the system
            # then resets the connection, and the client may never read the answer.
            self._ends, self.cycle.keep_alive = not self.cycle.keep_alive, True

    def on_body(self, body: bytes) -> None:
        """Part of a body came. A client that sends fast is on pace, never ahead."""
        self._unread = 0
        now = self.loop.time()
        sent = now if self._paused else self._on_pace_at + len(body) / LEAST_RATE
        self._on_pace_at = min(now, sent)
        super().on_body(body)
        self._paused = self.flow.read_paused

    def on_message_complete(self) -> None:
        """The request is complete."""
        self._unread = 0
        super().on_message_complete()
        if self._ends and self._in_hand():
            self.cycle.keep_alive = self.cycle.response_started
        elif self._ends:
            self.transport.close()

    def on_response_complete(self) -> None:
        """Start the clock for the next request, or close after the last."""
        super().on_response_complete()
        if self._in_hand():
            return
        if self._last_answer is not None:
            self.refuse(self._last_answer)
            return
        if self._ends and not self.cycle.more_body:
            self.transport.close()
        self.waits_since, self._begun = self.loop.time(), False
