"""The database for commands that read or mend what a service keeps: none of them makes one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import DatabaseError

from app.core.db import Database, available
from app.errors import InvalidRequest, NotReady
from app.settings import Settings
from migrations import current, newest


@contextmanager
def existing_database(settings: Settings) -> Iterator[Database]:
    """The database of the settings, beside a running service.

    ``InvalidRequest`` where there is none, ``NotReady`` where it cannot be read or is of another
    version of Kith.
    """
    if _has_no_file(settings):
        raise InvalidRequest(
            "There is no database yet; KITH_DATA_DIR or KITH_DATABASE_URL names it."
        )
    database = Database(settings.sql_url)
    try:
        _check_schema(database)
        yield database
    except DatabaseError as error:
        if type(error) is not DatabaseError:
            raise
        raise NotReady(
            f"The database cannot be read: {error.orig}. Restore the last good backup."
        ) from None
    finally:
        database.close()


def is_empty(settings: Settings) -> bool:
    """Whether Kith never started on the database; to ask makes none."""
    if _has_no_file(settings):
        return True
    database = Database(settings.sql_url)
    try:
        with available(), database.engine.connect() as connection:
            return current(connection) is None
    finally:
        database.close()


def _has_no_file(settings: Settings) -> bool:
    url = make_url(settings.sql_url)
    return url.get_backend_name() == "sqlite" and not Path(str(url.database)).is_file()


def _check_schema(database: Database) -> None:
    try:
        with available(), database.engine.connect() as connection:
            found = current(connection)
    except NotReady:
        found = None
    if found != newest():
        raise NotReady(
            "The database cannot be read; is it running, and did `kith serve` of this version "
            "start on it once?"
        )
