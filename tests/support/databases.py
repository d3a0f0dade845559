"""Databases of their own for tests: a SQLite file, or an empty PostgreSQL database."""

import atexit
import os
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import psycopg
from sqlalchemy import URL, make_url, text

from app.core.db import Database
from migrations import upgrade
from tests.support.needed import lacking
from tests.support.waiting import wait_for

KINDS = ("sqlite", "postgresql")
_DEFAULT = "postgresql://postgres@127.0.0.1:5432/test"
_EMPTIED = """
DO $$
DECLARE name text;
BEGIN
    SET LOCAL session_replication_role = replica;  -- no foreign key holds a row back
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        IF name <> 'alembic_version' THEN EXECUTE format('DELETE FROM %I', name); END IF;
    END LOOP;
    PERFORM setval(format('public.%I', sequencename)::regclass, 1, false)
        FROM pg_sequences WHERE schemaname = 'public';
END $$
"""
_free: list[URL] = []
"""Databases that a test has given back: emptying one costs a tenth of making one."""
_migrated: list["_Migrated"] = []
"""Those that a test has given back, with no rows."""


@contextmanager
def new_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database that nobody else uses until the block ends.

    KITH_TEST_POSTGRES names the PostgreSQL server. Where none answers the test is skipped, and
    fails under CI.
    """
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'kith.db'}"
        return
    _require_server()
    url = _free.pop() if _free else _made()
    _run(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    yield _text(url)
    _free.append(url)


def change_file(url: str, statement: str) -> None:
    """Change one row or more of an SQLite file, as somebody with the program of SQLite would."""
    with sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30) as file:
        assert file.execute(statement).rowcount >= 1
    file.close()


def change_oldest(url: str, table: str, column: str, value: str) -> None:
    """Give a column of the oldest row of a table of an SQLite file a value, written as in SQL."""
    oldest = f"(SELECT min(key) FROM {table})"  # noqa: S608
    change_file(url, f"UPDATE {table} SET {column} = {value} WHERE key = {oldest}")  # noqa: S608


@contextmanager
def migrated_database(kind: str, folder: Path) -> Iterator[str]:
    """Like ``new_database``, with the newest schema, which costs a tenth of migrating each time.
    The test may change rows, never the schema.
    """
    if kind == "sqlite":
        file = folder / "kith.db"
        shutil.copyfile(_migrated_file(), file)
        file.chmod(0o600)
        yield f"sqlite:///{file}"
        return
    _require_server()
    database = _migrated.pop() if _migrated else _made_and_migrated()
    yield _text(database.url)
    database.emptying.execute(_EMPTIED)
    _migrated.append(database)


def wait_for_locks(database: Database, count: int) -> None:
    """Return once this number of transactions of a PostgreSQL database wait for others."""
    mine = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"

    def wait() -> bool:
        with database.read() as session:
            return bool(session.scalar(text(f"{mine} AND wait_event_type = 'Lock'")) == count)

    wait_for(wait)


def damage(file: Path) -> None:
    """Overwrite the beginning of every page of a SQLite file but the first."""
    folded = sqlite3.connect(file)
    folded.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    folded.close()
    pages = bytearray(file.read_bytes())
    for page in range(4096, len(pages), 4096):
        pages[page : page + 64] = b"\xff" * 64
    file.write_bytes(pages)


def _server() -> URL:
    return make_url(os.environ.get("KITH_TEST_POSTGRES", _DEFAULT))


@cache
def _unreachable() -> str | None:
    """Why no server answers; asked once."""
    try:
        _run(_server(), "SELECT 1")
    except psycopg.OperationalError as error:
        return str(error).splitlines()[0]
    return None


def _require_server() -> None:
    if (why := _unreachable()) is not None:
        lacking(f"no PostgreSQL at {_server().render_as_string()}: {why}")


def _made() -> URL:
    name = f"kith_test_{uuid.uuid4().hex}"
    # No test lets the shared server crash, so none needs a commit to wait for the disk.
    unsynced = f"ALTER DATABASE {name} SET synchronous_commit = off"
    _run(_server(), f"CREATE DATABASE {name}", unsynced)
    atexit.register(_run, _server(), f"DROP DATABASE {name} WITH (FORCE)")
    return _server().set(database=name)


@cache
def _migrated_file() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="kith-schema-"))
    atexit.register(shutil.rmtree, folder)
    _migrate(f"sqlite:///{folder / 'kith.db'}")
    return folder / "kith.db"


class _Migrated(NamedTuple):
    """A database with the newest schema, and the connection that empties it: one that has done it
    before knows the tables, and takes a tenth of what a new one does.
    """

    url: URL
    emptying: psycopg.Connection


def _made_and_migrated() -> _Migrated:
    url = _made()
    _migrate(_text(url))
    emptying = psycopg.connect(_text(url), autocommit=True, connect_timeout=3)
    atexit.register(emptying.close)
    return _Migrated(url, emptying)


def _migrate(url: str) -> None:
    database = Database(url)
    upgrade(database)
    database.close()


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _run(url: URL, *statements: str) -> None:
    with psycopg.connect(_text(url), autocommit=True, connect_timeout=3) as connection:
        for statement in statements:
            connection.execute(statement.encode())
