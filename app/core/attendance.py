"""Says whether the client still waits for the answer to the request in progress.

``server`` sets it for each request, also for the threads that work on it. Code asks before it does
something expensive. Outside a request, as in commands, the answer is always yes.
"""

import threading
from contextvars import ContextVar, Token


class ClientGone(Exception):
    """The client hung up, so that its request need not be worked on any more."""


class Attendance:
    """Whether the client of one request still waits. Thread-safe."""

    def __init__(self) -> None:
        self._gone = threading.Event()

    def end(self) -> None:
        """The client has hung up."""
        self._gone.set()

    def check(self) -> None:
        """``ClientGone`` where nobody waits any more."""
        if self._gone.is_set():
            raise ClientGone


_in_hand: ContextVar[Attendance | None] = ContextVar("attendance", default=None)


def attend(attendance: Attendance) -> Token[Attendance | None]:
    """From here on ``check_client`` asks ``attendance``; give the token to ``dismiss``."""
    return _in_hand.set(attendance)


def dismiss(token: Token[Attendance | None]) -> None:
    """The request has been answered."""
    _in_hand.reset(token)


def check_client() -> None:
    """``ClientGone`` where the client of the request in hand has hung up."""
    attendance = _in_hand.get()
    if attendance is not None:
        attendance.check()
