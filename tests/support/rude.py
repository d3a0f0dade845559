"""Clients that do not keep to the manners of HTTP, byte by byte."""

import socket
import threading
from collections.abc import Iterable
from urllib.parse import urlsplit

from tests.support.server import ADMIN_KEY, ServerProcess

SECONDS = 30.0
"""After which a client gives the server up."""


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
