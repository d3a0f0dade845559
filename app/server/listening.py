"""The sockets that the service listens on, and the URL that reaches it."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from app.errors import StartError

_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to ask, not to listen
BACKLOG: Final = 256
_NOT_HERE: Final = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def reachable(host: str) -> str:
    """The address at which this machine reaches a service that listens on ``host``."""
    return _EVERYWHERE.get(host, host)


def url_of(host: str, port: int) -> str:
    """The URL of the service: an IPv6 address stands in brackets, its zone is encoded."""
    there = reachable(host)
    if ":" in there:
        there = f"[{there.replace('%', '%25')}]"
    return f"http://{there}:{port}"


@contextmanager
def bound_sockets(host: str, port: int) -> Iterator[list[socket.socket]]:
    """A socket for each address of ``host``, bound to ``port`` and not listening yet: a client that
    connects before the service can answer is refused. ``StartError`` if an address cannot be bound.
    """
    bound: list[socket.socket] = []
    absent: OSError | None = None
    with ExitStack() as opened:
        for family, address in _addresses(host, port):
            try:
                made = opened.enter_context(socket.socket(family, socket.SOCK_STREAM))
                _bind(made, (address[0], port, *address[2:]))
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise cannot_listen(host, port, error) from None
                absent = error  # a name may have IPv6 addresses where the machine has none
                continue
            bound.append(made)
            port = made.getsockname()[1]  # port 0: all addresses share the first free one
        if absent is not None and not bound:
            raise cannot_listen(host, port, absent)
        yield bound


def _addresses(host: str, port: int) -> list[tuple[int, tuple[Any, ...]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not a host name"
        raise StartError(
            f"KITH_HOST is {host!r}, which is not found: {why}. 127.0.0.1 listens for this machine "
            "alone, 0.0.0.0 for all."
        ) from None
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def _bind(made: socket.socket, address: tuple[Any, ...]) -> None:
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if made.family == socket.AF_INET6:  # "::" is IPv6 alone; IPv4 has its own address
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    made.bind(address)


def listen(sockets: list[socket.socket], host: str) -> None:
    """Accept clients. ``StartError`` if another program has taken the port since it was bound:
    uvloop would go on without the socket and report nothing.
    """
    for each in sockets:
        try:
            each.listen(BACKLOG)
        except OSError as error:
            raise cannot_listen(host, each.getsockname()[1], error) from None


def cannot_listen(host: str, port: int, error: OSError) -> StartError:
    """The error for a refused address: the cause and the remedy."""
    where = f"{host}, port {port},"
    match error.errno:
        case errno.EADDRINUSE:
            return StartError(
                f"KITH_PORT: {where} is in use by another program, perhaps Kith. Stop it, or set "
                "KITH_PORT to another port; 0 takes any free one."
            )
        case errno.EACCES | errno.EPERM:
            return StartError(
                f"KITH_PORT: user {os.geteuid()} may not listen on {where} a privileged port. Set "
                "KITH_PORT to 1024 or higher, with a proxy in front for the other."
            )
        case errno.EADDRNOTAVAIL | errno.EAFNOSUPPORT:
            return StartError(
                f"KITH_HOST: {host} is no address of this machine. 127.0.0.1 listens for this "
                "machine alone, 0.0.0.0 for all."
            )
        case _:
            return StartError(f"KITH_HOST, KITH_PORT: {where} cannot be had: {error.strerror}.")
