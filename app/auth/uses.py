"""The time of each key's last use, noted in memory and stored at most once a minute."""

from datetime import datetime
from threading import Lock

from sqlalchemy import bindparam, update

from app.auth.models import ApiKey
from app.core.db import Base, Database

_TABLE = Base.metadata.tables[ApiKey.__tablename__]
_EARLIER = _TABLE.c.last_used_at.is_(None) | (_TABLE.c.last_used_at < bindparam("at"))
_WRITE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("key_id"), _EARLIER)
    .values(last_used_at=bindparam("at"))
)


class LastUses:
    """The last use of each key since the last writing. Thread-safe; noting never waits."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._latest: dict[str, datetime] = {}

    def note(self, key_id: str, at: datetime) -> None:
        """A key was used."""
        with self._lock:
            self._latest[key_id] = at

    def since(self, key_id: str, written: datetime | None) -> datetime | None:
        """The last use that this process knows of, given the one that is ``written``."""
        with self._lock:
            noted = self._latest.get(key_id)
        return max((each for each in (noted, written) if each is not None), default=None)

    def write(self) -> None:
        """Put what was noted into the database; raises, and keeps it, where that does not answer.

        Keys in a fixed order, so that two processes never wait for each other.
        """
        with self._lock:
            noted = dict(self._latest)
        if not noted:
            return
        rows = [{"key_id": key_id, "at": noted[key_id]} for key_id in sorted(noted)]
        with self._database.write() as session:
            session.connection().execute(_WRITE, rows)
        with self._lock:
            for key_id, at in noted.items():
                if self._latest.get(key_id) == at:
                    del self._latest[key_id]
