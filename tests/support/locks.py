"""A lock on this machine that may be down, slow, or break off, and notes each time it opened."""

import http.server
import json
import socket
import threading
import time
from datetime import UTC, datetime
from typing import Literal, NamedTuple

Mood = Literal["well", "slow", "breaks_off", "refuses"]


class Opened(NamedTuple):
    """One unlock: the grant's event, when the lock had read it, and until when it was valid."""

    event_id: str
    at: datetime
    valid_until: datetime


class Lock:
    """Opens for each request that it reads whole, whatever becomes of its answer."""

    def __init__(self) -> None:
        self.opened: list[Opened] = []
        self.mood: Mood = "well"
        self._server: http.server.ThreadingHTTPServer | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/open"

    def up(self) -> None:
        """Listen, on the same port each time."""
        lock = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                lock._answer(self, json.loads(body))

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

    def late(self) -> list[Opened]:
        """Unlocks after the end of their grant."""
        return [each for each in self.opened if each.at > each.valid_until]

    def doubled(self) -> set[str]:
        """Grants that opened more than once."""
        events = [each.event_id for each in self.opened]
        return {each for each in events if events.count(each) > 1}

    def _answer(self, handler: http.server.BaseHTTPRequestHandler, asked: dict[str, str]) -> None:
        mood = self.mood
        if mood == "refuses":
            handler.send_error(503)
            return
        until = datetime.fromisoformat(asked["valid_until"])
        self.opened.append(Opened(asked["event_id"], datetime.now(UTC), until))
        if mood == "breaks_off":
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        if mood == "slow":
            time.sleep(2)
        handler.send_response(204)
        handler.end_headers()
