"""Fixtures for tests of ``kith evaluate``."""

from pathlib import Path

import pytest

from tests.integration.evaluate.command import Kith, make_staff
from tests.support.commands import Command


@pytest.fixture
def kith(kith_command: Command, tmp_path: Path) -> Kith:
    return Kith(kith_command, tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve people of three pictures, three of one."""
    return make_staff(tmp_path / "staff", several=12, people=15)
