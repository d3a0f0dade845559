"""The database's schema, step by step; the service brings it up to date when it starts."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from app.core.db import Database

_HERE: Final = Path(__file__).parent


def configuration(connection: Connection) -> Config:
    """Alembic's configuration for this package, working on ``connection``."""
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema to ``revision``, in one transaction; a second process waits its turn."""
    with database.migration() as connection:
        command.upgrade(configuration(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the schema back to ``revision``, in one transaction."""
    with database.migration() as connection:
        command.downgrade(configuration(connection), revision)


def current(connection: Connection) -> str | None:
    """The revision that the database is at; None where it has no schema."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The revision that this version of Kith works with."""
    return ScriptDirectory(str(_HERE)).get_current_head()
