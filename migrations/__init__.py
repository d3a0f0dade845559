"""The database's schema, step by step; the service brings it up to date when it starts."""

from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from app.core.db import Database
from app.errors import StartError

_HERE: Final = Path(__file__).parent


def configuration(connection: Connection) -> Config:
    """Alembic's configuration for this package, working on ``connection``."""
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema to ``revision``, in one transaction; a second process waits its turn.

    ``StartError`` where that cannot be done.
    """
    with database.opening(), database.migration() as connection:
        if check_known(database, connection) != newest() or revision != "head":
            command.upgrade(configuration(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the schema back to ``revision``, in one transaction."""
    with database.migration() as connection:
        command.downgrade(configuration(connection), revision)


def current(connection: Connection) -> str | None:
    """The revision that the database is at; None where it has no schema."""
    return MigrationContext.configure(connection).get_current_revision()


def check_known(database: Database, connection: Connection) -> str | None:
    """The revision that the database is at; ``StartError`` where this Kith does not know it."""
    found = current(connection)
    if found is None or found in _known():
        return found
    raise StartError(
        f"Kith {version('kith')} does not know the schema {found} of {database.place}; the "
        f"newest that it knows is {newest()}. Run the newer Kith that wrote it, or restore a "
        "backup of this version into an empty database."
    )


def newest() -> str | None:
    """The revision that this version of Kith works with."""
    return _scripts().get_current_head()


@cache
def _known() -> set[str]:
    return {script.revision for script in _scripts().walk_revisions()}


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_HERE))
