"""Faults on real processes. Short forms run with every test run, long ones with `make chaos`."""

import os
from dataclasses import dataclass
from typing import Final

import pytest

LONG: Final = bool(os.environ.get("KITH_CHAOS"))
BOTH_IF_LONG: Final = pytest.mark.both_databases if LONG else pytest.mark.on_sqlite
"""For a test whose short form shows on one database all that it would on the other."""


@dataclass(frozen=True, slots=True)
class Length:
    """Which form runs."""

    long: bool

    def of(self, *, short: int, long: int) -> int:
        """The number for the form that runs."""
        return long if self.long else short


@pytest.fixture(scope="session")
def length() -> Length:
    return Length(LONG)
