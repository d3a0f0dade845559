"""Every command by its name, and the module that has it."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any, Final

import typer

from app.core.terminal import plain_console

_COMMANDS: Final = {
    "serve": ("serve", "serve"),
    "health": ("health", "health"),
    "enroll": ("enroll", "enroll"),
    "sync": ("sync", "sync"),
    "backup": ("backup", "backup"),
    "restore": ("backup", "restore"),
    "import": ("imports", "cli"),
    "check": ("check", "check"),
    "reembed": ("reembed", "reembed"),
    "audit": ("audit", "cli"),
    "schema": ("schema", "schema"),
    "evaluate": ("evaluate_group", "cli"),
    "door": ("door", "cli"),
    "identify": ("identify", "identify"),
    "persons": ("persons", "cli"),
    "keys": ("keys", "cli"),
    "models": ("models", "cli"),
}
"""The module of this room that has it, and the function or the group of commands in it."""


def cli_for(arguments: Sequence[str]) -> typer.Typer:
    """``kith`` with the command that ``arguments`` begin with, so that a command loads only what it
    needs; with every command where they begin with none, as for the help.
    """
    found = typer.Typer(name="kith", no_args_is_help=True, pretty_exceptions_enable=False)
    found.callback()(_kith)
    first = arguments[0] if arguments else ""
    names = [] if first == "--version" else [first] if first in _COMMANDS else list(_COMMANDS)
    with _gc_off():
        for name in names:
            _add(found, name)
    return found


def _add(cli: typer.Typer, name: str) -> None:
    module, attribute = _COMMANDS[name]
    command: Any = getattr(import_module(f"app.cli.{module}"), attribute)
    if isinstance(command, typer.Typer):
        cli.add_typer(command, name=name)
    else:
        cli.command(name)(command)


@contextmanager
def _gc_off() -> Iterator[None]:
    """Modules make a million objects and no garbage: looking for it is a sixth of a start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _print_version(*, asked: bool) -> None:
    if asked:
        plain_console().print(f"kith {version('kith')}")
        raise typer.Exit


def _kith(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    """Kith identifies faces, and answers unknown when a face belongs to nobody enrolled."""
    del version  # printed by its callback
