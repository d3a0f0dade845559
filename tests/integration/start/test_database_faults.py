"""A database that cannot be opened is one line that says what is wrong and what to do."""

import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from app.core import postgresql
from app.core.db import Database
from migrations import newest, upgrade
from tests.integration.start.faults import SECRET, both_ways, clear, commands
from tests.support.commands import Ended
from tests.support.postgres import Cluster, own_cluster


@commands
def test_a_server_that_is_not_there(command: str, run: Callable[..., Ended]) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        port = nobody.getsockname()[1]
        said = run(
            command, KITH_DATABASE_URL=f"postgresql://kith:{SECRET}@127.0.0.1:{port}/gallery"
        )
    clear(said, "KITH_DATABASE_URL", "'gallery' at 127.0.0.1", str(port), "refused", "Start Post")
    assert SECRET not in said.err


@both_ways
@pytest.mark.parametrize(
    "password", ["p@ss:w0rd", "p@ss", "p@ss/w0rd", "p@s?w0rd", "a:b@w0rd:77", "w0rd#@x@"]
)
def test_a_password_that_is_not_encoded_is_reported_and_no_part_of_it_shown(
    command: str, run: Callable[..., Ended], password: str
) -> None:
    said = run(command, KITH_DATABASE_URL=f"postgresql://kith:{password}@127.0.0.1/gallery")
    clear(said, "KITH_DATABASE_URL", "percent-encoded", "@ is %40")
    assert "w0rd" not in said.err
    assert "ss" not in said.err.replace("password", "").replace("pass", "")


@both_ways
@pytest.mark.parametrize(
    ("url", "part"),
    [
        (f"mysql://kith:{SECRET}@db/gallery", "begins with mysql://"),
        (f"oracle+cx://kith:{SECRET}@db/gallery", "begins with oracle+cx://"),
        (SECRET, "no URL of a database"),
        (f"postgresql:/kith:{SECRET}@db", "no URL of a database"),
        (f"postgresql://kith:{SECRET}@db:port/gallery", "no URL of a database"),
        (f"postgresql://kith:{SECRET}@db:70000/gallery", "no valid host and port"),
        (f"postgresql://kith:{SECRET}@d b/gallery", "no valid host and port"),
        (f"postgresql://kith:{SECRET}@127.0.0.1/gallery?pasword=x", '"pasword"'),
        (f"postgresql://kith:{SECRET}@{'.'.join(['a' * 60] * 5)}/gallery", "the name of the host"),
        (f"postgresql://kith:{SECRET}@{'a' * 70}/gallery", "the name of the host"),
        ("sqlite://host/gallery.db", "SQLite has none"),
        ("sqlite:///what?.db", "question mark"),
        ("sqlite:///what?a=b.db", "question mark"),
        ("", "is empty"),
        ("  ", "is empty"),
    ],
)
def test_a_url_that_is_no_database_of_kith(
    command: str, run: Callable[..., Ended], url: str, part: str
) -> None:
    said = run(command, KITH_DATABASE_URL=url)
    clear(said, "KITH_DATABASE_URL", part)
    assert SECRET not in said.err


def test_a_server_that_takes_a_connection_and_says_nothing(
    run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_CONNECT_SECONDS", 2)  # the least that its library knows
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        said = run("check", KITH_DATABASE_URL=f"postgresql://kith@127.0.0.1:{port}/gallery")
    clear(said, "KITH_DATABASE_URL", "127.0.0.1", str(port), "timeout", "firewall")


@pytest.fixture(scope="module")
def strict() -> Iterator[Cluster]:
    """A server with passwords, which asks for TLS for one database and knows nobody in another."""
    with own_cluster() as cluster:
        with psycopg.connect(cluster.url, autocommit=True) as admin:
            admin.execute(f"CREATE ROLE kith LOGIN PASSWORD '{SECRET}'")
            admin.execute("CREATE ROLE locked NOLOGIN")
            for name in ("gallery", "secure", "closed"):
                admin.execute(f"CREATE DATABASE {name}".encode())
        with psycopg.connect(f"{cluster.url.rpartition('/')[0]}/gallery", autocommit=True) as admin:
            admin.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        cluster.admit(
            "host all postgres 127.0.0.1/32 trust",
            "hostssl secure all 127.0.0.1/32 trust",
            "host gallery,nowhere kith 127.0.0.1/32 scram-sha-256",
            "host gallery locked 127.0.0.1/32 trust",
        )
        yield cluster


@both_ways
@pytest.mark.parametrize(
    ("user", "database", "reason", "remedy"),
    [
        ("kith:wrong", "gallery", "password authentication failed", "Check the user and the pass"),
        ("kith", "gallery", "no password supplied", "Put the password into KITH_DATABASE_URL"),
        (f"kith:{SECRET}", "nowhere", 'database "nowhere" does not exist', "createdb"),
        ("locked", "gallery", "not permitted to log in", "Check the user"),
        ("kith", "secure", "no encryption", "?sslmode=require"),
        ("kith", "closed", "pg_hba.conf", "Allow this user"),
        (f"kith:{SECRET}", "gallery?sslmode=require", "does not support SSL", "sslmode"),
    ],
)
def test_what_the_server_refuses_is_reported_in_its_own_words(
    strict: Cluster,
    command: str,
    run: Callable[..., Ended],
    user: str,
    database: str,
    reason: str,
    remedy: str,
) -> None:
    where = strict.url.partition("@")[2].rpartition("/")[0]
    said = run(command, KITH_DATABASE_URL=f"postgresql://{user}@{where}/{database}")
    name, _, _ = database.partition("?")
    clear(said, "KITH_DATABASE_URL", f"'{name}' at 127.0.0.1", reason, remedy)
    assert SECRET not in said.err
    assert "wrong" not in said.err


@pytest.mark.parametrize("command", ["serve", "enroll", "restore", "import"])
def test_a_role_that_may_not_make_tables(
    strict: Cluster, command: str, run: Callable[..., Ended]
) -> None:
    url = strict.url.replace("postgres@", f"kith:{SECRET}@").rpartition("/")[0]
    said = run(command, KITH_DATABASE_URL=f"{url}/gallery")
    clear(said, "permission denied for schema public", "owner of the database")
    assert SECRET not in said.err


@commands
def test_a_database_of_a_newer_kith(
    command: str, run: Callable[..., Ended], files: Path, tmp_path: Path
) -> None:
    shutil.copytree(files / "gallery", tmp_path / "data")
    with sqlite3.connect(tmp_path / "data" / "kith.db") as newer:
        newer.execute("UPDATE alembic_version SET version_num = '0999'")
    newer.close()
    said = run(command, KITH_DATA_DIR=tmp_path / "data")
    clear(said, "the schema 0999", str(tmp_path), f"is {newest()}", "Run the newer Kith")


@pytest.mark.parametrize("command", ["evaluate", "backup", "check", "reembed"])
def test_a_database_without_tables_and_one_of_an_older_kith(
    command: str, run: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "kith.db").touch()
    clear(run(command, KITH_DATA_DIR=tmp_path), "no gallery in", "start `kith serve`")
    older = Database(tmp_path / "kith.db")
    upgrade(older, "0003")
    older.close()
    said = run(command, KITH_DATA_DIR=tmp_path)
    clear(said, "is 0003, of an older Kith", f"needs {newest()}", "start `kith serve`")
