"""Commands in this process."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from app.cli import main

Kith = Callable[..., str]
"""The type of the fixture ``kith``: it runs a command, and gives its output and its exit code."""


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


class Command:
    """``kith`` with the arguments and the settings of each call, and no others."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: object, **settings: object) -> Ended:
        with self._monkeypatch.context() as during:
            during.setattr(sys, "argv", ["kith", *map(str, arguments)])
            for name, value in settings.items():
                during.setenv(name, str(value))
            with pytest.raises(SystemExit) as ended:
                main()
        said = self._capsys.readouterr()
        return Ended(int(ended.value.code or 0), said.out, said.err)
