"""Keys in a database of their own, and a clock that stands still."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.auth.service import KeyService
from app.core.db import Database
from migrations import upgrade

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


class StoppedClock:
    """It is always noon."""

    def now(self) -> datetime:
        return NOW


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'kith.db'}")
    upgrade(made)
    yield made
    made.close()


@pytest.fixture
def keys(database: Database) -> KeyService:
    return KeyService(database, StoppedClock(), admin_key=None)
