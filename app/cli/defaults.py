"""A group of commands with a default: the command that runs where none is named."""

from typing import Any, ClassVar

from typer.core import TyperGroup


class WithDefault(TyperGroup):
    """A group whose ``default`` command needs no name: a first word that names no other command is
    its argument. A file that has the name of a command is written `./door`.
    """

    default: ClassVar[str]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer's own
        """Put the name of the default command before the arguments where there is none."""
        named = bool(args) and args[0] in self.commands and args[0] != self.default
        return super().parse_args(ctx, args if named else [self.default, *args])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - typer's own
        """Find the command; the help of the default one shows no second name."""
        name, command, rest = super().resolve_command(ctx, args)
        return ("" if name == self.default else name), command, rest
