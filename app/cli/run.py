"""Runs the command that the arguments name."""

import sys

from app.cli import health
from app.core.names import is_text, printable
from app.core.terminal import allow_any_name, complain
from app.errors import AppError, InvalidRequest


def run() -> None:
    """Run the command; a known error, or one of the system's, is one line on standard error and
    exit code 1.
    """
    allow_any_name()
    try:
        if sys.argv[1:] == ["health"]:
            health.health()  # asked for ever, so without a second of imports
        else:
            from app.cli.commands import cli

            cli()
    except UnicodeEncodeError:
        if not (wrong := [each for each in sys.argv[1:] if not is_text(each)]):
            raise
        complain(
            InvalidRequest(
                f"'{printable(wrong[0])}' is not UTF-8; only the name of a file or folder may be "
                "anything else."
            )
        )
        sys.exit(1)
    except (AppError, OSError) as error:
        complain(error)
        sys.exit(1)
