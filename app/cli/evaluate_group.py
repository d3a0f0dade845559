"""``kith evaluate FOLDER`` and ``kith evaluate door FOLDER``: one name, two measurements."""

from typing import Any, Final

import typer
from typer.core import TyperGroup

from app.cli import evaluate, evaluate_door


class WithDefault(TyperGroup):
    """A group whose ``default`` command needs no name: what is no name of another command is its
    argument. A folder of such a name is `./door`.
    """

    default: Final = "evaluate"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer's own
        """Put the name of the default command before the arguments where there is none."""
        named = bool(args) and args[0] in self.commands and args[0] != self.default
        return super().parse_args(ctx, args if named else [self.default, *args])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - typer's own
        """Find the command; the help of the default one shows no second name."""
        name, command, rest = super().resolve_command(ctx, args)
        return ("" if name == self.default else name), command, rest


cli = typer.Typer(cls=WithDefault, help=evaluate.evaluate.__doc__)
cli.command(
    WithDefault.default,
    epilog="`kith evaluate door` measures bursts of frames, as a door decides on them.",
)(evaluate.evaluate)
cli.command("door")(evaluate_door.evaluate_door)
