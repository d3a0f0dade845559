"""A name that is no setting is refused, and one that is somebody else's is left alone."""

import re
from pathlib import Path

import pytest

from app.settings import Settings, load_settings
from tests.unit.core.refused import URL, refusal


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("KITH_MIN_FACESIZE", "KITH_MIN_FACE_SIZE"),
        ("KITH_MIN_FACE_SIZ", "KITH_MIN_FACE_SIZE"),
        ("KITH__PORT", "KITH_PORT"),
        ("KITH_DATABASEURL", "KITH_DATABASE_URL"),
        ("KITH_ADMINKEY", "KITH_ADMIN_KEY"),
        ("Kith_Prot", "KITH_PORT"),
        ("kith_prot", "kith_port"),
    ],
)
def test_a_misspelt_variable_is_refused_with_the_nearest_name(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, given: str, meant: str
) -> None:
    monkeypatch.setenv(given, "48")
    assert refusal() == f"{given} is not a setting; did you mean {meant}?"


def test_a_variable_that_is_like_no_setting_is_refused_as_well(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITH_XYZZY", "1")
    assert refusal() == "KITH_XYZZY is not a setting; README.md lists them all."


@pytest.mark.parametrize("given", ["kith_databse_url", "KITH_DATABSE_URL", "kith_admin_key.bak"])
def test_a_misspelt_secret_is_refused_with_the_nearest_name(secrets: Path, given: str) -> None:
    (secrets / given).write_text(URL)
    message = refusal()
    assert message.startswith(f"{given} is not a setting; did you mean ")
    assert URL not in message


@pytest.mark.parametrize(
    "name",
    [
        "KITH_TEST_DATA",
        "KITH_TEST_POSTGRES",
        "KITH_CHAOS",
        "KITH_BENCH_TEMPLATES",
        "KITH_IMAGE_BASE",
        "KITH_TRAINING_DATA",
        "KITH_BIND",
        "KITH_BALANCED_PORT",
        "KITH_SITE",
        "KITH_MEMORY",
        "KITH_VERSION",
    ],
)
def test_variables_of_others_than_the_service_are_nobody_s_settings(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "")
    load_settings()


def test_every_variable_that_the_repository_knows_is_a_setting_or_somebody_else_s(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that exports the variables of docker-compose.yml or the Makefile must still be able
    to serve."""
    root = Path(__file__).parents[3]
    texts = [root / "Makefile", root / "docker-compose.yml", *(root / "docker").iterdir()]
    found = {
        name
        for file in texts
        if file.is_file()
        for name in re.findall(r"\bKITH_[A-Z_0-9]*[A-Z0-9]\b", file.read_text("utf-8"))
    }
    assert len(found) > 10
    for name in found - {f"KITH_{field}".upper() for field in Settings.model_fields}:
        monkeypatch.setenv(name, "x")
    load_settings()


def test_what_kubernetes_sets_for_a_service_named_kith_is_nobody_s_setting(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KITH_SERVICE_HOST", "KITH_SERVICE_PORT", "KITH_SERVICE_PORT_HTTP"):
        monkeypatch.setenv(name, "10.0.0.1")
    for name in ("KITH_PORT_8000_TCP", "KITH_PORT_8000_TCP_ADDR", "KITH_PG_PORT_5432_TCP_PROTO"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("KITH_POSTGRES_PORT", "tcp://10.0.0.2:5432")
    load_settings()
    monkeypatch.setenv("KITH_PORT", "tcp://10.0.0.1:8000")
    message = refusal()
    assert message.startswith("KITH_PORT is 'tcp://10.0.0.1:8000', which Kubernetes sets")
    assert "enableServiceLinks" in message
