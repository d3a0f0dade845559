"""``kith import FILE`` and ``kith import compreface URL``: a collection of a backup, or the people
of a CompreFace.
"""

import typer

from app.cli.backup import import_
from app.cli.defaults import WithDefault
from app.cli.import_compreface import import_compreface


class _Import(WithDefault):
    default = "backup"


cli = typer.Typer(cls=_Import, help=import_.__doc__)
cli.command(
    _Import.default, epilog="`kith import compreface` brings the people of a CompreFace along."
)(import_)
cli.command("compreface")(import_compreface)
