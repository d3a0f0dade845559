"""Completion of ``kith`` in a shell: the script that it prints, and what bash makes of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import Command

BIN = Path(sys.executable).parent


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_printed(kith_command: Command, shell: str) -> None:
    ended = kith_command("--show-completion", shell)
    assert (ended.status, ended.err) == (0, "")
    assert "kith" in ended.out
    assert "_KITH_COMPLETE" in ended.out


def test_bash_completes_commands_and_their_options() -> None:
    script = """
    eval "$(kith --show-completion bash)"
    for words in 'kith ident' 'kith persons e' 'kith identify --coll'; do
      COMP_WORDS=($words); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
      _kith_completion kith; echo "${COMPREPLY[@]}"
    done
    """
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.stdout.splitlines() == ["identify", "erase", "--collection"], done.stderr
