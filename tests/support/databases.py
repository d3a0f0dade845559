"""Databases of their own for tests: a SQLite file, or an empty PostgreSQL database."""

import atexit
import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
from sqlalchemy import URL, make_url

from tests.support.needed import lacking

KINDS = ("sqlite", "postgresql")
_DEFAULT = "postgresql://postgres@127.0.0.1:5432/test"
_free: list[URL] = []
"""Databases that a test has given back: emptying one costs a tenth of making one."""


@contextmanager
def new_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database that nobody else uses until the block ends.

    KITH_TEST_POSTGRES names the PostgreSQL server. Where none answers the test is skipped, and
    fails under CI.
    """
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'kith.db'}"
        return
    if (why := _unreachable()) is not None:
        lacking(f"no PostgreSQL at {_server().render_as_string()}: {why}")
    url = _free.pop() if _free else _made()
    _run(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    yield url.render_as_string(hide_password=False)
    _free.append(url)


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


def _made() -> URL:
    name = f"kith_test_{uuid.uuid4().hex}"
    _run(_server(), f"CREATE DATABASE {name}")
    atexit.register(_run, _server(), f"DROP DATABASE {name} WITH (FORCE)")
    return _server().set(database=name)


def _run(url: URL, *statements: str) -> None:
    with psycopg.connect(
        url.render_as_string(hide_password=False), autocommit=True, connect_timeout=3
    ) as connection:
        for statement in statements:
            connection.execute(statement.encode())
