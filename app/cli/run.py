"""Runs the command that the arguments name."""

import sys

from app.cli import health
from app.core.terminal import allow_any_name, complain
from app.errors import AppError


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
    except (AppError, OSError) as error:
        complain(error)
        sys.exit(1)
