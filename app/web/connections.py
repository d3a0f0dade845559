"""One client's connection: what uvicorn leaves without a bound has one here.

uvicorn waits for ever for a request's head and for an answer to be taken, and takes heads and
pipelines of any length. Each connection is looked at once a second instead of having timers.
Whoever finds the house full takes the place of the connection that has waited longest for a
request, or else of the one whose body is furthest behind.
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
from app.web.bodies import LAGS, LEAST_RATE
from app.web.hygiene import complete
from app.web.problems import problem_response

_HEAD_BYTES: Final = 64 * 1024
_HEAD_LINES: Final = 200
_PIPELINE: Final = 8
"""Requests that a client may send ahead of the answers."""

_log = structlog.get_logger()
_faults = logging.getLogger("uvicorn.error.connection")
_faults.setLevel(logging.ERROR)
"""uvicorn's warnings do not say which client they are about; Kith logs the same with the client."""


class Connection(HttpToolsProtocol):
    """At most ``most`` of them; each has ``seconds`` for a head and for taking an answer."""

    def __init__(self, *, most: int, seconds: float, **given: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().__init__(**given)
        self.logger = _faults
        self._most = most
        self._seconds = seconds
        self.waits_since: float | None = None  # for a request
        self._begun = False
        self._last_words: AppError | None = None  # once all that came before is answered
        self._asked: list[RequestResponseCycle] = []  # of which some may be answered already
        self._unsent_since: float | None = None
        self._lines = self._head = 0
        self._unread = 0  # bytes since the parser last came to anything
        self._on_pace_at = 0.0  # when the body's client had sent as much as it has by now
        self._paused = False  # we, and not the client, let its body wait
        self._ends = False  # with this request, at the client's wish

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the place of an idle one where all are taken, or turn the client away."""
        super().connection_made(transport)
        self.waits_since, self._begun = self.loop.time(), True
        if len(self.connections) > self._most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of it: uvicorn's timer would keep whatever a reset connection held for 75 s."""
        self._dismiss()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def abort(self) -> None:
        """End it without a word."""
        self._dismiss()
        self.transport.abort()

    def _dismiss(self) -> None:
        """Tell every request in hand that nobody listens; uvicorn tells the last that came alone,
        and the answer to one before it would be written to a connection that is closed.
        """
        for cycle in self._asked:
            cycle.disconnected = True
            cycle.message_event.set()

    def _make_room(self) -> None:
        others = [c for c in self.connections if isinstance(c, Connection) and c is not self]
        if idle := [c for c in others if c.waits_since is not None]:
            longest = min(idle, key=lambda c: c.waits_since or 0.0)
            self.connections.discard(longest)  # the transport tells it later
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
        """Seconds that the body of the request in hand is behind ``LEAST_RATE``."""
        if not self._in_hand() or not self.cycle.more_body or self.flow.read_paused:
            return 0.0
        return now - self._on_pace_at

    def look(self, now: float) -> None:
        """End it where its client lets it wait too long. Called once a second."""
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
        if self.cycle is None and not self._unread:  # it would take 408 for a later answer
            self.transport.close()
        else:
            self.refuse(RequestTimeout(f"No request came within {self._seconds:g} seconds."))

    def refuse(self, error: AppError) -> None:
        """Say ``error``, where no answer has begun, and close."""
        request_id = new_id("req")
        _log.info("connection.refused", code=error.code, client=self._peer, request_id=request_id)
        if self._in_hand():
            if self.pipeline or self.cycle.response_started:
                self.abort()
                return
            self.cycle.disconnected = True  # the application is told, and answers no more
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
        """Who is at the other end, perhaps a proxy: there is no head to tell more."""
        return self.client[0] if self.client else UNIX

    def _in_hand(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def data_received(self, data: bytes) -> None:
        """Bytes of a head, of a body, or of neither: those are counted. After the last request that
        is answered they are thrown away.
        """
        if self._last_words is not None:
            return
        if self.waits_since is not None and not self._begun:
            self.waits_since, self._begun = self.loop.time(), True
        self._unread += len(data)
        super().data_received(data)
        if self._unread > _HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("")

    def send_400_response(self, msg: str) -> None:
        """As a problem; whatever the parser or this class did not like. Requests that came whole
        before it are answered first.
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
            self._last_words = error
        else:
            self.refuse(error)

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
        self._on_pace_at, self._paused = self.loop.time(), False
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:  # it is where the connection becomes a web socket's
            self._asked = [each for each in self._asked if not each.response_complete]
            self._asked.append(self.cycle)
            # uvicorn would close as soon as it has answered; where a body is still coming, the
            # system then resets the connection, and the client may never read the answer.
            self._ends, self.cycle.keep_alive = not self.cycle.keep_alive, True

    def on_body(self, body: bytes) -> None:
        """The parser came to something; who sends fast is on pace, and never ahead."""
        self._unread = 0
        now = self.loop.time()
        sent = now if self._paused else self._on_pace_at + len(body) / LEAST_RATE
        self._on_pace_at = min(now, sent)
        super().on_body(body)
        self._paused = self.flow.read_paused

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._unread = 0
        super().on_message_complete()
        if self._ends and self._in_hand():
            self.cycle.keep_alive = self.cycle.response_started
        elif self._ends:
            self.transport.close()

    def on_response_complete(self) -> None:
        """Wait for the next request, unless it is here already; after the last, for its end."""
        super().on_response_complete()
        if self._in_hand():
            return
        if self._last_words is not None:
            self.refuse(self._last_words)
            return
        if self._ends and not self.cycle.more_body:
            self.transport.close()
        self.waits_since, self._begun = self.loop.time(), False
