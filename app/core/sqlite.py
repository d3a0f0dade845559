"""SQLite: its file, its pragmas, and how a writer takes its turn."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.pool import ConnectionPoolEntry

from app.core.files import make_private, private_file, private_folder
from app.core.unreadable import readable
from app.errors import NoDatabase

WRITING: Final = "kith_writing"
"""The execution option of a connection that is going to write."""
_BUSY_SECONDS: Final = 30
_RETRY_SECONDS: Final = 0.01
_TEXT: Final = partial(str, encoding="utf-8", errors="replace")
"""SQLite takes any bytes for a text. Those that are no UTF-8, which somebody wrote or a disk has
spoilt, would fail each read of their row and of the rows next to it, as if the database were lost.
"""


def sqlite_engine(url: URL) -> Engine:
    """Each connection waits for a writer's turn, ``_BUSY_SECONDS`` at most.

    Parameters are hidden from errors, so from logs: they are people's names and keys' hashes.
    """
    engine = create_engine(
        url,
        connect_args={"timeout": _BUSY_SECONDS},
        hide_parameters=True,
        json_deserializer=readable(json.loads),
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def prepare_file(file: Path) -> None:
    """Make the database file and the files that SQLite adds to it readable by their owner only.
    An existing folder keeps its mode.
    """
    if not file.parent.exists():
        private_folder(file.parent)
    with suppress(OSError):  # a database that cannot be opened says so itself, when it is asked
        private_file(file).close()
    for each in (file, *(file.with_name(f"{file.name}{end}") for end in ("-wal", "-shm"))):
        make_private(each)


def check_there(file: Path) -> None:
    """``NoDatabase`` where there is no such file."""
    try:
        file.stat()
    except FileNotFoundError:
        raise NoDatabase(
            f"There is no database yet: no file {str(file)!r}. KITH_DATA_DIR or KITH_DATABASE_URL "
            "names it."
        ) from None


def _prepare(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    """WAL lets readers go on while one writes; FULL makes a commit survive a power cut."""
    del record
    connection.isolation_level = None  # Python's driver must not begin behind our back
    connection.text_factory = _TEXT
    cursor = connection.cursor()
    _write_ahead(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # some builds of SQLite do so by default
    cursor.close()


def _write_ahead(cursor: DBAPICursor | sqlite3.Cursor) -> None:
    """Switch the file to WAL, once. For this SQLite does not wait for another writer, such as a
    process that starts too: it says "locked" at once, with any timeout.
    """
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)
        else:
            return


def _begin(connection: Connection) -> None:
    """A writer takes the lock at once: upgrading a read lock later would fail as "locked"."""
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def foreign_keys_off(connection: Connection) -> Iterator[None]:
    """Outside of any transaction: inside one SQLite ignores the pragma."""
    driver = connection.connection
    driver.cursor().execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.cursor().execute("PRAGMA foreign_keys=ON")


def check_foreign_keys(connection: Connection) -> None:
    """``RuntimeError`` where a row refers to a row that is not there."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        tables = sorted({f"{row[0]} -> {row[2]}" for row in broken})
        raise RuntimeError(f"The migration leaves rows that refer to nothing: {', '.join(tables)}.")
