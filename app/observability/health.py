"""Whether the parts that every answer needs are there."""

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.core.db import Database
from app.errors import NotReady

_log = structlog.get_logger()


class Readiness:
    """Asks the database; the models are loaded before the service listens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def check(self) -> None:
        """``NotReady`` while the database does not answer."""
        try:
            with self._database.read() as session:
                session.execute(text("SELECT 1"))
        except SQLAlchemyError as error:
            _log.warning("database.unreachable", error_type=type(error).__name__)
            raise NotReady("The database does not answer.") from None
