"""Whether the parts that every answer needs are there."""

from typing import Literal

from sqlalchemy import text

from app.core.db import Database
from app.core.outage import Outage

Ready = Literal["ok", "stale"]
"""``stale``: the database does not answer, and identify and verify go on by what was last known."""


class Readiness:
    """Asks the database; the models are loaded before the service listens."""

    def __init__(self, database: Database, outage: Outage) -> None:
        self._database = database
        self._outage = outage

    def check(self) -> Ready:
        """``NotReady`` while the database does not answer and nothing may stand in for it."""
        return self._outage.answer(self._ask, lambda: "stale")

    def _ask(self) -> Ready:
        with self._database.read() as session:
            session.execute(text("SELECT 1"))
        return "ok"
