"""Threads that last as long as the process: an unforeseen error costs a moment, never the thread.

How often that happened is counted by thread, for the whole process, so that ``/metrics`` shows what
else only the log would say.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

import structlog

_AGAIN_SECONDS: Final = 1.0
_lock: Final = threading.Lock()
_faults: Final = Counter[str]()
_log = structlog.get_logger()


def lasting(name: str, run: Callable[[], object], *, ended: Callable[[], bool]) -> threading.Thread:
    """A thread that calls ``run`` until that returns. Where it raises, it is called again after a
    second, unless the thread is to have ``ended`` by then. The process does not wait for it.
    """

    def last() -> None:
        while True:
            try:
                run()
            except Exception:  # noqa: BLE001 - whatever it is, the thread goes on
                survived(name, "thread.failed", thread=name)
            else:
                return
            if ended():
                return
            time.sleep(_AGAIN_SECONDS)

    return threading.Thread(target=last, name=name, daemon=True)


def survived(thread: str, event: str, /, **said: object) -> None:
    """Log the error that is being handled, which nobody foresaw, and count it."""
    with _lock:
        _faults[thread] += 1
    with suppress(OSError, ValueError):  # nobody reads the log any more
        _log.exception(event, **said)


def faults() -> Mapping[str, int]:
    """The number of errors that each thread has survived, by its name."""
    with _lock:
        return dict(_faults)
