"""Commands of ``python -m training``, run in this process: torch takes seconds to import."""

import io
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import TextIO

import pytest

from training.__main__ import main

Command = Callable[..., tuple[object, str, str]]


def run_command(*arguments: str, stdout: TextIO | None = None) -> tuple[object, str, str]:
    """Exit status, standard output and error of a command; its output goes to ``stdout``."""
    out, error = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with (
        pytest.MonkeyPatch.context() as patched,
        redirect_stdout(stdout or out),
        redirect_stderr(error),
    ):
        patched.setattr(sys, "argv", ["training", *arguments])
        with pytest.raises(SystemExit) as status:
            main()
    for stream in (out, error):
        stream.seek(0)
    return status.value.code, out.read(), error.read()


@pytest.fixture(name="command")
def command_fixture() -> Command:
    """A command in this process."""
    return run_command
