"""Processes that are forked from one that has loaded all of Kith: a start costs a tenth.

Each is a process of its own, with its own environment and its own end, as one that a shell starts.
What it does not show is the loading itself; tests of that start the command.
"""

import atexit
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import chdir
from functools import cache
from multiprocessing.context import ForkServerContext
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parent.parent.parent


class Forked:
    """``program`` as ``python -c`` runs it; all that it says is added to the file ``log``."""

    def __init__(
        self, program: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        self._command = [program, *arguments]
        self._process = _loaded().Process(
            target=_run, args=(program, list(arguments), dict(environment), log), daemon=True
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """The exit status, once it has ended."""
        return self._process.exitcode

    def wait(self, seconds: float) -> int:
        """The exit status; ``TimeoutExpired`` where it does not end."""
        self._process.join(seconds)
        if (status := self.poll()) is None:
            raise subprocess.TimeoutExpired(self._command, seconds)
        return status

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


@cache
def _loaded() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", "tests.support.loaded"])
    with chdir(_ROOT):  # else it would not find what to load
        ensure_running()
    return context


def _run(program: str, arguments: list[str], environment: dict[str, str], log: Path) -> None:
    said = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.close(said)
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["-c", *arguments]
    try:
        exec(compile(program, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102
    finally:
        atexit._run_exitfuncs()  # a process of multiprocessing ends without
