"""Resolves a name once, checks the addresses, and connects to just those, all before a deadline."""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from app.egress.addresses import Address
from app.egress.allowance import Allowance, Refused, looks_numeric

Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a host, as text; ``OSError`` where it has none."""
_LOOKUPS: Final = 16
"""Names that are looked up at once. A lookup by the system's resolver cannot be stopped, so one
that is late keeps its thread; this bounds them."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant of ``time.monotonic()``, in seconds."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """The instant that many seconds from now."""
        return cls(time.monotonic() + seconds)

    def left(self) -> float:
        """Seconds until then; ``TimeoutError`` where none are left."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError("there was no time left")
        return left


def system_addresses(host: str, port: int) -> list[str]:
    """The addresses that the system's resolver gives for a host, in its order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Egress:
    """The one way by which Kith speaks to a machine that a client named. Thread-safe."""

    def __init__(self, allowed: Allowance, resolve: Resolve = system_addresses) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._lookups = threading.BoundedSemaphore(_LOOKUPS)

    def check_host(self, host: str) -> None:
        """``Refused`` for an address that may not be spoken to, or that is not written as one
        address; names pass, for they are looked up when they are dialled.
        """
        if not looks_numeric(host):
            return
        try:
            address = ip_address(host)
        except ValueError:
            raise Refused(f"{host} is no address; write four numbers as in 10.0.0.7") from None
        self._allowed.check(host, address)

    def addresses(self, host: str, port: int, deadline: Deadline) -> list[Address]:
        """The addresses of ``host`` that may be spoken to. ``Refused`` where it has others alone,
        ``OSError`` where it has none, ``TimeoutError`` where the resolver is late.
        """
        self.check_host(host)
        found = [ip_address(each) for each in self._looked_up(host, port, deadline)]
        allowed: list[Address] = []
        refused: Refused | None = None
        for address in found:
            try:
                self._allowed.check(host, address)
                allowed.append(address)
            except Refused as error:
                refused = refused or error
        if not allowed:
            raise refused or OSError(f"the name {host} has no address")
        return allowed

    def _looked_up(self, host: str, port: int, deadline: Deadline) -> Sequence[str]:
        if looks_numeric(host):
            return [host]
        if not self._lookups.acquire(timeout=deadline.left()):
            raise TimeoutError("too many names are being looked up")
        answer: list[Sequence[str] | OSError] = []
        done = threading.Event()

        def look_up() -> None:
            try:
                answer.append(self._resolve(host, port))
            except (OSError, UnicodeError) as error:
                answer.append(OSError(f"the name {host} cannot be looked up: {error}"))
            finally:
                self._lookups.release()
                done.set()

        try:
            threading.Thread(target=look_up, name="lookup", daemon=True).start()
        except RuntimeError as error:  # the machine has no thread left
            self._lookups.release()
            raise OSError(f"the name {host} cannot be looked up: {error}") from None
        if not done.wait(deadline.left()) or not answer:
            raise TimeoutError(f"the name {host} was not looked up in time")
        if isinstance(answer[0], OSError):
            raise answer[0]
        return answer[0]


def connected(addresses: Sequence[Address], port: int, deadline: Deadline) -> socket.socket:
    """A connection to the first address that takes one; the last ``OSError`` where none does."""
    failed = OSError("there is no address")
    for address in addresses:
        try:
            found = socket.create_connection((str(address), port), timeout=deadline.left())
        except TimeoutError:
            raise
        except OSError as error:
            failed = error
            continue
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return found
    raise failed
