"""Whether the parts that every answer needs are there."""

from sqlalchemy import text

from app.core.db import Database


class Readiness:
    """Asks the database; the models are loaded before the service listens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def check(self) -> None:
        """``NotReady`` while the database does not answer."""
        with self._database.read() as session:
            session.execute(text("SELECT 1"))
