"""Runs the command that the arguments name."""

import sys
from contextlib import suppress

from app.cli import health
from app.cli.words import with_options
from app.core.names import is_text, printable
from app.core.terminal import complain, flush_output, prepare_streams, status_of
from app.errors import AppError, InvalidRequest


def run() -> None:
    """Run the command; a known error, or one of the system's, is one line on standard error and
    exit code 1.
    """
    prepare_streams()
    try:
        status = status_of(_command)
    except (AppError, OSError) as error:
        if isinstance(error, AppError):
            error.detail = with_options(error.detail)
        complain(error)
        with suppress(OSError):
            flush_output()
        status = 1
    sys.exit(status)


def _command() -> None:
    if sys.argv[1:] == ["health"]:
        health.health()  # asked for ever, so without a second of imports
        return
    from app.cli.commands import cli_for

    cli = cli_for(sys.argv[1:])
    try:
        cli()
    except UnicodeEncodeError:
        if not (wrong := [each for each in sys.argv[1:] if not is_text(each)]):
            raise
        raise InvalidRequest(
            f"'{printable(wrong[0])}' is not UTF-8; only the name of a file or folder may be "
            "anything else."
        ) from None
