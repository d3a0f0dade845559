"""The terminal output of commands: one line for a fault, and every name exactly as it is."""

import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TextIO

from rich.console import Console, ConsoleRenderable, RenderHook
from rich.table import Table
from rich.text import Text

from app.core.names import printable
from app.errors import AppError, NotReady

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


_NARROWEST: Final = 80
"""Columns. In fewer Rich would cut ids; the terminal breaks the longer lines, and cuts nothing."""
_OUTPUT, _ERRORS = 1, 2


class _WholeCells(RenderHook):
    """Wraps text that is too long for a cell of a table; Rich would cut it off."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """The same, each table with every column folded."""
        for each in renderables:
            if isinstance(each, Table):
                for column in each.columns:
                    column.overflow = "fold"
        return renderables


def plain_console(*, stderr: bool = False) -> Console:
    """The console of commands. It prints every text exactly and in full: names may have
    what Rich would read as a style (``[red]``), a fault (``[/b]``) or a picture (``:key:``).
    """
    console = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not stderr:  # there bars are drawn, which must fit
        console.width = max(console.width, _NARROWEST)
    console.push_render_hook(_WholeCells())
    return console


def complain(error: AppError | OSError, *, of: str = "kith") -> None:
    """Say on standard error, in one line, what was wrong with the command ``of`` this name."""
    if isinstance(error, OSError):
        text = f"{error.strerror or error}."
        if error.filename:
            text = f"{error.filename!r}: {text}"
    elif isinstance(error, NotReady) and error.reason:
        text = f"{error.detail} The database said: {error.reason}."
    else:
        text = error.detail
    line = Text.assemble((f"{of}:", "red"), " ", printable(text))
    _tell(line)


def say(text: str) -> None:
    """Print ``text`` on standard error, with every name exactly as it is."""
    _tell(text)


def _tell(text: Text | str) -> None:
    """On standard error; where nobody can read it, the command goes on without."""
    try:
        plain_console(stderr=True).print(text, soft_wrap=True)
    except OSError:
        _discard(sys.stderr)


def prepare_streams() -> None:
    """Have both streams print any name, for those of files may be bytes that are no text, and have
    standard output say of itself that it cannot be written. Where it is closed, it says so too.
    """
    while (descriptor := os.open(os.devnull, os.O_RDONLY)) <= _ERRORS:
        pass  # a closed one must not become the next file that is opened
    os.close(descriptor)
    if sys.stdout is None or _is_descriptor(sys.stdout, _OUTPUT):
        sys.stdout = _standard_output(sys.stdout)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            is_utf8 = stream.encoding.lower().replace("-", "") == "utf8"
            stream.reconfigure(errors="surrogateescape" if is_utf8 else "backslashreplace")


def status_of(command: Callable[[], object]) -> str | int | None:
    """Run a command to its end; gives its exit status. ``OSError`` where something that it printed
    could not be written.
    """
    try:
        command()
    except SystemExit as ended:
        status = ended.code
    else:
        status = 0
    flush_output()
    return status


def flush_output() -> None:
    """Write what is left; where that fails it is dropped, for the interpreter would try again."""
    try:
        sys.stdout.flush()
    except OSError:
        _discard(sys.stdout)
        raise


class _Output(io.FileIO):
    """Standard output; its errors say which file they are of."""

    def write(self, data: "ReadableBuffer") -> int:
        """Write ``data``; returns the number of bytes. ``OSError`` if that fails."""
        try:
            return super().write(data)
        except OSError as error:
            why = f"Standard output cannot be written: {error.strerror}"
            raise OSError(error.errno, why) from None


def _standard_output(before: TextIO | None) -> io.TextIOWrapper:
    output = _Output(_OUTPUT, "w", closefd=False)
    at_once = isinstance(before, io.TextIOWrapper) and (before.line_buffering or _at_once(before))
    return io.TextIOWrapper(
        io.BufferedWriter(output),
        encoding=before.encoding if before else "utf-8",
        line_buffering=at_once,
    )


def _at_once(stream: io.TextIOWrapper) -> bool:
    return bool(getattr(stream, "write_through", False))  # PYTHONUNBUFFERED


def _is_descriptor(stream: TextIO, number: int) -> bool:
    try:
        return stream.fileno() == number
    except (OSError, ValueError):
        return False


def _discard(stream: TextIO) -> None:
    with suppress(OSError, ValueError):  # it has no descriptor
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
