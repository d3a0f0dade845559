"""Removed data are nowhere in the files of the database, after a minute at the latest."""

import random
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.bootstrap import Container, build
from app.core.db import Database
from app.core.erasure import Erasure
from app.feedback.models import Probe
from app.gallery.models import Crop, Face, OtherTemplate
from app.settings import Settings
from tests.support.client import client_of
from tests.support.commands import Kith
from tests.support.pictures import picture
from tests.support.postgres import own_cluster
from tests.support.server import ADMIN_KEY, ServerProcess

_PIECE = 16


@pytest.fixture
def settings(tmp_path: Path, fake_bundle: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", model=fake_bundle, admin_key=ADMIN_KEY)


@pytest.fixture
def container(settings: Settings) -> Container:
    return build(settings)


@pytest.fixture
def client(settings: Settings, container: Container) -> Iterator[TestClient]:
    with client_of(container) as client:
        yield client


def _files(data: Path) -> bytes:
    """All that is on disk of the database."""
    return b"".join(file.read_bytes() for file in sorted(data.glob("kith.db*")))


def _left(data: Path, *secrets: bytes) -> list[bytes]:
    """Which of the secrets are in the files: a text as a whole, of long ones any piece."""
    there = _files(data)
    return [secret for secret in secrets if any(piece in there for piece in _pieces(secret))]


def _pieces(secret: bytes) -> list[bytes]:
    """Without the head and the tail of a PNG, which are those of every other."""
    if len(secret) < 64:
        return [secret]
    return [secret[i : i + _PIECE] for i in range(48, len(secret) - 32, _PIECE)]


def _kept(container: Container) -> list[bytes]:
    """Every embedding and crop that the database holds."""
    assert container.observers.settle(60)
    with container.database.read() as session:
        found = [
            *session.scalars(select(Face.embedding)),
            *session.scalars(select(Probe.embedding)),
            *session.scalars(select(OtherTemplate.embedding)),
            *session.scalars(select(Crop.png)),
        ]
    return [bytes(each) for each in found]


def _fill(client: TestClient) -> None:
    wanted = {"id": "hq", "keep_crops": True, "keep_probes": 50}
    assert client.post("/collections", json=wanted).is_success
    for somebody in range(12):
        form = {
            "id": f"person-{somebody}",
            "name": f"Somebody Unmistakable {somebody:04}",
            "metadata": f'{{"badge": "secret badge {somebody:04}"}}',
            "credentials": f'{{"system": "acs", "type": "card", "value": "card no {somebody:04}"}}',
        }
        image = {"images": (f"{somebody}.png", picture(somebody))}
        answer = client.post(
            "/collections/hq/persons",
            data=form,
            files=image,
            headers={"Idempotency-Key": f"key-{somebody}"},
        )
        assert answer.status_code == 201, answer.text
    for stranger in range(100, 105):
        client.post("/collections/hq/identify", files={"image": picture(stranger)})


def _removals() -> dict[str, Callable[[TestClient], object]]:
    """All operations that remove data of people."""
    hq = "/collections/hq"
    return {
        "a person": lambda client: client.delete(f"{hq}/persons/person-3"),
        "a name": lambda client: client.patch(f"{hq}/persons/person-3", json={"name": "Other"}),
        "metadata": lambda client: client.patch(f"{hq}/persons/person-3", json={"metadata": {}}),
        "a card": lambda client: client.patch(f"{hq}/persons/person-3", json={"credentials": []}),
        "the collection": lambda client: client.delete(f"{hq}?force=true"),
        "probes": lambda client: client.patch(hq, json={"keep_probes": 0}),
        "crops": lambda client: client.patch(hq, json={"keep_crops": False}),
    }


@pytest.mark.parametrize("what", _removals())
def test_after_a_removal_the_next_run_leaves_nothing_of_it(
    client: TestClient, container: Container, settings: Settings, what: str
) -> None:
    _fill(client)
    named = [f"Somebody Unmistakable {i:04}".encode() for i in range(12)]
    named += [f"secret badge {i:04}".encode() for i in range(12)]
    named += [f"card no {i:04}".encode() for i in range(12)]
    before = _kept(container)
    assert _left(settings.data_dir, *before, *named) == [*before, *named]
    answer = _removals()[what](client)
    assert answer.is_success  # type: ignore[attr-defined]

    container.jobs.run("erasure")

    after = _kept(container)
    removed = [each for each in before if each not in after]
    if what in ("a person", "the collection", "probes", "crops"):
        assert removed
    gone = {"a person": [3, 15, 27], "a name": [3], "metadata": [15], "a card": [27]}
    ours = range(36) if what == "the collection" else gone.get(what, [])
    assert _left(settings.data_dir, *removed, *(named[i] for i in ours)) == []
    assert _left(settings.data_dir, *after) == after
    assert Path(f"{settings.data_dir}/kith.db-wal").stat().st_size == 0


def test_a_page_that_sqlite_had_moved_a_row_from_holds_nothing_of_it(tmp_path: Path) -> None:
    """Secure deletion alone leaves copies in the free parts of pages: that is why all of the
    database is written again.
    """
    database = Database(tmp_path / "kith.db")
    erasure, rng = Erasure(database), random.Random(2)  # noqa: S311 - nothing here is secret
    alive, gone = dict[int, str](), list[bytes]()
    with database.engine.connect() as connection:
        run = connection.exec_driver_sql
        run("CREATE TABLE persons (key integer PRIMARY KEY, name text, metadata text)")
        run("CREATE INDEX named ON persons (name)")
        for step in range(1500):
            key = rng.choice(list(alive)) if alive and rng.random() >= 0.6 else None
            name = f"Name-{rng.getrandbits(80):030}"
            if key is None:
                alive[step] = name
                values = (step, name, "x" * rng.randrange(600))
                run("INSERT INTO persons VALUES (?, ?, ?)", values)
                continue
            gone.append(alive.pop(key).encode())
            if rng.random() < 0.7:
                run("DELETE FROM persons WHERE key = ?", (key,))
            else:
                alive[key] = name
                run("UPDATE persons SET name = ? WHERE key = ?", (name, key))
        connection.commit()
    assert erasure.heard
    erasure.run()
    there = _files(tmp_path)
    assert not [name for name in gone if name in there]
    assert all(name.encode() in there for name in alive.values())
    database.close()


def test_secure_deletion_does_not_depend_on_how_sqlite_was_built(tmp_path: Path) -> None:
    database = Database(tmp_path / "kith.db")
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1
    database.close()


def test_a_removal_that_a_reader_holds_up_is_made_good_after_it(
    client: TestClient, container: Container, settings: Settings
) -> None:
    _fill(client)
    name = b"Somebody Unmistakable 0003"
    with closing(sqlite3.connect(settings.data_dir / "kith.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM persons").fetchone()
        assert client.delete("/collections/hq/persons/person-3").is_success
        container.jobs.run("erasure")
        assert _left(settings.data_dir, name) == [name]
        reader.execute("ROLLBACK")
    container.jobs.run("erasure")
    assert _left(settings.data_dir, name) == []


def test_what_one_process_did_not_come_to_the_next_one_does(
    client: TestClient,
    container: Container,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    _fill(client)
    assert client.delete("/collections/hq/persons/person-3").is_success
    full = shutil.disk_usage(tmp_path)._replace(free=1000)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _: full)
        container.jobs.run("erasure")
    with closing(sqlite3.connect(settings.data_dir / "kith.db")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    later = Database(settings.data_dir / "kith.db")
    erasure = Erasure(later, at_start=True)
    erasure.run()
    with closing(sqlite3.connect(settings.data_dir / "kith.db")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (0,)
    assert _left(settings.data_dir, b"Somebody Unmistakable 0003") == []
    later.close()


def test_writing_again_gets_a_hundredth_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([100.0, 100.0, 102.0, 102.0, 301.0, 303.0, 303.0, 303.0, 303.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    database = Database(tmp_path / "kith.db")
    runs = Erasure(database)
    written = 0

    def version() -> int:
        with closing(sqlite3.connect(tmp_path / "kith.db")) as connection:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])

    for expected in (0, 1, 0):  # took two seconds; too early at 301; due at 303
        runs.heard = True
        runs.run()
        assert version() == expected
        written += 1 - expected
    assert written == 2
    database.close()


def test_a_command_that_removes_erases_too(
    tmp_path: Path, fake_bundle: Path, kith: Kith, server: Callable[..., ServerProcess]
) -> None:
    running = server()
    with running.client() as client:
        client.post("/collections", json={"id": "hq"}).raise_for_status()
    assert kith(running.data_dir, fake_bundle, "backup", tmp_path / "empty.zip").endswith("[0]")
    with running.client() as client:
        form, image = {"id": "ada", "name": "Somebody Unmistakable"}, {"images": picture(1)}
        made_ada = client.post("/collections/hq/persons", data=form, files=image)
        assert made_ada.status_code == 201
    assert running.stop() == 0
    assert _left(running.data_dir, b"Somebody Unmistakable")
    restored = kith(running.data_dir, fake_bundle, "restore", tmp_path / "empty.zip", "--replace")
    assert restored.endswith("[0]")
    assert not _left(running.data_dir, b"Somebody Unmistakable")


def test_what_the_page_says_of_postgresql_leaves_nothing_in_its_files(settings: Settings) -> None:
    page = (Path(__file__).parents[2] / "docs" / "erasure.md").read_text("utf-8")
    (statements,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    name, card = b"Somebody Unmistakable 0003", b"card no 0003"
    with own_cluster() as cluster:
        elsewhere = settings.model_copy(update={"database_url": cluster.url})
        with client_of(build(elsewhere)) as client:
            _fill(client)
            assert client.delete("/collections/hq/persons/person-3").is_success
            assert name in cluster.files()
            assert card in cluster.files()
            with psycopg.connect(cluster.url, autocommit=True) as administrator:
                for statement in ("ALTER SYSTEM SET wal_recycle = off", "SELECT pg_reload_conf()"):
                    administrator.execute(statement)
                for _ in range(2):  # the checkpoint before the last one may still need its log
                    for statement in filter(str.strip, statements.split(";")):
                        administrator.execute(statement)
            assert name not in cluster.files()
            assert card not in cluster.files()
            assert b"Somebody Unmistakable 0004" in cluster.files()
