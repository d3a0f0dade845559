"""What a command says to whoever started it: one line for a fault, and every name as it is."""

import io
import sys

from rich.console import Console
from rich.text import Text

from app.core.names import printable
from app.errors import AppError, NotReady


def plain_console(*, stderr: bool = False) -> Console:
    """Where commands print, also in tables. It prints every text as it is: names may have what
    Rich would read as a style (``[red]``), a fault (``[/b]``) or a picture (``:key:``).
    """
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def complain(error: AppError | OSError) -> None:
    """Say on standard error, in one line, what was wrong."""
    if isinstance(error, OSError):
        text = f"{error.filename!r}: {error.strerror}." if error.filename else f"{error}."
    elif isinstance(error, NotReady) and error.reason:
        text = f"{error.detail} The database said: {error.reason}."
    else:
        text = error.detail
    line = Text.assemble(("kith:", "red"), " ", printable(text))
    plain_console(stderr=True).print(line, soft_wrap=True)


def say(text: str) -> None:
    """Tell on standard error how it went; names in ``text`` are printed as they are."""
    plain_console(stderr=True).print(text, soft_wrap=True)


def allow_any_name() -> None:
    """Names of files may be bytes that are no text; printing one must not end in an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            is_utf8 = stream.encoding.lower().replace("-", "") == "utf8"
            stream.reconfigure(errors="surrogateescape" if is_utf8 else "backslashreplace")
