"""A PostgreSQL engine on which every wait ends: for a connection, a lock, a statement, and for a
server that is gone or silent. ``app.server.internals`` lists what this needs of psycopg.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import AdaptContext, Buffer, PQGen
from psycopg.adapt import Loader
from sqlalchemy import URL, Dialect, Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from app.core.unreadable import UNREADABLE

LONG_RUNNING_SECONDS: Final = 300
_CONNECT_SECONDS: Final = 3
_SILENT_SECONDS: Final = 5
"""A server that acknowledges nothing for this long is gone; TCP alone would wait 15 minutes."""
_STATEMENT_SECONDS: Final = 10
_LOCK_SECONDS: Final = 5
_POOL_SECONDS: Final = 5
_POOL: Final = 10
_POOL_OVERFLOW: Final = 20
"""Connections kept, and how many more under load: PostgreSQL allows 100 in all by default, and
three replicas must fit."""
_STALLED_SECONDS: Final = _STATEMENT_SECONDS + _SILENT_SECONDS
"""A server that still works ends a statement itself before this."""

_TIMES: Final[Any] = psycopg.adapters.get_loader(
    psycopg.adapters.types["timestamptz"].oid, psycopg.pq.Format.TEXT
)
_Answer = TypeVar("_Answer")


class _Silence(psycopg.OperationalError):
    """The server accepts what it is sent and does not answer."""


class _Times(Loader):
    """Reads times as psycopg does; one that Python has not becomes ``UNREADABLE``."""

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        self._load = _TIMES(oid, context).load

    def load(self, data: Buffer) -> Any:  # noqa: ANN401 - as psycopg says
        """The time that these bytes are."""
        try:
            return self._load(data)
        except psycopg.DataError:
            return UNREADABLE


class _TimedConnection(psycopg.Connection[Any]):
    """Closes the connection to a server that is reachable but does nothing, such as a suspended
    process: then neither its own limits apply nor TCP's, because its system acknowledges all data.
    """

    wait_limit: float | None = _STALLED_SECONDS

    def wait(self, gen: PQGen[_Answer], *args: Any, **named: Any) -> _Answer:  # noqa: ANN401 - psycopg's
        """Wait as psycopg does, for at most ``wait_limit`` seconds; None waits without a limit."""
        try:
            return super().wait(_limited(gen, self.wait_limit), *args, **named)
        except _Silence:
            self.pgconn.finish()
            raise


def _limited(gen: PQGen[_Answer], seconds: float | None) -> PQGen[_Answer]:
    deadline = None if seconds is None else time.monotonic() + seconds
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and deadline is not None and time.monotonic() > deadline:
                raise _Silence(f"nothing came for {seconds:g} seconds")
            wanted = gen.send(ready)
    except StopIteration as end:
        answer: _Answer = end.value
        return answer


def postgresql_engine(url: URL) -> Engine:
    """An engine whose connections bound every wait."""
    limits = {
        "statement_timeout": _STATEMENT_SECONDS,
        "lock_timeout": _LOCK_SECONDS,
        "idle_in_transaction_session_timeout": 2 * _STATEMENT_SECONDS,
    }
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        pool_size=_POOL,
        max_overflow=_POOL_OVERFLOW,
        pool_timeout=_POOL_SECONDS,
        hide_parameters=True,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "tcp_user_timeout": _SILENT_SECONDS * 1000,
            "keepalives_idle": _SILENT_SECONDS,
            "application_name": "kith",
            "client_encoding": "utf8",  # also where the database says that it has no encoding
            "options": " ".join(f"-c {name}={seconds}s" for name, seconds in limits.items()),
        },
    )
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "reset", _reset_wait_limit)
    return engine


def allow_long_statements(connection: Connection, *, seconds: int | None) -> None:
    """Allow each statement of the transaction ``seconds``; None sets no limit."""
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{seconds or 0}s'")
    driver = connection.connection.driver_connection
    if isinstance(driver, _TimedConnection):
        driver.wait_limit = None if seconds is None else seconds + _SILENT_SECONDS


def _connect(
    dialect: Dialect, record: ConnectionPoolEntry, args: Sequence[Any], named: Mapping[str, Any]
) -> DBAPIConnection:
    del dialect, record
    connection: Any = _TimedConnection.connect(*args, **named)
    connection.adapters.register_loader("timestamptz", _Times)
    return connection  # type: ignore[no-any-return]


def _reset_wait_limit(connection: DBAPIConnection, *_: object) -> None:
    """Reset the limit when the connection returns to the pool."""
    if isinstance(connection, _TimedConnection):
        connection.wait_limit = _STALLED_SECONDS
