"""Keys in a database of their own, and a clock that stands still."""

from collections.abc import Iterator
from datetime import UTC, datetime

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
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    upgrade(made)
    yield made
    made.close()


@pytest.fixture
def keys(database: Database) -> KeyService:
    return KeyService(database, StoppedClock(), admin_key=None)
