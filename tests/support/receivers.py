"""A receiver of webhooks on this machine, which may fail in the ways in which receivers fail."""

import http.server
import json
import random
import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from standardwebhooks import Webhook, WebhookVerificationError

from tests.support.posted import Posted

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


class Receiver(Posted):
    """Takes every event, unless a test says otherwise: ``reply`` by path is the answer there,
    ``fails`` the share of requests that get a 500, and ``holds`` has the paths that hang until
    ``let_go``. With ``signed_by`` it refuses, with a 401, what this secret did not sign. ``taken``
    are the requests that were answered with 204, ``got`` all of them.
    """

    def __init__(self, signed_by: str | None = None) -> None:
        super().__init__()
        self.signed_by = signed_by
        self.got: list[Got] = []
        self.taken: list[Got] = []
        self.reply: dict[str, Reply] = {}
        self.fails = 0.0
        self.holds: set[str] = set()
        self.let_go = threading.Event()
        self._rng = random.Random(5)  # noqa: S311 - not for secrets

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

    def answer(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        """Take it, or fail as the test wants."""
        headers = {name.lower(): value for name, value in handler.headers.items()}
        got = Got(handler.path, headers, body)
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
