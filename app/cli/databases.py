"""The database for commands that read or mend what a service keeps: none of them makes one.

Each knows every table, also those of rooms that it has no other use for: a backup holds them all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DatabaseError

import app.access.models
import app.actions.models
import app.auth.models
import app.doors.models
import app.feedback.models
import app.gallery.models
import app.jobs.models
import app.mqtt.models
import app.receipts.models
import app.replication.history
import app.trail.models
import app.webhooks.models  # noqa: F401
from app.core.db import Database
from app.core.erasure import Erasure
from app.core.opening import reason_of
from app.errors import NoDatabase, NotReady, StartError
from app.settings import Settings
from migrations import check_known, current, newest

_BUSY_SECONDS: Final = 30.0
_START: Final = "start `kith serve` of this version on it once."


@contextmanager
def existing_database(settings: Settings) -> Iterator[Database]:
    """The database of the settings, also while a service uses it.

    ``StartError`` where there is none, or it cannot be opened, or is of another version of Kith;
    ``NotReady`` where it cannot be read to the end.
    """
    database = Database(settings.database, make=False)
    try:
        _check_schema(database)
        with erased(database):
            yield database
    except DatabaseError as error:
        if type(error) is not DatabaseError:
            raise
        raise NotReady(
            f"The database cannot be read: {reason_of(error.orig)}. Restore the last good backup."
        ) from None
    finally:
        database.close()


@contextmanager
def erased(database: Database) -> Iterator[None]:
    """Erase from the database's files, too, the rows that the block deletes."""
    erasure = Erasure(database, busy_seconds=_BUSY_SECONDS)
    yield
    if erasure.heard:
        erasure.run()


def is_empty(settings: Settings) -> bool:
    """Whether Kith never started on the database; to ask makes none."""
    try:
        database = Database(settings.database, make=False)
    except NoDatabase:
        return True
    try:
        with database.opening(), database.engine.connect() as connection:
            return current(connection) is None
    finally:
        database.close()


def _check_schema(database: Database) -> None:
    with database.opening(), database.engine.connect() as connection:
        found = check_known(database, connection)
    if found is None:
        raise StartError(f"There is no gallery in {database.place}: {_START}")
    if found != newest():
        raise StartError(
            f"The schema of {database.place} is {found}, of an older Kith; this one needs "
            f"{newest()}: {_START}"
        )
