"""The ``kith`` command: serve, fetch and calibrate models, enrol, evaluate, back up, check."""

import sys

import typer
from rich.console import Console

from app.cli import backup, check, enroll, evaluate, models, serve
from app.errors import AppError

cli = typer.Typer(
    name="kith",
    help="Kith tells who a face belongs to, and says unknown when it belongs to nobody enrolled.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
cli.command("serve")(serve.serve)
cli.command("enroll")(enroll.enroll)
cli.command("evaluate")(evaluate.evaluate)
cli.command("backup")(backup.backup)
cli.command("restore")(backup.restore)
cli.command("import")(backup.import_)
cli.command("check")(check.check)
cli.add_typer(models.cli, name="models")


def main() -> None:
    """Run the command; a known error is one line on standard error and exit code 1."""
    try:
        cli()
    except AppError as error:
        Console(stderr=True).print(f"[red]kith:[/red] {error.detail}", highlight=False)
        sys.exit(1)
