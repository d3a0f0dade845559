"""Waiting for what another thread or process does."""

import time
from collections.abc import Callable
from typing import Final

_SECONDS: Final = 30.0  # for what takes milliseconds, on a machine that is busy


def wait_for(
    condition: Callable[[], bool],
    seconds: float = _SECONDS,
    *,
    shows: Callable[[], object] = lambda: None,
) -> None:
    """Return as soon as ``condition`` holds; fails where it does not in ``seconds`` seconds, with
    what ``shows`` gives then.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, shows()
        time.sleep(0.02)
