"""The database: one engine, explicit transactions, names for every constraint.

A use case opens its transaction with ``with database.write() as session`` and has committed when
the block ends; nothing commits later, in some teardown, after the answer has gone out. No
transaction is open during decoding, inference or search.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

_NAMING: Final = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

_WRITING: Final = "kith_writing"
_BUSY_SECONDS: Final = 30
_RETRY_SECONDS: Final = 0.01


class Utc(TypeDecorator[datetime]):
    """An aware instant; SQLite keeps no time zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; a naive time is a mistake of the caller."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """As an aware UTC instant, whatever the database keeps."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of every model; the naming convention lets a migration name what it drops."""

    metadata = MetaData(naming_convention=_NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Utc,
        int: BigInteger().with_variant(Integer, "sqlite"),  # SQLite numbers INTEGER keys itself
        dict[str, Any]: JSON,
        list[str]: JSON,
    }


class Database:
    """Owner of the engine. Thread-safe; sessions are not, and never leave their block."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._reading = self.engine
        if self.engine.dialect.name != "sqlite":  # SQLite's readers see a snapshot anyway
            self._reading = self.engine.execution_options(isolation_level="REPEATABLE READ")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One consistent snapshot for the whole block; nothing is ever committed."""
        with Session(self._reading, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that is committed when the block ends and rolled back when it raises."""
        with (
            Session(
                self.engine.execution_options(**{_WRITING: True}), expire_on_commit=False
            ) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def migration(self) -> Iterator[Connection]:
        """A writing transaction for changes of the schema; on SQLite others wait meanwhile.

        SQLite changes a table by copying it and dropping the old one. With foreign keys on, that
        drop would delete whatever hangs on its rows, so they are off inside and checked at the end.
        """
        with self.engine.execution_options(**{_WRITING: True}).connect() as connection:
            if self.engine.dialect.name != "sqlite":
                with connection.begin():
                    yield connection
                return
            with _foreign_keys_off(connection), connection.begin():
                yield connection
                _check_foreign_keys(connection)

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    """Parameters are hidden from errors, so from logs: they are people's names and keys' hashes."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
    if parsed.database not in (None, "", ":memory:"):
        Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": _BUSY_SECONDS}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    """WAL lets readers go on while one writes; FULL makes a commit survive a power cut."""
    del record
    connection.isolation_level = None  # Python's driver must not begin behind our back
    cursor = connection.cursor()
    _write_ahead(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _write_ahead(cursor: DBAPICursor | sqlite3.Cursor) -> None:
    """To WAL, once for each file. For this SQLite does not wait for whoever writes just now, such
    as another process that starts too: it says "locked" at once, whatever the timeout.
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


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: upgrading a read lock later would fail as "locked"."""
    writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def _foreign_keys_off(connection: Connection) -> Iterator[None]:
    """Outside of any transaction: inside one SQLite ignores the pragma."""
    driver = connection.connection
    driver.cursor().execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.cursor().execute("PRAGMA foreign_keys=ON")


def _check_foreign_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        tables = sorted({f"{row[0]} -> {row[2]}" for row in broken})
        raise RuntimeError(f"The migration leaves rows that refer to nothing: {', '.join(tables)}.")
