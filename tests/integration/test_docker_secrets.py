"""The secrets of ``docker compose up``: made once, each for one reader."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import make_prometheus_key
import make_secrets
import pytest

from app.settings import load_settings
from tests.support.server import ServerProcess


@pytest.fixture
def owners(monkeypatch: pytest.MonkeyPatch) -> dict[int, tuple[int, int]]:
    """To whom files were given, by inode: only root could give them."""
    given: dict[int, tuple[int, int]] = {}

    def fchown(descriptor: int, user: int, group: int) -> None:
        given[os.fstat(descriptor).st_ino] = (user, group)

    monkeypatch.setattr(os, "fchown", fchown)
    return given


def test_each_secret_is_for_its_reader_alone(
    tmp_path: Path, owners: dict[int, tuple[int, int]]
) -> None:
    make_secrets.make_secrets(tmp_path)
    found = {file.name: owners[file.stat().st_ino] for file in tmp_path.iterdir()}
    assert found == {
        "kith_admin_key": (10001, os.getgid()),
        "kith_database_url": (10001, os.getgid()),
        "postgres_password": (999, os.getgid()),
        "grafana_password": (472, os.getgid()),
    }
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o440


@pytest.mark.usefixtures("owners")
def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    def all_of_it() -> dict[str, str]:
        return {file.name: file.read_text() for file in tmp_path.iterdir()}

    make_secrets.make_secrets(tmp_path)
    first = all_of_it()
    make_secrets.make_secrets(tmp_path)
    assert all_of_it() == first
    assert len(set(first.values())) == len(first)


@pytest.mark.usefixtures("owners")
def test_a_start_that_was_cut_off_is_made_good_by_the_next(tmp_path: Path) -> None:
    make_secrets.make_secrets(tmp_path)
    url = (tmp_path / "kith_database_url").read_text()
    (tmp_path / "kith_database_url").rename(tmp_path / ".kith_database_url.new")
    make_secrets.make_secrets(tmp_path)
    assert (tmp_path / "kith_database_url").read_text() == url
    assert not list(tmp_path.glob(".*"))


@pytest.mark.usefixtures("owners")
def test_a_key_of_ones_own_is_kept(tmp_path: Path) -> None:
    (tmp_path / "kith_admin_key").write_text("my-own-admin-key-0123456789")
    make_secrets.make_secrets(tmp_path)
    assert (tmp_path / "kith_admin_key").read_text() == "my-own-admin-key-0123456789"


@pytest.mark.usefixtures("owners")
def test_kith_reads_what_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_secrets.make_secrets(tmp_path)
    monkeypatch.setenv("KITH_SECRETS_DIR", str(tmp_path))
    monkeypatch.delenv("KITH_DATABASE_URL", raising=False)
    password = (tmp_path / "postgres_password").read_text().strip()
    assert load_settings().database_url == f"postgresql://kith:{password}@postgres:5432/kith"


@pytest.mark.usefixtures("owners")
def test_prometheus_gets_a_key_that_reads_and_does_nothing_else(
    tmp_path: Path, server: Callable[..., ServerProcess]
) -> None:
    make_secrets.make_secrets(tmp_path)
    database = f"sqlite:///{tmp_path / 'kith.db'}"
    process = server(KITH_ADMIN_KEY="", KITH_SECRETS_DIR=str(tmp_path), KITH_DATABASE_URL=database)
    assert f"The admin key is in {tmp_path / 'kith_admin_key'}\n" in process.log.read_text()
    file = tmp_path / make_prometheus_key.KEY

    make_prometheus_key.make_prometheus_key(process.url, tmp_path)
    first = file.read_text()
    with process.client(first.strip()) as client:
        assert client.get(f"{process.url}/metrics").status_code == 200
        assert client.post("/collections", json={"id": "hq"}).status_code == 403

    make_prometheus_key.make_prometheus_key(process.url, tmp_path)
    assert file.read_text() == first

    file.unlink()
    file.write_text("kith_of-a-database-that-is-gone\n")
    make_prometheus_key.make_prometheus_key(process.url, tmp_path)
    with process.client(file.read_text().strip()) as client:
        assert client.get(f"{process.url}/metrics").status_code == 200
