"""A device on this machine that takes POST requests, and may be down."""

import http.server
import socket
import threading
from abc import ABC, abstractmethod


class Posted(ABC):
    """Listens from ``up`` to ``down``, on the same port each time."""

    def __init__(self) -> None:
        self._server: http.server.ThreadingHTTPServer | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    @abstractmethod
    def answer(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        """Answer a request that was read whole."""

    def up(self) -> None:
        """Listen."""
        device = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                device.answer(self, self.rfile.read(int(self.headers["Content-Length"])))

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
