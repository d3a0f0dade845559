"""``kith keys`` as an operator uses it, while a service runs and without one."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest

from app.core.db import Database
from migrations import upgrade
from tests.support.commands import Kith
from tests.support.server import ServerProcess

Start = Callable[..., ServerProcess]
Keys = Callable[..., str]


@pytest.fixture
def service(server: Start) -> ServerProcess:
    """A service whose first start made the admin key."""
    return server(KITH_ADMIN_KEY="")


@pytest.fixture
def keys(service: ServerProcess, fake_bundle: Path, kith: Kith) -> Keys:
    return partial(kith, service.data_dir, fake_bundle, "keys")


def secret(said: str) -> str:
    """The key that ``create`` printed, on a line of its own."""
    assert said.endswith("[0]"), said
    (found,) = re.findall(r"^kith_[\w-]{43}$", said, re.MULTILINE)
    return str(found)


def status(service: ServerProcess, key: str, path: str = "/keys") -> int:
    with service.client(key) as client:
        return client.get(path).status_code


def test_an_admin_key_made_here_opens_the_running_service_at_once(
    service: ServerProcess, keys: Keys
) -> None:
    said = keys("create", "--scope", "admin", "--name", "new admin")
    new = secret(said)
    assert said.count(new) == 1
    assert status(service, new) == 200
    with service.client(new) as client:
        (first, second) = client.get("/keys").json()["items"]
    assert (second["name"], second["scopes"]) == ("new admin", ["admin"])
    listed = keys("list")
    assert listed.endswith("[0]")
    assert first["id"] in listed
    assert second["id"] in listed
    assert new not in listed
    assert keys("revoke", first["id"]).endswith("[0]")
    assert status(service, (service.data_dir / "admin.key").read_text().strip()) == 401
    assert keys("revoke", second["id"]).endswith("[1]")  # now it is the last
    assert status(service, new) == 200


def test_a_narrow_terminal_cuts_nothing(
    service: ServerProcess, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys("create", "--scope", "read", "--name", "a-name-without-any-blank-" + "x" * 40)
    with service.client((service.data_dir / "admin.key").read_text().strip()) as client:
        (first, second) = client.get("/keys").json()["items"]
    for columns in ("80", "20"):
        monkeypatch.setenv("COLUMNS", columns)
        listed = keys("list")
        assert "\N{HORIZONTAL ELLIPSIS}" not in listed
        assert first["id"] in listed
        assert second["id"] in listed
        assert listed.count("x") >= 40


def test_a_key_is_made_with_all_that_bounds_it(service: ServerProcess, keys: Keys) -> None:
    admin = (service.data_dir / "admin.key").read_text().strip()
    with service.client(admin) as client:
        for collection in ("hq", "lab"):
            assert client.post("/collections", json={"id": collection}).status_code == 201
    bounds = ("--scopes", "identify,read", "--collections", "hq", "--collection", "lab")
    new = secret(keys("create", *bounds, "--expires", "90d", "--rate", "7"))
    assert status(service, new, "/collections/hq") == 200
    with service.client(admin) as client:
        made = client.get("/keys").json()["items"][1]
    assert (made["scopes"], made["collections"]) == (["identify", "read"], ["hq", "lab"])
    assert made["rate"] == 7
    assert made["expires_at"] > made["created_at"]
    listed = keys("list")
    for message in ("identify ", "read ", "hq, lab", "7 a minute", made["expires_at"][:10]):
        assert message in listed
    lines = keys("list", "--json").splitlines()
    with service.client(admin) as client:
        views = client.get("/keys").json()["items"]
    kept = [{**json.loads(line), "last_used_at": None} for line in lines if line.startswith("{")]
    assert kept == [{**each, "last_used_at": None} for each in views]


def test_a_list_of_80_columns_breaks_no_word(
    service: ServerProcess, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = (service.data_dir / "admin.key").read_text().strip()
    with service.client(admin) as client:
        assert client.post("/collections", json={"id": "building-7"}).status_code == 201
    bound = ("--collection", "building-7", "--rate", "60", "--name", "front camera")
    keys("create", "--scope", "identify,read,enroll", "--expires", "90d", *bound)
    monkeypatch.setenv("COLUMNS", "80")
    listed = keys("list")
    whole = ("front camera", "collections: building-7", "60 a minute", "identify ", "enroll ")
    for words in whole:
        assert words in listed
    table = [line for line in listed.splitlines() if line[:1] in "│┃┏┡├└"]
    assert max(map(len, table)) <= 80
    assert len(table) < 20


@pytest.fixture
def quiet(tmp_path: Path, fake_bundle: Path, kith: Kith) -> Keys:
    """The commands on an empty database that nobody serves."""
    database = Database(f"sqlite:///{tmp_path / 'kith.db'}")
    upgrade(database)
    database.close()
    return partial(kith, tmp_path, fake_bundle, "keys")


@pytest.mark.parametrize("name", ["[/b] gate", "[red]door[/red]", "gate :key:", "[link=x]y", "a\\"])
def test_a_name_is_listed_as_it_is(quiet: Keys, name: str) -> None:
    assert quiet("create", "--scope", "read", "--name", name).endswith("[0]")
    listed = quiet("list")
    assert listed.endswith("[0]")
    assert f" {name} " in listed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("create", "--scope", "root"), "--scope"),
        (("create", "--scope", "read", "--expires", "soon"), "--expires"),
        (("create", "--scope", "read", "--expires", "2020-01-01T00:00:00Z"), "--expires: must"),
        (("create", "--scope", "read", "--rate", "0"), "--rate"),
        (("create", "--scope", "read", "--collection", "nowhere"), "--collection: there is"),
        (("create", "--scope", "read", "--collection", "a b"), "--collection"),
        (("create", "--scope", "read", "--name", "Jos\udce9"), r"Jos\xe9"),
        (("revoke", "key-none"), "key-none"),
        (("revoke", "key-\udcff"), r"key-\xff"),
    ],
)
def test_what_cannot_be_is_one_line_that_says_why(
    quiet: Keys, arguments: tuple[str, ...], message: str
) -> None:
    said = quiet(*arguments)
    assert said.endswith("[1]"), said
    assert len(said.splitlines()) == 2, said
    assert said.startswith("kith: ")
    assert message in said


def said_at_start(service: ServerProcess) -> str:
    """The output of a second start."""
    assert service.stop() == 0
    since = service.log.stat().st_size
    service.start()
    service.says(re.compile(r"Try:.*\n"), since=since)
    return service.log.read_bytes()[since:].decode()


def test_the_start_says_that_the_admin_key_is_there_only_where_it_is(
    service: ServerProcess, keys: Keys
) -> None:
    file = service.data_dir / "admin.key"
    there = f"The admin key is in {file}"
    assert there in said_at_start(service)

    first = file.read_text().strip()
    file.unlink()
    said = said_at_start(service)
    assert there not in said
    assert f"no file {file}" in said
    assert f"KITH_DATA_DIR={service.data_dir} " in said  # the command is of this service's data
    assert "kith keys create --scope admin" in said
    assert not file.exists()  # nobody is let in by the loss of a file

    file.write_text("kith_of-another-database\n")
    said = said_at_start(service)
    assert there not in said
    assert "no admin key of this database" in said

    new = secret(keys("create", "--scope", "admin"))
    file.write_text(f"{new}\n")
    assert there in said_at_start(service)

    with service.client(new) as client:
        ids = [each["id"] for each in client.get("/keys").json()["items"]]
    keys("create", "--scope", "admin")
    assert keys("revoke", ids[1]).endswith("[0]")
    said = said_at_start(service)
    assert there not in said
    assert "no admin key of this database" in said
    for each in (first, new):
        assert each not in said


def test_after_a_restore_the_start_does_not_promise_a_key_that_opens_nothing(
    service: ServerProcess, server: Start, fake_bundle: Path, kith: Kith, tmp_path: Path
) -> None:
    file = tmp_path / "kith.zip"
    assert kith(service.data_dir, fake_bundle, "backup", file).endswith("[0]")
    old = (service.data_dir / "admin.key").read_text().strip()
    other = server(KITH_ADMIN_KEY="")
    assert kith(other.data_dir, fake_bundle, "restore", file, "--replace").endswith("[0]")
    said = said_at_start(other)
    assert "The admin key is in" not in said
    assert "kith keys create --scope admin" in said
    assert status(other, old) == 200  # keys that were given out work after a restore
    new = secret(kith(other.data_dir, fake_bundle, "keys", "create", "--scope", "admin"))
    assert status(other, new) == 200


def test_a_key_made_while_nothing_serves_works_after_the_start(
    service: ServerProcess,
) -> None:
    """And can be put into a file as it is printed: standard output has nothing else."""
    assert service.stop() == 0
    ran = subprocess.run(
        [
            sys.executable,
            "-c",
            "from app.cli import main; main()",
            "keys",
            "create",
            "--scope=admin",
        ],
        env={**os.environ, "KITH_DATA_DIR": str(service.data_dir)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert re.fullmatch(r"kith_[\w-]{43}\n", ran.stdout)
    assert len(ran.stderr.splitlines()) == 1
    service.start()
    assert status(service, ran.stdout.strip()) == 200
    assert httpx.get(f"{service.url}/v1/keys").status_code == 401
