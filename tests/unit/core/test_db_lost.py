"""A database that is lost, slow or full: it is said in those words, and nobody waits for ever."""

import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core import postgresql
from app.core.db import Base, Database
from app.errors import DatabaseLost, NotReady
from tests.support.proxy import wired
from tests.unit.core.tables import count, row


def test_a_server_that_is_not_there_is_not_ready() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        database = Database(f"postgresql://kith:secret@127.0.0.1:{nobody.getsockname()[1]}/kith")
        with pytest.raises(DatabaseLost) as caught, database.read() as session:
            session.execute(text("SELECT 1"))
    assert "secret" not in str(caught.value)
    database.close()


def test_a_server_that_accepts_and_says_nothing_is_waited_for_a_few_seconds_only() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        database = Database(f"postgresql://kith@127.0.0.1:{silent.getsockname()[1]}/kith")
        began = time.monotonic()
        with pytest.raises(DatabaseLost), database.read() as session:
            session.execute(text("SELECT 1"))
        assert time.monotonic() - began < 20  # and not for ever
    database.close()


def test_a_file_that_cannot_be_opened_is_a_database_lost(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}")  # a folder
    with pytest.raises(DatabaseLost), database.read() as session:
        session.execute(text("SELECT 1"))


def run(session: Session, *statements: str) -> None:
    for statement in statements:
        session.execute(text(statement))


@pytest.mark.on_postgresql
def test_a_server_that_ends_a_connection_is_lost(database: Database) -> None:
    with pytest.raises(DatabaseLost), database.read() as session:
        run(session, "SELECT pg_terminate_backend(pg_backend_pid())", "SELECT 1")
    assert count(database) == 0


@pytest.mark.on_postgresql
def test_a_server_that_is_there_and_does_nothing_is_lost(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own limits end nothing then, and its system acknowledges what is sent."""
    monkeypatch.setattr(postgresql, "_STALLED_SECONDS", 0.5)
    with wired(empty_database_url) as wire:
        database = Database(wire.url)
        Base.metadata.create_all(database.engine)
        with database.read(long_running=True) as session:  # has longer than the others
            run(session, "SELECT pg_sleep(1)")
        wire.hold()  # who comes next asks the connection that was just used whether it lives
        with pytest.raises(DatabaseLost):
            count(database)
        wire.mend()
        assert count(database) == 0
        with pytest.raises(DatabaseLost), database.read() as session:
            run(session, "SELECT pg_sleep(2)")
        database.close()


@pytest.mark.on_postgresql
@pytest.mark.parametrize("limit", ["statement_timeout", "lock_timeout"])
def test_a_server_that_makes_one_wait_too_long_is_not_lost(database: Database, limit: str) -> None:
    lock = "LOCK TABLE api_keys"
    with database.write() as holder:
        run(holder, lock)
        with pytest.raises(NotReady) as caught, database.write() as session:
            run(session, f"SET LOCAL {limit} = '50ms'", lock)
    assert not isinstance(caught.value, DatabaseLost)


@pytest.mark.on_postgresql
def test_where_every_connection_is_in_use_the_database_is_not_lost(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = database.engine.pool
    monkeypatch.setattr(pool, "_timeout", 0.05)
    monkeypatch.setattr(pool, "_max_overflow", 0)
    with ExitStack() as held:
        for _ in range(pool.size()):  # type: ignore[attr-defined]
            held.enter_context(database.engine.connect())
        with pytest.raises(NotReady, match="in use") as caught, database.read() as session:
            session.execute(text("SELECT 1"))
    assert not isinstance(caught.value, DatabaseLost)


def test_a_file_that_another_writes_is_not_lost(database: Database) -> None:
    with database.write() as writer:
        run(writer, "DELETE FROM api_keys")
        with pytest.raises(NotReady) as caught, database.read() as session:
            run(session, "PRAGMA busy_timeout = 20", "DELETE FROM api_keys")
    assert not isinstance(caught.value, DatabaseLost)


def test_a_full_disk_is_reported_in_those_words(database: Database) -> None:
    def fill() -> None:
        with database.write() as session:
            pages = session.scalar(text("PRAGMA page_count"))
            session.execute(text(f"PRAGMA max_page_count = {pages}"))
            for number in range(999):
                session.add(row(f"{number:060}"))
                session.flush()

    with pytest.raises(NotReady, match="disk is full"):
        fill()
    assert count(database) == 0


@pytest.mark.on_postgresql
def test_a_transaction_that_the_server_ended_for_its_idleness_is_not_ready(
    database: Database,
) -> None:
    """The process acts as if it had been suspended in the midst of a transaction."""

    def sleep_amidst() -> None:
        with database.write() as session:
            session.execute(text("SET LOCAL idle_in_transaction_session_timeout = '20ms'"))
            time.sleep(0.5)
            session.add(row("a"))

    with pytest.raises(NotReady):
        sleep_amidst()
    assert count(database) == 0
