"""Every command by its name. To import this is to load all that any of them needs."""

from importlib.metadata import version
from typing import Annotated

import typer

from app.cli import (
    audit,
    backup,
    check,
    door,
    door_explain,
    enroll,
    evaluate_group,
    health,
    keys,
    models,
    reembed,
    serve,
    sync,
)
from app.core.terminal import plain_console

cli = typer.Typer(
    name="kith",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(*, asked: bool) -> None:
    if asked:
        plain_console().print(f"kith {version('kith')}")
        raise typer.Exit


@cli.callback()
def kith(
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


cli.command("serve")(serve.serve)
cli.command("health")(health.health)
cli.command("enroll")(enroll.enroll)
cli.command("sync")(sync.sync)
cli.command("backup")(backup.backup)
cli.command("restore")(backup.restore)
cli.command("import")(backup.import_)
cli.command("check")(check.check)
cli.command("reembed")(reembed.reembed)
cli.add_typer(audit.cli, name="audit")
cli.add_typer(evaluate_group.cli, name="evaluate")
door.cli.command("explain")(door_explain.explain_door)
cli.add_typer(door.cli, name="door")
cli.add_typer(keys.cli, name="keys")
cli.add_typer(models.cli, name="models")
