"""The ends of what ``bench.events`` sends: a lock, a receiver of webhooks and a subscriber.

They are a process of their own, so that their time is not the service's.
"""

import http.server
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import Synchronized

from tests.support.brokers import listening

_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ends:
    """``port`` of the lock (``/open``) and of the receiver (``/hook``), and what came to them and
    to the subscriber so far.
    """

    port: int
    opened: "Synchronized[int]"
    hooks: "Synchronized[int]"
    heard: "Synchronized[int]"

    def url(self, path: str) -> str:
        """The address of a path there."""
        return f"http://127.0.0.1:{self.port}/{path}"


@contextmanager
def ends(broker: str) -> Iterator[Ends]:
    """The process, which subscribes to all events at the broker."""
    spawn = multiprocessing.get_context("spawn")
    counts = spawn.Value("q"), spawn.Value("q"), spawn.Value("q")
    here, there = spawn.Pipe()
    process: BaseProcess = spawn.Process(target=_run, args=(broker, there, *counts), daemon=True)
    process.start()
    try:
        if not here.poll(_SECONDS):
            raise RuntimeError("the lock and the receiver did not start")
        yield Ends(here.recv(), *counts)
    finally:
        process.kill()
        process.join()


def _run(
    broker: str,
    ready: Connection,
    opened: "Synchronized[int]",
    hooks: "Synchronized[int]",
    heard: "Synchronized[int]",
) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            count = opened if self.path == "/open" else hooks
            with count.get_lock():
                count.value += 1
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            del format, args

    with listening(broker, "kith/#") as listener:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        listener.client.on_message = lambda _client, _about, message: _count(heard, message.topic)
        ready.send(server.server_port)
        server.serve_forever()


def _count(heard: "Synchronized[int]", topic: str) -> None:
    """Count an event, and none of the other messages."""
    if topic.endswith(("/decision", "/action")):
        with heard.get_lock():
            heard.value += 1
