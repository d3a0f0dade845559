"""The commands that are tried, and the one line that each of them has to say."""

from datetime import UTC, datetime
from typing import Final

import pytest

from tests.support.commands import Ended

SECRET: Final = "s3cr3t-w0rd"
NOON: Final = datetime(2026, 5, 4, 12, tzinfo=UTC)


def clear(said: Ended, *parts: str) -> None:
    """One line on standard error, and nothing else, with all of ``parts``."""
    assert said.status == 1
    assert (said.out, said.err.count("\n")) == ("", 1), said
    assert said.err.startswith("kith: ")
    for part in parts:
        assert part in said.err, said.err


COMMANDS: Final = {
    "serve": ("serve",),
    "enroll": ("enroll", "--collection", "hq", "people"),
    "evaluate": ("evaluate", "--collection", "hq", "--out", "report"),
    "backup": ("backup", "new.zip"),
    "restore": ("restore", "kith.zip"),
    "import": ("import", "kith.zip", "--collection", "hq"),
    "check": ("check",),
    "reembed": ("reembed", "--model", "bundle"),
}
"""Every command that opens the database."""
commands = pytest.mark.parametrize("command", COMMANDS)
both_ways = pytest.mark.parametrize("command", ["serve", "check"])
"""A command that makes a database, and one that takes it as it is."""
