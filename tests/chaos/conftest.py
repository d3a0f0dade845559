"""Faults on real processes. Short forms run with every test run, long ones with `make chaos`."""

import os
from dataclasses import dataclass

import pytest


@dataclass(frozen=True, slots=True)
class Length:
    """Which form runs."""

    long: bool

    def of(self, *, short: int, long: int) -> int:
        """The number for the form that runs."""
        return long if self.long else short


@pytest.fixture(scope="session")
def length() -> Length:
    return Length(bool(os.environ.get("KITH_CHAOS")))
