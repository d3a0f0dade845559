"""Settings from the environment and from files."""

import shutil
import tempfile
from pathlib import Path

import pytest

from app.core.db import Database
from app.errors import SettingsError
from app.settings import Settings, load_settings
from migrations import upgrade
from tests.support.users import without_rights
from tests.unit.core.refused import URL, refusal

KEY = "a-key-that-is-long-enough-0123456789"


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
    assert settings.database_url == settings.database == URL


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
    assert refusal() == (
        f"KITH_SECRETS_DIR is '{secrets}/nowhere', which cannot be read: No such file or directory."
    )


def test_a_secret_that_is_no_text_is_refused_and_not_shown(secrets: Path) -> None:
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
def test_an_admin_key_that_no_client_could_send_is_refused_and_not_shown(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("KITH_ADMIN_KEY", key)
    with pytest.raises(SettingsError, match=r"KITH_ADMIN_KEY: .*ASCII") as refused:
        load_settings()
    assert KEY not in refused.value.detail


def test_an_admin_key_in_a_file_that_no_client_could_send_is_refused(secrets: Path) -> None:
    (secrets / "kith_admin_key").write_text(f"{KEY}\u00e9\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"kith_admin_key in KITH_SECRETS_DIR: .*ASCII"):
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
    with pytest.raises(SettingsError, match="KITH_TRUSTED_PROXIES is ") as refused:
        load_settings()
    assert repr(proxies.split(",")[-1]) in refused.value.detail


@pytest.mark.parametrize("proxies", ["10.0.0.0/8, fd00::/8,unix", "127.0.0.1,"])
def test_proxies_may_be_addresses_networks_and_sockets(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, proxies: str
) -> None:
    monkeypatch.setenv("KITH_TRUSTED_PROXIES", proxies)
    assert load_settings().trusted_proxies == proxies


def test_an_empty_file_is_no_database(secrets: Path) -> None:
    """It would be SQLite otherwise: an empty gallery in place of the real one."""
    (secrets / "kith_database_url").write_text("\n")
    message = "is empty; give it a value, or take the file away."
    assert refusal() == f"The secret '{secrets}/kith_database_url' {message}"


@pytest.mark.parametrize("field", Settings.model_fields)
@pytest.mark.parametrize("value", ["", "  "])
def test_no_setting_is_empty(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, field: str, value: str
) -> None:
    name = f"KITH_{field.upper()}"
    monkeypatch.setenv(name, value)
    assert refusal() == f"{name} is empty; give it a value, or unset it."


def test_a_name_in_lower_case_is_the_setting_and_two_spellings_are_refused(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("kith_port", "81")
    assert load_settings().port == 81
    monkeypatch.setenv("KITH_PORT", "80")
    assert refusal() == "KITH_PORT and kith_port are the same setting; keep one of them."


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("KITH_PORT", "80a", "a whole number from 0 to 65535"),
        ("KITH_PORT", "-1", "a whole number from 0 to 65535"),
        ("KITH_PORT", "65536", "a whole number from 0 to 65535"),
        ("kith_port", "1.5", "a whole number from 0 to 65535"),
        ("KITH_THREADS", "0", "a whole number from 1 to 4096"),
        ("KITH_SNAPSHOT_SECONDS", "9" * 30, "a whole number from 1 to 31536000"),
        ("KITH_SNAPSHOT_SECONDS", "9" * 5000, "a whole number from 1 to 31536000"),
        ("KITH_MAX_CONNECTIONS", "inf", "a whole number from 1 to 1000000"),
        ("KITH_MIN_QUALITY", "nan", "a number from 0 to 1"),
        ("KITH_MIN_QUALITY", "-inf", "a number from 0 to 1"),
        ("KITH_MAX_YAW", "inf", "a number from 0 to 90"),
        ("KITH_MAX_YAW", "1e999", "a number from 0 to 90"),
        ("KITH_MIN_DETECTION_SCORE", "0,5", "a number from 0 to 1"),
        ("KITH_LOG_LEVEL", "debug", "one of DEBUG, INFO, WARNING, ERROR"),
        ("KITH_LOG_FORMAT", "text", "one of auto, console, json"),
    ],
)
def test_a_wrong_value_is_reported_with_what_is_allowed(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(name, value)
    assert refusal() == f"{name} is {value[:200]!r}; it must be {allowed}."


def test_every_number_has_a_least_and_a_largest_value() -> None:
    for name, schema in Settings.model_json_schema()["properties"].items():
        if schema.get("type") in ("integer", "number"):
            assert {"minimum", "maximum"} <= set(schema), name


def test_every_wrong_value_is_reported_at_once(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITH_PORT", "x")
    monkeypatch.setenv("KITH_QUEUE", "y")
    message = refusal()
    assert "KITH_PORT is 'x'" in message
    assert "KITH_QUEUE is 'y'" in message


@pytest.mark.parametrize("where", ["variable", "file"])
def test_a_wrong_secret_is_not_repeated(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    if where == "variable":
        monkeypatch.setenv("KITH_ADMIN_KEY", "short-key")
    else:
        (secrets / "kith_admin_key").write_text("short-key")
    message = refusal()
    assert "must be a text of 24 characters or more" in message
    assert ("KITH_ADMIN_KEY" if where == "variable" else "kith_admin_key") in message
    assert "short-key" not in message


def test_a_wrong_value_in_a_file_is_not_repeated_for_it_may_be_a_key_in_the_wrong_file(
    secrets: Path,
) -> None:
    (secrets / "kith_port").write_text(KEY)
    message = refusal()
    assert message == (
        "The file kith_port in KITH_SECRETS_DIR must be a whole number from 0 to 65535."
    )


@pytest.mark.parametrize("what", ["folder", "file"])
def test_secrets_that_may_not_be_read(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    folder = Path(tempfile.mkdtemp())
    file = folder / "kith_admin_key"
    file.write_text(KEY)
    file.chmod(0 if what == "file" else 0o444)
    folder.chmod(0o755 if what == "file" else 0)
    monkeypatch.setenv("KITH_SECRETS_DIR", str(folder))
    try:
        with without_rights():
            message = refusal()
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)
    assert message.endswith("cannot be read: Permission denied.")
    assert str(folder if what == "folder" else file) in message


def test_a_secret_that_is_a_folder_and_a_folder_that_is_a_file(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (secrets / "kith_admin_key").mkdir()
    assert refusal() == f"The secret '{secrets}/kith_admin_key' cannot be read: Is a directory."
    monkeypatch.setenv("KITH_SECRETS_DIR", __file__)
    assert refusal() == f"KITH_SECRETS_DIR is {__file__!r}, which cannot be read: Not a directory."


def test_a_password_is_not_in_what_is_shown_of_the_settings(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITH_DATABASE_URL", URL)
    monkeypatch.setenv("KITH_ADMIN_KEY", KEY)
    shown = f"{load_settings()!r} {load_settings()}"
    assert URL not in shown
    assert KEY not in shown


@pytest.mark.parametrize(
    "name", ["what? is# this%41 & that", "Žofie 北京", "it's $HOME", "data;x", "file:x?mode=ro"]
)
def test_the_data_folder_may_have_any_name(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KITH_DATA_DIR", name)
    database = Database(load_settings().database)
    upgrade(database)
    database.close()
    assert (tmp_path / name / "kith.db").stat().st_size
    assert {each.name for each in tmp_path.iterdir()} == {name}


@pytest.mark.parametrize("path", ["/kith", "/apps/kith", "/v2", "/~ops/kith_1.0-a", "/V1"])
def test_a_prefix_is_a_path(secrets: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setenv("KITH_ROOT_PATH", path)
    assert load_settings().root_path == path


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("kith", "it must begin with /"),
        ("https://example.com/kith", "it must begin with /"),
        ("/kith/", "it must not end with /"),
        ("/", "it must not end with /"),
        ("//kith", "it must be a path alone"),
        ("/a//b", "it must be a path alone"),
        ("/kith?x=1", "it must be a path alone"),
        ("/kith#x", "it must be a path alone"),
        ("/a b", "it must be a path alone"),
        ("/kith\n", "it must be a path alone"),
        ("/a/../b", "it must be a path alone"),
        ("/.", "it must be a path alone"),
        ("/%6bith", "it must be a path alone"),
        ("/kïth", "it must be a path alone"),
        ("/v1", "which is a path of the service"),
        ("/v1/kith", "which is a path of the service"),
        ("/docs", "which is a path of the service"),
    ],
)
def test_a_prefix_that_is_no_path_is_refused(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, path: str, part: str
) -> None:
    monkeypatch.setenv("KITH_ROOT_PATH", path)
    message = refusal()
    assert message.startswith(f"KITH_ROOT_PATH is {path!r}: ")
    assert part in message


@pytest.mark.parametrize(
    ("value", "origins"),
    [
        ("*", ("*",)),
        ("https://a.example", ("https://a.example",)),
        (
            "https://a.example, http://b.example:8080",
            ("https://a.example", "http://b.example:8080"),
        ),
        ("HTTPS://A.Example,https://a.example", ("https://a.example",)),
        ("http://[::1]:3000", ("http://[::1]:3000",)),
        ("http://localhost:3000", ("http://localhost:3000",)),
    ],
)
def test_origins_are_a_list_with_commas(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, value: str, origins: tuple[str, ...]
) -> None:
    monkeypatch.setenv("KITH_CORS_ORIGINS", value)
    assert load_settings().cors_origins == origins


@pytest.mark.parametrize(
    "value",
    [
        "https://a.example/",
        "https://a.example/path",
        "a.example",
        "//a.example",
        "https://*.example",
        "*,https://a.example",
        "https://a.example,",
        "https://a.example https://b.example",
        '["https://a.example"]',
        "https://a.example:443",
        "http://a.example:80",
        "https://a.example:99999",
        "https://user@a.example",
        "https://bücher.example",
        "null",
        "file://",
    ],
)
def test_what_no_browser_sends_as_an_origin_is_refused(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("KITH_CORS_ORIGINS", value)
    assert refusal().startswith(f"KITH_CORS_ORIGINS is {value!r}: it must ")


@pytest.mark.parametrize(
    ("value", "why"),
    [("10.0.0.1/8", "host bits"), ("169.254.169.254", "never"), ("http://lock", "nor")],
)
def test_what_gives_no_leave_to_call_is_refused_by_name(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, value: str, why: str
) -> None:
    monkeypatch.setenv("KITH_EGRESS_ALLOW", value)
    with pytest.raises(SettingsError, match=f"KITH_EGRESS_ALLOW is '{value}'.*{why}"):
        load_settings()


def test_a_broker_s_password_may_be_a_file_and_is_refused_in_its_address(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (secrets / "kith_mqtt_password").write_text("hidden\n")
    monkeypatch.setenv("KITH_MQTT_URL", "mqtts://kith@10.0.0.5")
    password = load_settings().mqtt_password
    assert password is not None
    assert password.get_secret_value() == "hidden"
    monkeypatch.setenv("KITH_MQTT_URL", "mqtts://kith:secret@10.0.0.5")
    with pytest.raises(SettingsError, match="KITH_MQTT_PASSWORD") as failed:
        load_settings()
    assert "secret@" not in failed.value.detail
