"""Transactions: one snapshot to read, everything or nothing to write."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, text
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import IntegrityError, StatementError

from app.auth.models import ApiKey
from app.core.db import Base, Database, Utc
from app.core.sqlite import _write_ahead
from migrations import upgrade
from tests.unit.core.tables import NOW, add, count, row

DIALECT = DefaultDialect()
both = pytest.mark.both_databases


def opened(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'deeper' / 'kith.db'}")


@both
def test_what_was_written_is_committed_when_the_block_ends(
    database: Database, empty_database_url: str
) -> None:
    add(database, "a")
    other = Database(empty_database_url)
    assert count(other) == 1
    other.close()


@both
def test_a_write_that_raises_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            session.add(row("a"))
            session.flush()
            assert session.scalar(select(func.count()).select_from(ApiKey)) == 1
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert count(database) == 0
    add(database, "a")
    assert count(database) == 1


@both
def test_a_write_that_fails_at_its_end_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            session.add(row("b"))
            session.flush()
            session.add(row("a"))

    add(database, "a")
    with pytest.raises(IntegrityError):
        fail()
    assert count(database) == 1


@both
def test_nothing_done_in_a_reading_block_is_kept(database: Database) -> None:
    with database.read() as session:
        session.add(row("a"))
        session.flush()
    assert count(database) == 0


@both
def test_a_reading_block_sees_one_snapshot_to_its_end(database: Database) -> None:
    add(database, "a")
    total = select(func.count()).select_from(ApiKey)
    with database.read() as session:
        assert session.scalar(total) == 1
        add(database, "b")  # and a writer need not wait for the reader
        assert session.scalar(total) == 1
    assert count(database) == 2


@both
def test_rows_may_be_used_after_their_transaction(database: Database) -> None:
    made = row("a")
    with database.write() as session:
        session.add(made)
    assert made.key == 1
    with database.read() as session:
        read = session.scalars(select(ApiKey)).one()
    assert read.scopes == ["admin"]


@both
def test_many_writers_wait_for_each_other_and_none_fails(database: Database) -> None:
    """Each reads, then writes: a read lock that had to be upgraded would fail as "locked"."""
    failed = list[Exception]()

    def write(worker: int) -> None:
        try:
            for i in range(20):
                with database.write() as session:
                    seen = session.scalar(select(func.count()).select_from(ApiKey))
                    session.add(row(f"{worker}-{i}-{seen}"))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test reports it
            failed.append(error)

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert count(database) == 120


def test_a_commit_survives_a_power_cut_and_readers_go_on_in_between(database: Database) -> None:
    full = 2
    with database.read() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA synchronous")) == full
        assert session.scalar(text("PRAGMA foreign_keys")) == 1


def test_a_first_connection_waits_for_who_writes_just_now(tmp_path: Path) -> None:
    """Two processes that start on a new file: both change its journal mode."""
    (tmp_path / "deeper").mkdir()
    writer = sqlite3.connect(tmp_path / "deeper" / "kith.db", isolation_level=None)
    writer.execute("CREATE TABLE t (x)")
    writer.execute("BEGIN IMMEDIATE")
    seen, starting = list[object](), opened(tmp_path)

    def start() -> None:
        with starting.read() as session:
            seen.append(session.scalar(text("PRAGMA journal_mode")))

    thread = threading.Thread(target=start, daemon=True)
    thread.start()
    thread.join(0.2)
    assert not seen
    writer.execute("COMMIT")
    thread.join(20)
    assert seen == ["wal"]
    writer.close()
    starting.close()


def test_a_database_that_cannot_be_written_is_reported_at_once(tmp_path: Path) -> None:
    made = sqlite3.connect(tmp_path / "kith.db")
    made.execute("CREATE TABLE t (x)")
    made.close()
    connection = sqlite3.connect(f"file:{tmp_path / 'kith.db'}?mode=ro", uri=True)
    began = time.monotonic()
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        _write_ahead(connection.cursor())
    assert time.monotonic() - began < 10  # and not after the half minute that others are waited for
    connection.close()


def test_the_folder_of_the_database_is_made(tmp_path: Path) -> None:
    opened(tmp_path).close()
    assert (tmp_path / "deeper").is_dir()


def test_every_constraint_has_a_name_that_a_migration_can_drop() -> None:
    tables = Base.metadata.tables.values()
    assert all(constraint.name for table in tables for constraint in table.constraints)
    assert all(index.name for table in tables for index in table.indexes)


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)),  # noqa: DTZ001 - the zone is drawn
    st.integers(-14 * 60, 14 * 60),
)
def test_an_instant_comes_back_as_the_same_instant_in_utc(naive: datetime, minutes: int) -> None:
    instant = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    stored = Utc().process_bind_param(instant, DIALECT)
    assert stored is not None
    # SQLite forgets the zone; PostgreSQL gives it back in the session's own.
    for kept in (stored.replace(tzinfo=None), stored.astimezone(timezone(timedelta(hours=9)))):
        read = Utc().process_result_value(kept, DIALECT)
        assert read == instant
        assert read is not None
        assert read.utcoffset() == timedelta(0)


@both
def test_instants_are_ordered_in_the_database_whatever_zone_they_came_in(
    database: Database,
) -> None:
    east = timezone(timedelta(hours=14))
    later = datetime(2024, 5, 2, 1, tzinfo=east)  # 11:00 on the first, in UTC
    with database.write() as session:
        session.add_all([row("noon", NOW), row("eleven", later)])
    with database.read() as session:
        query = select(ApiKey).where(ApiKey.created_at < NOW)
        only = session.scalars(query).one()
    assert only.id == "eleven"
    assert only.created_at == later
    assert only.created_at.tzinfo is UTC


def test_no_instant_is_no_instant() -> None:
    assert Utc().process_bind_param(None, DIALECT) is None
    assert Utc().process_result_value(None, DIALECT) is None


@both
def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    naive = datetime(2024, 5, 1)  # noqa: DTZ001 - the mistake that is refused
    values = {"id": "a", "sha256": "a", "scopes": [], "created_at": naive}
    with database.write() as session, pytest.raises(StatementError, match="no time zone"):
        session.execute(insert(ApiKey), [values])


@both
def test_who_migrates_or_makes_the_first_key_takes_turns(empty_database_url: str) -> None:
    """Two who count, then add one where there is none: one of them adds."""
    database = Database(empty_database_url)
    Base.metadata.create_all(database.engine)
    together = threading.Barrier(2)

    def ensure(name: str) -> None:
        together.wait(10)
        with database.write(exclusive=True) as session:
            if not session.scalar(select(func.count()).select_from(ApiKey)):
                time.sleep(0.1)
                session.add(row(name))

    threads = [threading.Thread(target=ensure, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert count(database) == 1
    database.close()


@pytest.fixture
def without_encoding(database: Database) -> Iterator[str]:
    """The URL of a database that keeps bytes and asks nothing, as old clusters' are."""
    url = database.engine.url.set(drivername="postgresql")
    name = f"{url.database}_bytes"
    with database.engine.connect() as admin:
        admin.execution_options(isolation_level="AUTOCOMMIT")
        admin.exec_driver_sql("SET statement_timeout = 0")  # of the service's; a busy disk is slow
        made = f"{name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'"
        admin.exec_driver_sql(f"CREATE DATABASE {made}")
        yield url.set(database=name).render_as_string(hide_password=False)
        admin.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.on_postgresql
def test_a_database_of_no_encoding_keeps_every_name(without_encoding: str) -> None:
    database = Database(without_encoding)
    upgrade(database)
    name = "Žofie 北京 🙂"
    with database.write() as session:
        session.add(ApiKey(id="k", sha256="k", scopes=["admin"], name=name, created_at=NOW))
    with database.read() as session:
        assert session.scalars(select(ApiKey.name)).all() == [name]
    database.close()
