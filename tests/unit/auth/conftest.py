"""Keys in a database of their own, and a clock that stands still."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from app.auth.service import KeyService
from app.core.db import Database
from app.gallery.models import Collection
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


def add_collection(database: Database, collection_id: str) -> None:
    """A collection that nobody is in."""
    with database.write() as session:
        session.add(
            Collection(
                id=collection_id,
                target_fpir=0.001,
                target_fmr=1e-4,
                max_faces_per_person=20,
                attributes={},
                contract_id="contract",
                created_at=NOW,
                updated_at=NOW,
            )
        )


@pytest.fixture
def keys(database: Database) -> KeyService:
    return KeyService(database, StoppedClock(), admin_key=None)
