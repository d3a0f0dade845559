"""Runs the command that the arguments name."""

import sys
from io import TextIOWrapper

from rich.console import Console

from app.cli import health
from app.errors import AppError


def run() -> None:
    """Run the command; a known error is one line on standard error and exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # of people of all scripts, on any terminal
            stream.reconfigure(errors="backslashreplace")
    try:
        if sys.argv[1:] == ["health"]:
            health.health()  # asked for ever, so without a second of imports
        else:
            from app.cli.commands import cli

            cli()
    except AppError as error:
        Console(stderr=True).print(
            f"[red]kith:[/red] {error.detail}", highlight=False, soft_wrap=True
        )
        sys.exit(1)
