"""Nothing but secrets of devices can be read by their names, and each where it may go."""

from pathlib import Path

import pytest

from app.actions.secrets import Secrets, check_name
from app.actions.templates import Unfit

NAME = "KITH_SECRET_LOCK"


@pytest.mark.parametrize(
    "name",
    [
        "KITH_ADMIN_KEY",
        "KITH_DATABASE_URL",
        "KITH_SECRETS_DIR",
        "KITH_SECRET_",
        "KITH_SECRET_../admin_key",
        "KITH_SECRET_LOCK_HOSTS",
        "kith_secret_lock",
        "KITH_SECRET_lock",
        "KITH_SECRET_LOCK\n",
        "XKITH_SECRET_LOCK",
        "PATH",
        "",
    ],
)
def test_other_names_are_refused_before_anything_is_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name.lower().replace("/", "_").strip()).with_suffix(".x").write_text("secret")
    with pytest.raises(ValueError, match="must be KITH_SECRET_"):
        check_name(name)
    with pytest.raises(ValueError, match="must be KITH_SECRET_"):
        Secrets(tmp_path, {name: "secret"}).read(name, "lock")


def test_a_secret_is_a_variable_or_a_file_and_the_variable_wins(tmp_path: Path) -> None:
    file = tmp_path / "kith_secret_lock"
    file.write_text("from a file\n")
    assert Secrets(tmp_path, {}).read(NAME, "lock") == "from a file"
    assert Secrets(tmp_path, {NAME: "from a variable"}).read(NAME, "lock") == "from a variable"
    file.write_text("another")
    assert Secrets(tmp_path, {}).read(NAME, "lock") == "another"


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe", b"x" * 20_000])
def test_one_that_is_missing_or_no_text_is_said_by_name(
    tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "kith_secret_lock").write_bytes(content)
    with pytest.raises(Unfit, match="the secret KITH_SECRET_LOCK is"):
        Secrets(tmp_path, {}).read(NAME, "lock")


def test_one_that_names_its_hosts_goes_to_no_other() -> None:
    secrets = Secrets(None, {NAME: "x", f"{NAME}_HOSTS": "10.0.0.7, Lock.example.lan"})
    assert secrets.read(NAME, "10.0.0.7") == "x"
    assert secrets.read(NAME, "lock.example.lan") == "x"
    with pytest.raises(Unfit, match=r"is not for evil\.example"):
        secrets.read(NAME, "evil.example")


def test_secrets_are_not_shown() -> None:
    assert "hidden" not in repr(Secrets(None, {NAME: "hidden"}))
