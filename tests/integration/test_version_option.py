"""``kith --version``."""

from importlib.metadata import version

import pytest

from tests.support.commands import Command


@pytest.mark.parametrize("more", [(), ("serve",)])
def test_the_version_is_printed_and_nothing_is_done(
    kith_command: Command, more: tuple[str, ...]
) -> None:
    ended = kith_command("--version", *more)
    assert (ended.status, ended.out, ended.err) == (0, f"kith {version('kith')}\n", "")


def test_without_a_command_the_options_are_no_success(kith_command: Command) -> None:
    assert kith_command("--").status == 2
