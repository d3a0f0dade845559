"""Erases removed data from the files of an SQLite database.

SQLite overwrites a deleted row at once (``secure_delete``, see ``app.core.sqlite``). Copies remain
in two places: in the write-ahead log, where older versions of the page stay until others overwrite
them, and in the free part of a page to which SQLite had once moved the row: 7 of 14,316 names were
found there. Truncating the log removes the first, ``VACUUM`` the second.

PostgreSQL keeps deleted rows until it vacuums, in its own way: see docs/erasure.md.
"""

import re
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPICursor

from app.core.db import Database
from app.core.opening import sqlite_file

_REMOVES: Final = re.compile(r'\s*(DELETE FROM|UPDATE) "?(\w+)', re.IGNORECASE)
_COUNTED_OUT: Final = frozenset(
    {"changes", "door_grants", "door_spoofs", "door_visits", "webhook_dead_letters"}
)
"""The change log, the memory of doors, and dead letters: old rows are deleted all the time; they
hold numbers, and ids of events. The audit and events, whose rows name persons by id, lose theirs
once a day."""
_REWRITTEN: Final = ("persons", "idempotency_receipts")
"""Tables whose rows hold names, which an update may remove."""
_SHARE: Final = 100
"""``VACUUM`` holds up writers, for 0.3 s of a core with 75 MB: it gets a hundredth of the time."""
_BUSY_SECONDS: Final = 1.0
_SPARE_BYTES: Final = 64 * 1024**2

_log = structlog.get_logger()


class Erasure:
    """Notes removals through ``database``; ``run`` erases them from its files.

    ``at_start`` of a service it takes what a process before it did not come to. Thread-safe. Does
    nothing where the database is not a file of SQLite.
    """

    def __init__(
        self, database: Database, *, at_start: bool = False, busy_seconds: float = _BUSY_SECONDS
    ) -> None:
        self._file = sqlite_file(database.engine.url)
        self._busy_seconds = busy_seconds
        self._not_before = 0.0
        self.heard = False
        if self._file is not None:
            self.heard = at_start and _has_log(self._file)
            _keep_temporary_files_near(self._file)
            event.listen(database.engine, "after_cursor_execute", self._hear)

    def run(self) -> None:
        """Truncate the log to zero bytes; if something was removed, rewrite the database.

        Where somebody else uses the database just now, or the disk has no room for a second copy
        of it, that is left for the next time, also that of another process.
        """
        if self._file is None or not self._file.exists():
            return
        try:
            with self._connected(self._file) as connection:
                self._erase(connection, self._file)
        except sqlite3.DatabaseError as error:
            if not isinstance(error, sqlite3.OperationalError):  # damaged: `kith check` says where
                _log.warning("erasure.failed", reason=str(error))

    def _erase(self, connection: sqlite3.Connection, file: Path) -> None:
        heard, self.heard = self.heard, False
        try:
            if heard:  # and not to be forgotten with this process
                connection.execute("PRAGMA user_version=1")
            if connection.execute("PRAGMA user_version").fetchone() == (1,):
                self._rewrite(connection, file)
        except sqlite3.OperationalError:
            self.heard = heard
            raise
        finally:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _rewrite(self, connection: sqlite3.Connection, file: Path) -> None:
        if time.monotonic() < self._not_before:
            return
        needed = 2 * file.stat().st_size + _SPARE_BYTES
        if shutil.disk_usage(file.parent).free < needed:
            _log.warning("erasure.waits", needed_bytes=needed)
            return
        began = time.monotonic()
        connection.execute("VACUUM")
        connection.execute("PRAGMA user_version=0")
        took = time.monotonic() - began
        self._not_before = time.monotonic() + _SHARE * took
        _log.debug("erasure.done", seconds=round(took, 3))

    @contextmanager
    def _connected(self, file: Path) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(file, timeout=self._busy_seconds, isolation_level=None)
        with closing(connection):
            connection.execute("PRAGMA secure_delete=ON")
            yield connection

    def _hear(
        self, connection: Connection, cursor: DBAPICursor, statement: str, *rest: object
    ) -> None:
        del connection, rest
        found = _REMOVES.match(statement)
        if found is None or cursor.rowcount == 0:
            return
        what, table = found.groups()
        if table in _REWRITTEN or (what.upper() != "UPDATE" and table not in _COUNTED_OUT):
            self.heard = True


def _has_log(file: Path) -> bool:
    """Whether a process that was killed has left its log, or one is just using the database."""
    with suppress(OSError):  # a database that cannot be reached says so itself, when it is opened
        return file.with_name(f"{file.name}-wal").stat().st_size > 0
    return False


def _keep_temporary_files_near(file: Path) -> None:
    """Make ``VACUUM`` write its unnamed temporary file in the database's folder, where others
    cannot read. SQLite has one such folder for the whole process, so it is set once.
    """
    with closing(sqlite3.connect(":memory:")) as connection:
        if not connection.execute("PRAGMA temp_store_directory").fetchall():
            folder = str(file.parent.resolve()).replace("'", "''")
            with suppress(sqlite3.OperationalError):  # it is not writable: nothing can be removed
                connection.execute(f"PRAGMA temp_store_directory='{folder}'")
