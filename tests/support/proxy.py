"""A wire between a service and its database that a test can cut, hold and mend."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import URL, make_url

_CHUNK = 1 << 16


class Wire:
    """Listens on a port of its own and passes on what goes through, until it is cut.

    ``url`` is the database's by this way.
    """

    def __init__(self, url: str) -> None:
        target: URL = make_url(url)
        self._target = (target.host or "127.0.0.1", target.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._is_cut = False
        self._flows = threading.Event()
        self._flows.set()
        port = self._listener.getsockname()[1]
        by_wire = target.set(host="127.0.0.1", port=port)
        self.url = by_wire.render_as_string(hide_password=False)
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection; hang up on each new one."""
        with self._lock:
            self._is_cut = True
            ended, self._open = self._open, set()
        for each in ended:
            _end(each)

    def hold(self) -> None:
        """Take what is sent and pass nothing on, as if the other side were suspended."""
        self._flows.clear()

    def mend(self) -> None:
        """Let new connections through, and what was held."""
        with self._lock:
            self._is_cut = False
        self._flows.set()

    def close(self) -> None:
        """Cut it for good."""
        self.cut()
        self._flows.set()
        _end(self._listener)

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                near, _ = self._listener.accept()
                self._join(near)

    def _join(self, near: socket.socket) -> None:
        with self._lock:
            if self._is_cut:
                _end(near)
                return
            far = socket.create_connection(self._target)
            self._open |= {near, far}
        for ends in ((near, far), (far, near)):
            threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                self._flows.wait()
                sink.sendall(data)
        with self._lock:
            self._open -= {source, sink}
        for each in (source, sink):
            _end(each)


@contextmanager
def wired(url: str) -> Iterator[Wire]:
    """A wire to the database at ``url``."""
    wire = Wire(url)
    try:
        yield wire
    finally:
        wire.close()


def _end(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
