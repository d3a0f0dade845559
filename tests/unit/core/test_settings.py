"""Settings from the environment and from files."""

import os
from pathlib import Path

import pytest

from app.errors import SettingsError
from app.settings import load_settings

KEY = "a-key-that-is-long-enough-0123456789"
URL = "postgresql://kith:secret@postgres/kith"


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for secrets, and no other settings."""
    for name in [name for name in os.environ if name.startswith("KITH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KITH_SECRETS_DIR", str(tmp_path))
    return tmp_path


def _given_key() -> str | None:
    key = load_settings().admin_key
    return None if key is None else key.get_secret_value()


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", " \n\n"])
def test_a_secret_is_read_from_its_file_without_what_an_editor_puts_at_its_end(
    secrets: Path, ending: str
) -> None:
    (secrets / "kith_admin_key").write_bytes(f"{KEY}{ending}".encode())
    (secrets / "kith_database_url").write_bytes(f"{URL}{ending}".encode())
    settings = load_settings()
    assert _given_key() == KEY
    assert settings.database_url == settings.sql_url == URL


def test_the_environment_wins_over_a_file(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (secrets / "kith_admin_key").write_text(KEY)
    monkeypatch.setenv("KITH_ADMIN_KEY", KEY.upper())
    assert _given_key() == KEY.upper()


def test_files_of_others_in_the_folder_are_nobody_s_settings(secrets: Path) -> None:
    (secrets / "postgres_password").write_text("secret")
    (secrets / "serviceaccount").mkdir()
    assert _given_key() is None


def test_secrets_as_kubernetes_mounts_them_are_read(secrets: Path) -> None:
    (secrets / "..2026").mkdir()
    (secrets / "..2026" / "kith_admin_key").write_text(KEY)
    (secrets / "..data").symlink_to("..2026")
    (secrets / "kith_admin_key").symlink_to("..data/kith_admin_key")
    assert _given_key() == KEY


def test_a_machine_without_secrets_needs_none(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KITH_SECRETS_DIR")
    monkeypatch.setattr("app.settings._SECRETS_DIR", secrets / "nowhere")
    assert _given_key() is None


def test_the_usual_folder_is_read_where_none_is_named(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KITH_SECRETS_DIR")
    monkeypatch.setattr("app.settings._SECRETS_DIR", secrets)
    (secrets / "kith_admin_key").write_text(KEY)
    assert _given_key() == KEY


def test_a_folder_that_is_named_must_be_there(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITH_SECRETS_DIR", str(secrets / "nowhere"))
    with pytest.raises(
        SettingsError, match=r"KITH_SECRETS_DIR is not usable: .*nowhere\" does not exist"
    ):
        load_settings()


def test_a_secret_that_is_no_text_is_refused_and_not_told(secrets: Path) -> None:
    (secrets / "kith_admin_key").write_bytes(KEY.encode() + b"\xff")
    with pytest.raises(SettingsError, match="KITH_SECRETS_DIR is not usable") as refused:
        load_settings()
    assert KEY not in refused.value.detail


def test_a_secret_outside_of_the_folder_is_refused_rather_than_passed_over(
    secrets: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "url"
    elsewhere.write_text(URL)
    (secrets / "kith_database_url").symlink_to(elsewhere)
    with pytest.raises(SettingsError, match="resolves outside of"):
        load_settings()


@pytest.mark.parametrize(
    "key",
    [f"{KEY} ", f" {KEY}", f"{KEY}\t", f"{KEY}\u00e9", f"{KEY}\u4e2d", f"{KEY}\x7f", f"a\n{KEY}"],
)
def test_an_admin_key_that_no_client_could_send_is_refused_and_not_told(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("KITH_ADMIN_KEY", key)
    with pytest.raises(SettingsError, match=r"KITH_ADMIN_KEY is not usable: .*ASCII") as refused:
        load_settings()
    assert KEY not in refused.value.detail


def test_an_admin_key_in_a_file_that_no_client_could_send_is_refused(secrets: Path) -> None:
    (secrets / "kith_admin_key").write_text(f"{KEY}\u00e9\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"KITH_ADMIN_KEY is not usable: .*ASCII"):
        load_settings()


def test_an_admin_key_may_have_blanks_within(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "correct horse battery staple"
    monkeypatch.setenv("KITH_ADMIN_KEY", key)
    assert _given_key() == key


@pytest.mark.parametrize("proxies", ["*", "10.0.0.0/8,caddy", "10.0.0.1/8", "1.2.3.4:80"])
def test_proxies_that_are_no_addresses_are_refused_by_name(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, proxies: str
) -> None:
    monkeypatch.setenv("KITH_TRUSTED_PROXIES", proxies)
    with pytest.raises(SettingsError, match="KITH_TRUSTED_PROXIES is not usable") as refused:
        load_settings()
    assert repr(proxies.split(",")[-1]) in refused.value.detail


@pytest.mark.parametrize("proxies", ["", " ", "10.0.0.0/8, fd00::/8,unix", "127.0.0.1,"])
def test_proxies_may_be_addresses_networks_and_sockets(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, proxies: str
) -> None:
    monkeypatch.setenv("KITH_TRUSTED_PROXIES", proxies)
    assert load_settings().trusted_proxies == proxies


def test_an_empty_file_is_no_database(secrets: Path) -> None:
    """It would be SQLite otherwise: an empty gallery in place of the real one."""
    (secrets / "kith_database_url").write_text("\n")
    with pytest.raises(SettingsError, match="KITH_DATABASE_URL is not usable"):
        load_settings()
