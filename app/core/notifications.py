"""Notifications between processes that something changed: PostgreSQL's LISTEN and NOTIFY.

A notification makes an idle process follow at once instead of at its next poll. Nothing is wrong
where one is lost. On SQLite, which one process uses, none is sent.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.db import Database, available
from app.core.opening import reason_of
from app.errors import DatabaseLost

_CHANNEL: Final = "kith_changes"
_WAKE_CHECK_SECONDS: Final = 0.5  # how soon a listener notices that it should not wait

Wait = Callable[[float], bool]
"""Waits at most that many seconds for a notification; returns whether one came."""


def notify(session: Session) -> None:
    """Notify other processes when this transaction commits."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_notify(_CHANNEL, "")))


@contextmanager
def listening(database: Database, wake: threading.Event) -> Iterator[Wait]:
    """Receive notifications until the block ends; waiting ends early once ``wake`` is set.

    ``DatabaseLost`` where the database does not answer, or no longer.
    """
    if database.is_sqlite:
        yield lambda seconds: wake.wait(seconds) and False
        return
    with available(), database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql(f"LISTEN {_CHANNEL}")
        driver: Any = connection.connection.driver_connection
        try:
            yield lambda seconds: _wait_for(driver, seconds, wake)
        finally:
            connection.invalidate()  # it listens, so it must not go back to the pool


def _wait_for(connection: "psycopg.Connection[Any]", seconds: float, wake: threading.Event) -> bool:
    deadline = time.monotonic() + seconds
    try:
        while not wake.is_set() and (left := deadline - time.monotonic()) > 0:
            wait = min(left, _WAKE_CHECK_SECONDS)
            if list(connection.notifies(timeout=wait, stop_after=1)):
                return True
    except psycopg.Error as error:
        raise DatabaseLost(reason=reason_of(error)) from None
    return False
