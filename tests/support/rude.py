"""Clients that do not keep to the manners of HTTP, byte by byte."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY, ServerProcess

SECONDS = 30.0
"""After which a client gives the server up."""
JSON, FORM = "Content-Type: application/json", "Content-Type: multipart/form-data; boundary=x"
FILE = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
"""The beginning of a form, up to an image's first byte."""
_TRIES = 600  # of a twentieth of a second


@contextmanager
def small_server(folder: Path, bundle: Path, **limits: object) -> Iterator[ServerProcess]:
    """A server of its own with these ``limits``, and the collection ``hq`` with nobody in it."""
    server = ServerProcess(folder, bundle, **{name: str(each) for name, each in limits.items()})
    try:
        with server.start().client() as client:
            client.post("/collections", json={"id": "hq"}).raise_for_status()
        yield server
    finally:
        server.kill()


def identified(server: ServerProcess) -> int:
    """The status that a client of good manners gets."""
    with server.client() as client:
        return client.post("/collections/hq/identify", files={"image": picture(1)}).status_code


def until(holds: Callable[[], bool], otherwise: Callable[[], str]) -> None:
    """Wait for the server; where it never ``holds``, the test fails with ``otherwise``."""
    waiting = threading.Event()
    for _ in range(_TRIES):
        if holds():
            return
        waiting.wait(0.05)
    raise AssertionError(otherwise())


def connect(server: ServerProcess, *, receive_buffer: int = 0) -> socket.socket:
    """A connection; a small ``receive_buffer`` leaves an answer with the server."""
    address = urlsplit(server.url)
    one = socket.socket()
    if receive_buffer:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    one.settimeout(SECONDS)
    one.connect((address.hostname or "", address.port or 0))
    return one


def head(
    path: str, *lines: str, method: str = "POST", end: bool = True, key: str = ADMIN_KEY
) -> bytes:
    """The head of a request that holds a key, the admin's unless another is given."""
    all_lines = [f"{method} /v1{path} HTTP/1.1", "Host: kith", f"X-API-Key: {key}", *lines]
    return ("\r\n".join(all_lines) + ("\r\n\r\n" if end else "\r\n")).encode()


def rest(one: socket.socket) -> bytes:
    """All that is said until the server closes the connection."""
    said = b""
    try:
        while more := one.recv(65536):
            said += more
    except ConnectionError:
        pass
    return said


def drip(one: socket.socket, start: bytes, drops: Iterable[bytes], seconds: float) -> bytes:
    """Send ``start``, then a drop from time to time until the server closes; what it said."""
    closed = threading.Event()

    def send() -> None:
        try:
            for drop in drops:
                if closed.wait(seconds):
                    return
                one.sendall(drop)
        except OSError:
            return

    one.sendall(start)
    dripping = threading.Thread(target=send)
    dripping.start()
    said = rest(one)
    closed.set()
    dripping.join(SECONDS)
    return said
