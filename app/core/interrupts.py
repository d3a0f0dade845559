"""Ends a command at once when a signal asks for it, and removes unfinished files.

No exception is raised for it. A ``KeyboardInterrupt`` comes between any two bytecodes: in the
import of an extension it becomes an ``ImportError``, in a destructor or a callback it is printed
and lost, and a second one breaks off the clean-up after the first. Instead the handler removes what
was registered here as unfinished and leaves the process. To a database that is a process that was
killed: what was not committed has not happened.

Nothing that takes time is imported, so that a command is ready for a signal before it loads
anything else.
"""

import atexit
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

Undo = Callable[[], object]

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SHOW_CURSOR = b"\x1b[?25h\n"  # a progress bar hides it

_undo: dict[object, Undo] = {}
_held: set[object] = set()
_waiting: int | None = None


def end_at_signals() -> None:
    """From now on SIGINT, SIGTERM and SIGHUP end the process with exit code 128 + their number.

    A signal that the process was started to ignore (``nohup``, a job in the background of a
    script) stays ignored. So does one that comes when the command is over and the interpreter takes
    itself apart: it would find no handler any more.
    """
    handle_stops(_end)
    atexit.register(handle_stops, signal.SIG_IGN)


def handle_stops(handler: Callable[[int, FrameType | None], object] | signal.Handlers) -> None:
    """Have ``handler`` called for the signals that ask the process to stop."""
    for number in _STOPS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


@contextmanager
def undone_by(undo: Undo) -> Iterator[None]:
    """Within the block, a signal that ends the process has ``undo`` called first.

    It is called in the main thread between any two bytecodes: it must take no lock.
    """
    entry = object()
    _undo[entry] = undo
    try:
        yield
    finally:
        del _undo[entry]


@contextmanager
def held_back() -> Iterator[None]:
    """Within the block no signal ends the process; one that came does so when the block ends.

    For the few steps that must not be parted, never for work.
    """
    entry = object()
    _held.add(entry)
    try:
        yield
    finally:
        _held.discard(entry)
        if _waiting is not None and not _held:
            os.kill(os.getpid(), _waiting)


def _end(number: int, frame: FrameType | None) -> None:
    del frame
    global _waiting
    if _held:
        _waiting = number
        if _held:  # still: another thread's block may just have ended, and have seen nobody wait
            return
    handle_stops(signal.SIG_IGN)  # a second one must not break off the clean-up
    for undo in reversed(list(_undo.values())):
        with suppress(Exception):  # whatever it was, the next must still be undone
            undo()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # such as that a write was under way
            stream.flush()
    if os.isatty(2):
        os.write(2, _SHOW_CURSOR)
    os._exit(128 + number)
