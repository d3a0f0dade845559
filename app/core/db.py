"""The database: one engine, explicit transactions, names for every constraint.

A use case opens its transaction with ``with database.write() as session`` and has committed when
the block ends; nothing commits later, in some teardown, after the answer has gone out. No
transaction is open during decoding, inference or search.

SQLite for one process, PostgreSQL for several. How a writer takes its turn is in
``app.core.sqlite`` and ``app.core.postgresql``; how each says that it cannot be reached is here.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final

import structlog
from sqlalchemy import (
    JSON,
    URL,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    func,
    inspect,
    select,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from app.core.opening import checked_url, opening, place_of, reason_of, sqlite_file
from app.core.postgresql import LONG_RUNNING_SECONDS, allow_long_statements, postgresql_engine
from app.core.sqlite import (
    WRITING,
    check_foreign_keys,
    check_there,
    foreign_keys_off,
    prepare_file,
    sqlite_engine,
)
from app.core.unreadable import readable
from app.errors import DatabaseLost, NotReady

_log = structlog.get_logger()

_NAMING: Final = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

_DISK_FULL: Final = ("SQLITE_FULL", "53100")
_LOST: Final = ("08", "57P01", "57P02", "57P03", "SQLITE_CANTOPEN", "SQLITE_IOERR")
"""First characters of error codes of a lost database. A driver that got no answer has no code."""
IN_SQL_ALONE: Final = {"synchronize_session": False}
"""Options of an UPDATE or DELETE of many rows: the session's own objects are not looked through."""
_ADVISORY_LOCK: Final = 0x4B495448  # "KITH": the advisory lock for ``exclusive``


class Utc(TypeDecorator[datetime]):
    """An aware instant; SQLite keeps no time zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], datetime | None] | None:
        """SQLAlchemy's own; where SQLite has something that is no time it gives ``UNREADABLE``."""
        read = super().result_processor(dialect, coltype)
        return None if read is None else readable(read)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; a naive time is a mistake of the caller."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The stored instant as an aware datetime in UTC, whatever the database returns."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def is_time(column: InstrumentedAttribute[datetime]) -> ColumnElement[bool]:
    """Whether a column has a time that Python has: not ``infinity``, nor in SQLite some text. What
    only begins as a time is not found out.
    """
    return column.between(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


class Json(JSON):
    """JSON that knows ``true`` from ``1``, which Python takes for equal: a column that was set from
    one to the other is written.
    """

    def compare_values(self, x: Any, y: Any) -> bool:  # noqa: ANN401 - any JSON value
        """Whether two values are the same JSON."""
        return bool(x == y) and json.dumps(x, sort_keys=True) == json.dumps(y, sort_keys=True)


class Base(DeclarativeBase):
    """Base of every model; the naming convention lets a migration name what it drops."""

    metadata = MetaData(naming_convention=_NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Utc,
        int: BigInteger().with_variant(Integer, "sqlite"),  # SQLite numbers INTEGER keys itself
        dict[str, Any]: Json,
        list[str]: Json,
        list[dict[str, Any]]: Json,
    }


def assign(row: Base, values: Mapping[str, Any]) -> list[str]:
    """Give a row these values of columns and relationships; the names of those that were others
    before. Where there are none, nothing happened: no row of the audit, no event, no revision.
    """
    for name, value in values.items():
        setattr(row, name, value)
    attributes = inspect(row).attrs
    return [name for name in values if attributes[name].history.has_changes()]


class Database:
    """The owner of the engine. Thread-safe; sessions are not, and never leave their block.

    ``where`` is a URL, as in KITH_DATABASE_URL, or the file of an SQLite database, which may have
    any name; it is made where there is none, or with ``make=False`` refused. ``StartError`` where
    that cannot be. ``sessions`` is where to listen to what happens to them.
    """

    def __init__(self, where: str | Path, *, make: bool = True) -> None:
        if isinstance(where, Path):
            self._url, self._setting = URL.create("sqlite", database=str(where)), "KITH_DATA_DIR"
        else:
            self._url, self._setting = checked_url(where), "KITH_DATABASE_URL"
        if (file := sqlite_file(self._url)) is not None:
            with self.opening():
                if not make:
                    check_there(file)
                prepare_file(file)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self.engine = (sqlite_engine if self.is_sqlite else postgresql_engine)(self._url)
        self.sessions = sessionmaker(expire_on_commit=False)
        self._writing = self.engine.execution_options(**{WRITING: True})
        self._reading = self.engine
        if not self.is_sqlite:  # SQLite's readers see a snapshot anyway
            self._reading = self.engine.execution_options(isolation_level="REPEATABLE READ")

    @property
    def place(self) -> str:
        """The database's location for a message, without its password."""
        return place_of(self._url)

    def opening(self) -> AbstractContextManager[None]:
        """A block in which the database is opened or prepared; a failure becomes ``StartError``,
        with the reason for the operator.
        """
        return opening(self._url, self._setting)

    @contextmanager
    def read(self, *, long_running: bool = False) -> Iterator[Session]:
        """One consistent snapshot for the whole block; nothing is ever committed.

        ``long_running`` is for whole galleries, which no request waits for statement by statement.
        ``NotReady`` where the database does not answer; of that kind ``DatabaseLost`` where it
        cannot be reached at all.
        """
        with available(), self.sessions(bind=self._reading) as session:
            if long_running:
                self._allow_long_statements(session)
            yield session

    @contextmanager
    def write(self, *, exclusive: bool = False, long_running: bool = False) -> Iterator[Session]:
        """A transaction that is committed when the block ends and rolled back when it raises.

        On SQLite one writer runs at a time. On PostgreSQL writers wait for each other if they lock
        the same rows (``repository.lock_collection``), or if they set ``exclusive`` to change what
        may exist only once. ``long_running`` as in ``read``. ``NotReady`` if the database does not
        answer; it is then unknown whether a commit without an acknowledgement happened.
        """
        with (
            available(),
            self.sessions(bind=self._writing) as session,
            session.begin(),
        ):
            if exclusive and not self.is_sqlite:
                session.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
            if long_running:
                self._allow_long_statements(session)
            yield session

    @contextmanager
    def migration(self) -> Iterator[Connection]:
        """A writing transaction for changes of the schema; other processes wait until it ends.

        SQLite changes a table by copying it and dropping the old one. With foreign keys on, that
        drop would delete whatever hangs on its rows, so they are off inside and checked at the end.
        Errors are the driver's own; ``opening`` translates them.
        """
        writing = self.engine.execution_options(**{WRITING: True})
        with writing.connect() as connection:
            if not self.is_sqlite:
                with connection.begin():
                    # A big table takes its time, and so does waiting for who migrates already.
                    allow_long_statements(connection, seconds=None)
                    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
                    connection.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
                    yield connection
                return
            with foreign_keys_off(connection), connection.begin():
                yield connection
                check_foreign_keys(connection)

    def _allow_long_statements(self, session: Session) -> None:
        if not self.is_sqlite:
            allow_long_statements(session.connection(), seconds=LONG_RUNNING_SECONDS)

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


@contextmanager
def available() -> Iterator[None]:
    """A block in which the driver's errors of a lost database become ``NotReady``."""
    try:
        yield
    except PoolTimeout:
        raise NotReady("Every connection to the database is in use; try again.") from None
    except DBAPIError as error:
        if not _is_outage(error):
            raise
        code, said = _code(error), reason_of(error.orig)
        _log.warning("database.unavailable", reason=code or type(error.orig).__name__, said=said)
        if code in _DISK_FULL:
            full = "The database's disk is full; nothing was written."
            raise NotReady(full, reason=said) from None
        if not code or code.startswith(_LOST):
            raise DatabaseLost(reason=said) from None
        raise NotReady("The database does not answer; try again.", reason=said) from None


def _is_outage(error: DBAPIError) -> bool:
    """PostgreSQL ends the session of a transaction that was idle for too long, as when this process
    was suspended; the driver calls that an internal error.
    """
    outages = OperationalError, InterfaceError
    return isinstance(error, outages) or error.connection_invalidated


def _code(error: DBAPIError) -> str:
    """The driver's code, if it has one."""
    codes = (getattr(error.orig, name, None) for name in ("sqlite_errorname", "sqlstate"))
    return next((code for code in codes if code), "")
