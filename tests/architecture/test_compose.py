"""docker-compose.yml and what it mounts: valid, pinned, hardened, and of one piece."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import make_secrets
import pytest

from app.cli.commands import cli_for
from app.settings import Settings, load_settings
from tests.support.compose import (
    DOCKERFILE,
    FILE,
    ROOT,
    compose,
    environment_of,
    image_environment,
    mounts,
    seconds,
    services,
)

_CADDYFILE = (ROOT / "docker" / "Caddyfile").read_text(encoding="utf-8")
_EVERY = services("*")
_ONCE = ("secrets", "prometheus-key")
_REPLICAS = ("kith", "kith-2", "kith-3")


def _against_the_schema(file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    return subprocess.run([*command, str(file)], capture_output=True, text=True, timeout=240)


def test_the_compose_file_is_what_the_specification_allows() -> None:
    checked = _against_the_schema(FILE)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_mistake_in_a_compose_file_would_be_noticed(tmp_path: Path) -> None:
    wrong = tmp_path / "docker-compose.yml"
    text = FILE.read_text(encoding="utf-8")
    wrong.write_text(text.replace("condition: service_healthy", "condition: service_well"))
    assert "service_well" in _against_the_schema(wrong).stdout


def test_up_alone_is_kith_and_postgresql_and_a_profile_adds_to_them() -> None:
    assert set(services()) == {"kith", "postgres", "secrets"}
    assert set(services("scale")) == {"kith-2", "kith-3", "caddy"}
    assert set(services("observe")) == {"prometheus-key", "prometheus", "grafana"}


@pytest.mark.parametrize("name", _EVERY)
def test_an_image_is_pinned_to_a_release(name: str) -> None:
    tag = _EVERY[name]["image"].partition(":")[2]
    assert re.fullmatch(r"v?\d+\.\d+(\.\d+)?(-[a-z]+)?", tag), f"{name}: {tag!r}"


def test_the_image_has_the_version_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "version"
    ]
    assert {_EVERY[name]["image"] for name in (*_REPLICAS, *_ONCE)} == {f"kith:{version}"}


@pytest.mark.parametrize("name", _EVERY)
def test_a_service_can_do_little_harm(name: str) -> None:
    service = _EVERY[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["restart"] == ("no" if name in _ONCE else "unless-stopped")
    given = {"secrets": ["CHOWN"], "prometheus-key": ["CHOWN"], "caddy": ["NET_BIND_SERVICE"]}
    assert service.get("cap_add", []) == given.get(name, [])


def test_ports_are_published_on_this_machine_alone_and_of_few_services() -> None:
    published = {name: each["ports"] for name, each in _EVERY.items() if "ports" in each}
    assert set(published) == {"kith", "caddy", "grafana"}
    for ports in published.values():
        assert [port.split(":")[0] for port in ports] == ["127.0.0.1"]


def test_a_service_starts_after_what_it_needs_is_well_or_done() -> None:
    for name, service in _EVERY.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in _EVERY, f"{name} needs {needed}"
            if needed in _ONCE:
                assert how == {"condition": "service_completed_successfully"}, f"{name}: {needed}"
            else:
                assert how == {"condition": "service_healthy"}, f"{name}: {needed}"
                assert _EVERY[needed]["healthcheck"]["test"][0] == "CMD", needed


def test_every_reader_of_secrets_starts_after_they_are_made() -> None:
    def after(name: str) -> set[str]:
        direct = set(_EVERY[name].get("depends_on", {}))
        return direct.union(*(after(each) for each in direct))

    for name, service in _EVERY.items():
        if "secrets" in {source for source, *_ in mounts(service)} and name != "secrets":
            assert "secrets" in after(name), name


def test_what_is_mounted_is_there() -> None:
    named = set()
    for service in _EVERY.values():
        for source, _, mode in mounts(service):
            if source.startswith("."):
                assert (ROOT / source).exists(), source
                assert mode == "ro", source
            else:
                named.add(source)
    assert named == set(compose()["volumes"])


def test_only_what_makes_secrets_can_write_them() -> None:
    for name, service in _EVERY.items():
        for source, target, mode in mounts(service):
            if source == "secrets":
                assert target == "/run/secrets"
                assert mode == ("rw" if name in _ONCE else "ro"), name


def test_what_makes_secrets_reads_them_through_a_group_that_nobody_else_has() -> None:
    groups = {name: str(each.get("user", ":")).partition(":")[2] for name, each in _EVERY.items()}
    assert {groups.pop(name) for name in _ONCE} == {"10000"}
    assert "10000" not in groups.values()
    assert f"groupadd --gid {make_secrets.KITH} " in DOCKERFILE.read_text(encoding="utf-8")


def test_nobody_but_the_balancer_can_reach_anything_outside() -> None:
    networks = compose()["networks"]
    assert networks["inside"] == {"internal": True}
    translated = networks["default"]["driver_opts"][
        "com.docker.network.bridge.enable_ip_masquerade"
    ]
    assert translated == "false"
    reached = {name: set(each.get("networks", ["default"])) for name, each in _EVERY.items()}
    assert reached["postgres"] == {"inside"}
    assert all(reached[name] == {"inside", "default"} for name in _REPLICAS)
    assert _EVERY["secrets"]["network_mode"] == "none"
    elsewhere = {name for name, where in reached.items() if where - {"inside", "default"}}
    assert elsewhere == {"caddy"}
    for name, service in _EVERY.items():  # who waits for another's health asks it somewhere
        for needed in set(service.get("depends_on", {})) - {"secrets", "prometheus-key"}:
            assert reached[name] & reached[needed], f"{name} cannot reach {needed}"


def test_the_replicas_differ_in_nothing_but_their_own_volume_and_the_first_ones_port() -> None:
    def common(name: str) -> dict[str, object]:
        own = {"ports", "profiles", "volumes"}
        return {key: value for key, value in _EVERY[name].items() if key not in own}

    assert common("kith-2") == common("kith") == common("kith-3")
    for name in _REPLICAS:
        assert (name, "/data", "rw") in mounts(_EVERY[name])


def test_the_balancer_asks_every_replica_whether_it_is_ready() -> None:
    upstreams = re.search(r"reverse_proxy (.*) \{", _CADDYFILE)
    assert upstreams
    assert upstreams[1].split() == [f"{name}:8000" for name in _REPLICAS]
    assert set(_EVERY["caddy"]["depends_on"]) == set(_REPLICAS)
    for line in ("lb_policy least_conn", "health_uri /v1/health/ready", "method GET HEAD"):
        assert line in _CADDYFILE


def test_the_caddyfile_is_whole() -> None:
    """By Caddy itself where the machine has it; its blocks are closed in any case."""
    blocks = re.findall(r"(?<=\s)[{}]$", _CADDYFILE, re.MULTILINE)
    depths = [blocks[:end].count("{") - blocks[:end].count("}") for end in range(len(blocks) + 1)]
    assert min(depths) == depths[-1] == 0
    if caddy := shutil.which("caddy"):
        command = [caddy, "validate", "--adapter", "caddyfile", "--config", "docker/Caddyfile"]
        checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
        assert checked.returncode == 0, checked.stderr


def test_a_stop_waits_longer_than_kith_does() -> None:
    for name in _REPLICAS:
        service = _EVERY[name]
        waits = service["environment"]["KITH_SHUTDOWN_SECONDS"]
        assert seconds(service["stop_grace_period"]) >= waits + 10
    assert seconds(_EVERY["caddy"]["stop_grace_period"]) >= waits


def test_every_setting_given_to_kith_exists() -> None:
    known = {f"KITH_{name}".upper() for name in Settings.model_fields}
    given = {name for name in image_environment() if name.startswith("KITH_")}
    for replica in _REPLICAS:
        given |= set(_EVERY[replica]["environment"])
    assert given <= known


@pytest.mark.parametrize("name", _REPLICAS)
def test_kith_starts_with_the_settings_that_it_is_given_by_default(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in [each for each in os.environ if each.startswith("KITH_")]:
        monkeypatch.delenv(each)
    for setting, value in environment_of(_EVERY[name]).items():
        if setting.startswith("KITH_"):
            monkeypatch.setenv(setting, value)
    settings = load_settings()
    assert (settings.port, settings.shutdown_seconds) == (8000, 30)


def test_the_image_runs_as_the_user_that_owns_the_secrets_and_not_as_root() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    assert f"useradd --uid {make_secrets.KITH} " in text
    assert text.rindex("\nUSER kith\n") > text.rindex("\nFROM ")
    assert _EVERY["postgres"]["user"].split(":")[0] == str(make_secrets.POSTGRES)


def test_the_image_takes_its_packages_from_the_lock_and_its_address_from_the_settings() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    installs = re.findall(r"pip install (.*)", text)
    assert [
        line for line in installs if "--require-hashes" in line or "--no-deps" in line
    ] == installs
    environment = image_environment()
    assert f"EXPOSE {environment['KITH_PORT']}\n" in text
    assert environment["KITH_HOST"] == "0.0.0.0"  # noqa: S104 - in a container
    assert f"VOLUME {environment['KITH_DATA_DIR']}\n" in text


def test_the_health_check_is_a_command_that_there_is() -> None:
    commands_there = {command.name for command in cli_for([]).registered_commands}
    assert _EVERY["kith"]["healthcheck"]["test"] == ["CMD", "kith", "health"]
    assert 'CMD ["kith", "health"]' in DOCKERFILE.read_text(encoding="utf-8")
    assert {"health", "serve"} <= commands_there


def test_the_build_gets_what_it_copies_and_nothing_else() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    let_through = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copies = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE.read_text("utf-8"), re.MULTILINE)
    copied = {source for line in copies for source in line.split()}
    assert let_through == copied
    assert all((ROOT / source).exists() for source in copied)
