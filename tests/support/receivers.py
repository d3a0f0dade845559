"""A receiver of webhooks on this machine, which may fail in the ways in which receivers fail."""

import http.server
import json
import random
import socket
import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from standardwebhooks import Webhook, WebhookVerificationError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
IMPATIENT = """
from app.webhooks import deliveries, schedule
schedule.STEPS = (0.1,) * 1000
deliveries.CLAIM_SECONDS = 2.0
from app.cli import main
main()
"""
"""The service as it is, but it tries again at once, and a lane of a server that died waits for 2 s:
a batch that takes longer is sent by two, and what they take back is still in order.
"""


class Got(NamedTuple):
    """One request: its path, its headers in lower case, and its body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        """The event in it."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    def verify(self, secret: str = SECRET) -> dict[str, Any]:
        """The event, if the secret signed it; the library of the standard raises else."""
        found: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return found

    def is_signed(self, secret: str) -> bool:
        """Whether the secret signed it, at most five minutes ago."""
        try:
            self.verify(secret)
        except WebhookVerificationError:
            return False
        return True


class Reply(NamedTuple):
    """An answer."""

    status: int = 204
    headers: Mapping[str, str] = MappingProxyType({})


class Receiver:
    """Takes every event, unless a test says otherwise: ``reply`` by path is the answer there,
    ``fails`` the share of requests that get a 500, and ``holds`` has the paths that hang until
    ``let_go``. With ``signed_by`` it refuses, with a 401, what this secret did not sign. ``taken``
    are the requests that were answered with 204, ``got`` all of them.
    """

    def __init__(self, signed_by: str | None = None) -> None:
        self.signed_by = signed_by
        self.got: list[Got] = []
        self.taken: list[Got] = []
        self.reply: dict[str, Reply] = {}
        self.fails = 0.0
        self.holds: set[str] = set()
        self.let_go = threading.Event()
        self._rng = random.Random(5)  # noqa: S311 - not for secrets
        self._server: http.server.ThreadingHTTPServer | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    def url(self, path: str = "/hook") -> str:
        """The address of a path here."""
        return f"http://127.0.0.1:{self.port}{path}"

    def events(self, path: str = "/hook") -> list[dict[str, Any]]:
        """The events that were taken at a path, in the order of their first coming."""
        found: dict[str, dict[str, Any]] = {}
        for each in list(self.taken):
            if each.path == path:
                found.setdefault(each.event["id"], each.event)
        return list(found.values())

    def at(self, path: str) -> list[Got]:
        """All requests to a path."""
        return [each for each in list(self.got) if each.path == path]

    def up(self) -> None:
        """Listen, on the same port each time."""
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver._answer(self, Got(self.path, headers, body))

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                del format, args

        class Server(http.server.ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """The other end has gone."""

        self._server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def down(self) -> None:
        """Close the port: every new connection is refused."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _answer(self, handler: http.server.BaseHTTPRequestHandler, got: Got) -> None:
        self.got.append(got)
        if got.path in self.holds:
            self.let_go.wait(60)
            handler.close_connection = True
            return
        reply = self.reply.get(got.path, Reply())
        if self._rng.random() < self.fails:
            reply = Reply(500)
        if self.signed_by is not None and not got.is_signed(self.signed_by):
            reply = Reply(401)
        if 200 <= reply.status < 300:
            self.taken.append(got)
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
