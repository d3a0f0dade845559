"""Every command by its name. To import this is to load all that any of them needs."""

import typer

from app.cli import backup, check, enroll, evaluate, health, keys, models, reembed, serve

cli = typer.Typer(
    name="kith",
    help="Kith identifies faces, and answers unknown when a face belongs to nobody enrolled.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
cli.command("serve")(serve.serve)
cli.command("health")(health.health)
cli.command("enroll")(enroll.enroll)
cli.command("evaluate")(evaluate.evaluate)
cli.command("backup")(backup.backup)
cli.command("restore")(backup.restore)
cli.command("import")(backup.import_)
cli.command("check")(check.check)
cli.command("reembed")(reembed.reembed)
cli.add_typer(keys.cli, name="keys")
cli.add_typer(models.cli, name="models")
