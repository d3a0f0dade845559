"""Fixtures of a database and of settings.

Examples are not timed: on a busy machine a slow one is no defect.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from app.core.db import Base, Database

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    made = Database(empty_database_url)
    Base.metadata.create_all(made.engine)
    yield made
    made.close()


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for secrets, and no other settings."""
    for name in [name for name in os.environ if name.startswith("KITH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KITH_SECRETS_DIR", str(tmp_path))
    return tmp_path
