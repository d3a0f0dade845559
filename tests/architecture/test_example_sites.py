"""The Compose files of ``examples/``: valid, pinned, without a secret, and of one piece."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings, load_settings
from tests.support.compose import image_environment, seconds
from tests.support.example_sites import EXAMPLES, SITES, environment, mounts, site
from tests.support.pages import code

_SERVICES = [(name, each) for name in SITES for each in site(name)["services"]]
_SECRET = re.compile(
    r"(?i)(password|secret|token|_key|api_key|key)\s*[:=]\s*(?!!secret|kith_key)\S"
)


def service(name: str, each: str) -> dict[str, Any]:
    found: dict[str, Any] = site(name)["services"][each]
    return found


def ignored(name: str) -> set[str]:
    file = EXAMPLES / name / ".gitignore"
    return set(file.read_text().split()) if file.exists() else set()


def test_every_example_of_a_site_is_tested() -> None:
    there = {file.parent.name for file in EXAMPLES.glob("*/docker-compose.yml")}
    assert there == set(SITES)


def test_the_files_are_what_the_specification_allows() -> None:
    files = [
        str(file) for file in [*EXAMPLES.glob("*/docker-compose.yml"), EXAMPLES / "services.yml"]
    ]
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, *files], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("name", "each"), _SERVICES)
def test_a_service_is_pinned_and_comes_back(name: str, each: str) -> None:
    found = service(name, each)
    assert re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+", found["image"])
    assert found["restart"] == "unless-stopped"
    for port in found.get("ports", []):
        assert port.startswith("127.0.0.1:")


@pytest.mark.parametrize(("name", "each"), _SERVICES)
def test_what_is_waited_for_says_that_it_is_well(name: str, each: str) -> None:
    for needed, how in service(name, each).get("depends_on", {}).items():
        assert how == {"condition": "service_healthy"}
        assert service(name, needed)["healthcheck"]["test"][0] == "CMD"
        networks = [set(service(name, of).get("networks", ["default"])) for of in (each, needed)]
        assert networks[0] & networks[1], f"{each} cannot reach {needed}"


@pytest.mark.parametrize("name", SITES)
def test_what_is_mounted_is_there_and_read_only_or_is_the_operators(name: str) -> None:
    named = set()
    for found in site(name)["services"].values():
        for source, target, mode in mounts(found):
            if not source.startswith("/"):
                named.add(source)
            elif Path(source).name not in ignored(name):
                assert Path(source).is_file(), source
                assert mode == "ro", target
    assert named == set(site(name)["volumes"])


@pytest.mark.parametrize("name", SITES)
def test_no_secret_is_in_a_file_that_is_kept(name: str) -> None:
    """The page names each file that an operator makes, and git ignores it."""
    kept = [file for file in (EXAMPLES / name).iterdir() if file.name not in ignored(name)]
    for file in kept:
        if file.suffix != ".md":
            assert _SECRET.findall(file.read_text(encoding="utf-8")) == [], file
    page = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    assert all(each in page for each in ignored(name))


def test_a_secret_would_be_found() -> None:
    assert _SECRET.search("  key: kith_MfKQ9r8GKYqrTwjUPD8")
    assert _SECRET.search("KITH_MQTT_PASSWORD=hunter2")
    assert not _SECRET.search("    key: !secret kith_key")


@pytest.mark.parametrize("name", SITES)
def test_the_broker_which_asks_for_no_password_is_reached_by_its_own_network_alone(
    name: str,
) -> None:
    broker = site(name)["services"].get("mosquitto")
    if broker is None:
        assert name == "door"
        return
    assert "ports" not in broker
    assert broker["networks"] == ["broker"]
    assert site(name)["networks"]["broker"] == {"internal": True}


@pytest.mark.parametrize("name", SITES)
def test_kith_starts_with_its_settings_and_stops_in_time(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in [each for each in os.environ if each.startswith("KITH_")]:
        monkeypatch.delenv(each)
    given = image_environment() | environment(name, "kith")
    for setting, value in given.items():
        monkeypatch.setenv(setting, value)
    settings = load_settings()
    assert settings.mqtt_url is None or "mosquitto" in settings.egress_allow
    kith = service(name, "kith")
    assert seconds(kith["stop_grace_period"]) >= Settings().shutdown_seconds + 10
    assert (str(settings.data_dir), kith["read_only"]) == ("/data", True)
    assert ("kith", "/data", "rw") in mounts(kith)


@pytest.mark.parametrize("name", SITES)
def test_what_its_page_calls_are_services_of_its_own(name: str) -> None:
    calls = [
        each for each in code(EXAMPLES / name / "README.md") if each.startswith("docker compose")
    ]
    assert any("up --detach" in each for each in calls)
    words = {each.split()[4] for each in calls if re.match(r"docker compose exec -T \w", each)}
    assert words <= set(site(name)["services"])
