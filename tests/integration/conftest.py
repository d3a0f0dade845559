"""Fixtures that several commands' tests need."""

import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import main
from tests.support.brokers import Mosquitto, forget
from tests.support.commands import Command, Kith


@pytest.fixture
def kith(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Kith:
    """Runs a command in this process; gives what it said and its exit code."""

    def run(data: Path, bundle: Path, *arguments: object) -> str:
        monkeypatch.setenv("KITH_DATA_DIR", str(data))
        monkeypatch.setenv("KITH_MODEL", str(bundle))
        monkeypatch.setattr(sys, "argv", ["kith", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return f"{said.out}{said.err}[{ended.value.code or 0}]"

    monkeypatch.setenv("COLUMNS", "200")
    return run


@pytest.fixture(scope="session")
def shared_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a broker for all tests of this process; each has a prefix of its own there."""
    broker = Mosquitto(tmp_path_factory.mktemp("broker"))
    broker.up()
    yield broker.url
    broker.down()


@pytest.fixture
def prefix(shared_broker: str) -> Iterator[str]:
    """A prefix of the test's own at the shared broker, below which nothing stays."""
    prefix = f"kith-test/{secrets.token_hex(6)}"
    yield prefix
    forget(shared_broker, f"{prefix}/#")


@pytest.fixture
def kith_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in this process, with the settings of each call and no others."""
    for name in [name for name in os.environ if name.startswith("KITH_")]:
        monkeypatch.delenv(name)
    return Command(monkeypatch, capsys)
