"""The Helm chart is of one piece; ``make chart`` lints and renders it by Helm's own code."""

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from app.settings import load_settings
from tests.support.pages import ROOT

CHART = ROOT / "deploy" / "helm" / "kith"
_TEMPLATES = {
    file.name: file.read_text(encoding="utf-8") for file in (CHART / "templates").iterdir()
}
_USED = re.compile(r"\.Values\.([a-zA-Z_]+(?:\.[a-zA-Z_]+)*)")


def loaded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CHART / name).read_text(encoding="utf-8"))
    return found


def test_it_has_the_version_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    chart = loaded("Chart.yaml")
    assert {chart["version"], chart["appVersion"]} == {project["version"]}


def test_every_value_that_a_template_uses_is_there_and_every_value_is_used() -> None:
    values = loaded("values.yaml")
    used = {path for text in _TEMPLATES.values() for path in _USED.findall(text)}
    for path in used:
        part: Any = values
        for name in path.split("."):
            assert name in part, path
            part = part[name]
    assert {path.partition(".")[0] for path in used} == set(values)


def test_its_schema_takes_the_defaults_and_no_mistake() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    values = loaded("values.yaml")
    jsonschema.validate(values, schema)
    assert set(schema["properties"]) - {"global"} == set(values)
    for wrong in ({"replica": 2}, {"replicas": 0}, {"settings": {"THREADS": 2}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(values | wrong, schema)


def test_kith_starts_with_what_a_pod_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kubernetes lays a Secret out as links into a hidden folder."""
    for each in [each for each in os.environ if each.startswith("KITH_")]:
        monkeypatch.delenv(each)
    hidden = tmp_path / "..2026_11_26_10_00_00.1"
    hidden.mkdir()
    (tmp_path / "..data").symlink_to(hidden.name)
    secrets = {"kith_admin_key": "a" * 30, "kith_database_url": "postgresql://kith@db/kith"}
    for name, text in secrets.items():
        (hidden / name).write_text(f"{text}\n")
        (tmp_path / name).symlink_to(f"..data/{name}")
    for name, value in loaded("values.yaml")["settings"].items():
        monkeypatch.setenv(name, str(value))
    assert "{name: KITH_SECRETS_DIR, value: /etc/kith/secrets}" in _TEMPLATES["deployment.yaml"]
    monkeypatch.setenv("KITH_SECRETS_DIR", str(tmp_path))
    settings = load_settings()
    assert settings.admin_key
    assert settings.admin_key.get_secret_value() == secrets["kith_admin_key"]
    assert "postgresql" in str(settings.database)


def test_its_probes_ports_and_user_are_those_of_the_image() -> None:
    deployment = _TEMPLATES["deployment.yaml"]
    image = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
    (uid,) = re.findall(r"runAsUser: (\d+)", deployment)
    assert f"useradd --uid {uid} " in image
    (port,) = re.findall(r"containerPort: (\d+)", deployment)
    assert f"KITH_PORT={port}" in image
    assert set(re.findall(r"path: (/v1/\S+?),", deployment)) == {
        "/v1/health/live",
        "/v1/health/ready",
    }
    for line in ("readOnlyRootFilesystem: true", "automountServiceAccountToken: false"):
        assert line in deployment
    assert "enableServiceLinks: false" in deployment  # KITH_PORT=tcp://... would stop the start
    (more,) = re.findall(
        r"PeriodSeconds: {{ add \.Values\.settings\.KITH_SHUTDOWN_SECONDS (\d+) }}", deployment
    )
    assert int(more) >= 10  # than what the settings give the requests in progress
