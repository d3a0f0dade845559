"""Prometheus scrapes, and Grafana draws, only metrics that the service has."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import make_prometheus_key
import pytest
import yaml
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import Settings
from tests.support.client import client_of
from tests.support.compose import ROOT, mounts, services

_DOCKER = ROOT / "docker"
_DASHBOARDS = sorted((_DOCKER / "grafana" / "dashboards").glob("*.json"))
_OF_PROMETHEUS = {"up"}
"""A metric that Prometheus itself adds."""


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """A service whose broker does not answer: it has every metric that there may be."""
    broker = {"mqtt_url": "mqtt://127.0.0.1:9", "egress_allow": "127.0.0.1"}
    with client_of(build(settings.model_copy(update=broker))) as client:
        yield client


def _loaded(file: Path) -> dict[str, Any]:
    text = file.read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
    return found


def _expressions(dashboard: dict[str, Any]) -> list[str]:
    drawn = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return drawn + [each["query"]["query"] for each in dashboard["templating"]["list"]]


def _metrics(expression: str) -> set[str]:
    """The metrics that a PromQL expression names: every word but labels and functions."""
    if labels := re.fullmatch(r"label_values\((\w+), \w+\)", expression):
        return {labels[1]}
    bare = re.sub(r"\b(?:by|without) \([^)]*\)|\{[^}]*\}|\[[^\]]*\]", "", expression)
    return set(re.findall(r"\b[a-z_]\w*\b(?! *\()", bare)) - {"or", "and", "unless"}


def _served(client: TestClient) -> set[str]:
    """Every series of the exposition, also of metrics that have no value yet."""
    text = client.get("http://kith/metrics").text
    kinds = dict(re.findall(r"^# TYPE (\S+) (\w+)$", text, re.MULTILINE))
    parts = ("_bucket", "_count", "_sum")
    histograms = {
        name + part for name, kind in kinds.items() if kind == "histogram" for part in parts
    }
    return {*kinds, *histograms}


def test_there_is_a_dashboard() -> None:
    assert [file.name for file in _DASHBOARDS] == ["kith.json"]


@pytest.mark.parametrize("file", _DASHBOARDS, ids=lambda file: file.name)
def test_every_metric_that_is_drawn_is_reported(file: Path, client: TestClient) -> None:
    served = _served(client) | _OF_PROMETHEUS
    for expression in _expressions(_loaded(file)):
        assert _metrics(expression), f"{expression!r} names no metric"
        assert _metrics(expression) <= served, expression


def test_a_metric_that_is_not_reported_would_be_noticed(client: TestClient) -> None:
    expression = 'sum by (le) (rate(kith_step_seconds_bucket{step="embed"}[5m])) / up{job="kith"}'
    assert _metrics(expression) - _served(client) - _OF_PROMETHEUS == {"kith_step_seconds_bucket"}


def test_the_dashboard_draws_what_an_operator_asks_for() -> None:
    drawn = {metric for each in _expressions(_loaded(_DASHBOARDS[0])) for metric in _metrics(each)}
    assert drawn >= {
        "kith_http_request_duration_seconds_count",
        "kith_http_request_duration_seconds_bucket",
        "kith_decisions_total",
        "kith_step_duration_seconds_bucket",
        "process_resident_memory_bytes",
        "kith_site_fpir_ratio",
        "kith_site_shift_deviations",
        "kith_top_similarity_bucket",
        "kith_near_threshold_total",
        "kith_webhook_lag_seconds",
        "kith_mqtt_lag_seconds",
    }


@pytest.mark.parametrize("file", _DASHBOARDS, ids=lambda file: file.name)
def test_panels_have_ids_of_their_own_and_do_not_overlap(file: Path) -> None:
    panels = _loaded(file)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_grafana_finds_its_source_and_its_dashboards() -> None:
    provisioned = _DOCKER / "grafana" / "provisioning"
    (source,) = _loaded(provisioned / "datasources" / "prometheus.yml")["datasources"]
    (provider,) = _loaded(provisioned / "dashboards" / "kith.yml")["providers"]
    grafana = services("observe")["grafana"]
    targets = {target: origin for origin, target, _ in mounts(grafana)}
    assert source["url"] == "http://prometheus:9090"
    assert targets[provider["options"]["path"]] == "./docker/grafana/dashboards"
    assert targets["/etc/grafana/provisioning"] == "./docker/grafana/provisioning"
    for file in _DASHBOARDS:
        used = set(re.findall(r'"uid": "(\w+)"', file.read_text(encoding="utf-8")))
        assert used == {source["uid"], "kith"}
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/{_DASHBOARDS[0].name}"


def _rules() -> list[dict[str, Any]]:
    (group,) = _loaded(_DOCKER / "alerts.yml")["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def test_every_alert_is_of_metrics_that_are_reported_and_says_what_is_wrong(
    client: TestClient,
) -> None:
    rules, served = _rules(), _served(client) | _OF_PROMETHEUS
    for rule in rules:
        assert rule.keys() <= {"alert", "expr", "for", "annotations"}
        assert re.fullmatch(r"\d+[mh]", rule.get("for", "1m"))
        assert _metrics(rule["expr"]), rule["alert"]
        assert _metrics(rule["expr"]) <= served, rule["alert"]
        assert rule["annotations"]["summary"].endswith(".")
    watched = {metric for rule in rules for metric in _metrics(rule["expr"])}
    assert watched >= {
        "kith_webhook_dead_letters_total",
        "kith_webhook_lag_seconds",
        "kith_webhook_lost_events_total",
        "kith_webhooks_gone",
        "kith_mqtt_connected",
        "kith_mqtt_lag_seconds",
    }
    assert len({rule["alert"] for rule in rules}) == len(rules)


def test_prometheus_loads_the_alerts() -> None:
    (file,) = _loaded(_DOCKER / "prometheus.yml")["rule_files"]
    targets = {target: origin for origin, target, _ in mounts(services("observe")["prometheus"])}
    assert targets[file] == "./docker/alerts.yml"


def test_prometheus_reads_every_replica_with_the_key_made_for_it(tmp_path: Path) -> None:
    (job,) = _loaded(_DOCKER / "prometheus.yml")["scrape_configs"]
    assert job["authorization"] == {"credentials_file": f"/run/secrets/{make_prometheus_key.KEY}"}
    (found,) = job["dns_sd_configs"]
    for replica in ("kith", "kith-2", "kith-3"):
        service = services("*")[replica]
        assert service["networks"]["default"]["aliases"] == found["names"]
    assert found["port"] == 8000
    assert job.get("metrics_path", "/metrics") == "/metrics"
