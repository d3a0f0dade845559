"""``kith evaluate FOLDER`` and ``kith evaluate door FOLDER``: one name, two measurements."""

import typer

from app.cli import evaluate, evaluate_door
from app.cli.defaults import WithDefault


class _Evaluate(WithDefault):
    default = "evaluate"


cli = typer.Typer(cls=_Evaluate, help=evaluate.evaluate.__doc__)
cli.command(
    _Evaluate.default,
    epilog="`kith evaluate door` measures bursts of frames, as a door decides on them.",
)(evaluate.evaluate)
cli.command("door")(evaluate_door.evaluate_door)
