"""The SQL that a replica reads when one person changed."""

from pathlib import Path

import pytest
from sqlalchemy import event

from app.core.db import Database
from app.gallery.templates import TemplateFeed
from app.replication.history import log_change
from bench.startup import CONTRACT, filled
from migrations import upgrade

_STEPS = 10  # of SQLite's machine, between two calls


def _steps(folder: Path, persons: int) -> int:
    """The steps that SQLite takes for the change of one person among ``persons``."""
    database, calls = Database(folder / f"{persons}.db"), [0]
    upgrade(database)
    key, _, revision = filled(database, persons)
    with database.write() as session:
        log_change(session, key, [3])

    def count() -> int:
        calls[0] += 1
        return 0

    event.listen(
        database.engine,
        "begin",
        lambda connection: connection.connection.driver_connection.set_progress_handler(
            count, _STEPS
        ),
    )
    with TemplateFeed(database, CONTRACT).since(key, revision) as parts:
        [delta] = parts
    database.close()
    assert (delta.whole, delta.people.owners.tolist()) == (False, [3])
    return calls[0]


def test_the_change_of_one_person_costs_as_much_among_few_as_among_many(tmp_path: Path) -> None:
    few, many = _steps(tmp_path, 100), _steps(tmp_path, 3000)
    assert few > 0
    assert many == pytest.approx(few, abs=5)
