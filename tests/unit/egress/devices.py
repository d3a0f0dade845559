"""A device that answers over HTTP on this machine, and calls to it."""

import http.server
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from app.egress.allowance import Allowance
from app.egress.dialling import Deadline, Egress
from app.egress.http import Session
from app.egress.trust import Trust

LOOPBACK = Allowance.parse("127.0.0.0/8")
Reply = Callable[[http.server.BaseHTTPRequestHandler], None]


class Device(http.server.ThreadingHTTPServer):
    """A server that notes what it was asked."""

    def __init__(self, reply: Reply, context: ssl.SSLContext | None = None) -> None:
        self.asked: list[tuple[str, str, str | None]] = []
        asked = self.asked

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append((self.command, self.path, self.headers["Host"]))
                reply(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                del format, args

        super().__init__(("127.0.0.1", 0), Handler)
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not trust the server goes away."""


def fine(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(b"open")


@contextmanager
def serving(reply: Reply = fine, context: ssl.SSLContext | None = None) -> Iterator[Device]:
    with Device(reply, context) as device:
        thread = threading.Thread(target=device.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield device
        finally:
            device.shutdown()
            thread.join()


def get(
    egress: Egress, url: str, *, seconds: float = 20.0, trust: Trust | None = None
) -> tuple[int, bytes]:
    with Session(egress, trust or Trust(), Deadline.after(seconds)) as session:
        answer = session.send("GET", url)
        return answer.status, answer.body


class Names:
    """A resolver that gives the next answer at each question."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        del port
        self.asked.append(host)
        return self.answers.pop(0)
