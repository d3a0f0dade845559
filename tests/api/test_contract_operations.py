"""Health, models, metrics, request ids and refusals under load, as the contract promises them."""

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.core.db import Database
from app.core.outage import Outage
from app.observability.health import Readiness
from app.settings import Settings
from tests.api.support import enrol, files, identify, made, ok, problem
from tests.support.client import client_of
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_is_public(client: TestClient, path: str) -> None:
    del client.headers["authorization"]
    assert ok(client.get(path)) == {"status": "ok"}
    assert ok(client.get(path, headers={"X-API-Key": "wrong"})) == {"status": "ok"}


def test_a_service_without_its_database_lives_and_is_not_ready(
    settings: Settings, tmp_path: Path
) -> None:
    container = build(settings)
    unreachable = Readiness(
        Database(f"sqlite:///{tmp_path}"),  # a folder is no database
        Outage(0, wake=lambda: None),
    )
    services = replace(container.services, readiness=unreachable)
    with client_of(replace(container, services=services)) as client:
        ok(client.get("/health/live"))
        answer = client.get("/health/ready")
        assert str(tmp_path) not in problem(answer, 503, "not_ready")["detail"]
        assert int(answer.headers["retry-after"]) >= 1


def test_the_models_show_what_runs(client: TestClient, fake_bundle: Path) -> None:
    (model,) = ok(client.get("/models"))["items"]
    assert set(model) == {
        "name",
        "version",
        "contract_id",
        "manifest_sha256",
        "licence",
        "dimension",
        "sample",
        "provider",
        "precision",
        "self_check",
        "milliseconds",
        "calibration",
    }
    assert (model["name"], model["sample"], model["dimension"]) == ("fake", "image", 32)
    manifest = (fake_bundle / "manifest.json").read_bytes()
    assert model["manifest_sha256"] == hashlib.sha256(manifest).hexdigest()


def test_a_request_id_is_echoed(client: TestClient) -> None:
    for path in ("/models", "/nowhere", "/health/live"):
        answer = client.get(path, headers={"X-Request-Id": "door-7.4711"})
        assert answer.headers["x-request-id"] == "door-7.4711"


@pytest.mark.parametrize("given", [b"", b"a b", b"x" * 129, b"caf\xe9", b"tab\tbed"])
def test_a_request_id_that_could_do_harm_in_a_log_is_replaced(
    client: TestClient, given: bytes
) -> None:
    answer = client.get("/models", headers=[(b"X-Request-Id", given)])
    made_up = client.get("/models").headers["x-request-id"]
    assert re.fullmatch(r"req-[0-9a-f]{20}", answer.headers["x-request-id"])
    assert answer.headers["x-request-id"] != made_up


def test_the_metrics_count_requests_decisions_and_steps(client: TestClient, staff: str) -> None:
    enrol(client, staff, "ada", picture(1))
    for somebody in (1, 1, 2):
        identify(client, staff, somebody)
    problem(client.get("/collections/nowhere"), 404, "not_found")
    answer = client.get("http://kith/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    values = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if line[0] != "#")
    requests = "kith_http_request_duration_seconds_count"
    route = 'route="/v1/collections/{collection_id}/identify"'
    assert values[f'{requests}{{method="POST",{route},status="200"}}'] == "3.0"
    assert values[
        f'{requests}{{method="GET",route="/v1/collections/{{collection_id}}",status="404"}}'
    ] == ("1.0")
    decided = 'kith_decisions_total{{collection="staff",decision="{}",source=""}}'
    assert values[decided.format("identified")] == "2.0"
    assert values[decided.format("unknown")] == "1.0"
    for step in ("decode", "detect", "embed", "search", "total"):
        assert values[f'kith_step_duration_seconds_count{{step="{step}"}}'] == "3.0"


def test_the_metrics_hold_no_person_and_no_key(client: TestClient, staff: str) -> None:
    enrol(client, staff, "ada-1815", picture(1), name="Ada Lovelace", external_id="badge-7")
    identify(client, staff, 1)
    key = made(client.post("/keys", json={"scopes": ["read"]}))
    ok(client.get(f"{staff}/persons/ada-1815"))
    text = client.get("http://kith/metrics").text
    assert not [word for word in ("ada-1815", "Ada", "badge-7", key["key"]) if word in text]


def test_what_strangers_send_makes_no_metrics_of_its_own(client: TestClient) -> None:
    """Each label's value costs memory for good."""
    del client.headers["authorization"]

    def come(stranger: int) -> int:
        client.get(f"/never-seen-{stranger}")
        client.get(f"/collections/never-seen-{stranger}/persons")
        client.request(f"BREW{stranger}", "/collections")
        return _series(client)

    first, second = come(1), come(2)
    assert first < second  # the metrics' own request is there by now
    assert [come(stranger) for stranger in range(3, 6)] == [second] * 3


def _series(client: TestClient) -> int:
    headers = {"X-API-Key": ADMIN_KEY}
    return len(client.get("http://kith/metrics", headers=headers).text.splitlines())


def test_past_the_queue_a_request_is_turned_away_at_once(settings: Settings) -> None:
    container = build(settings.model_copy(update={"threads": 1, "queue": 0}))
    slots = container.services.identification._analyser._slots
    image = files(picture(1), field="image")
    with client_of(container) as client:
        with slots.admit():
            answer = client.post("/detect", files=image)
            problem(answer, 503, "overloaded")
            assert int(answer.headers["retry-after"]) >= 1
        ok(client.post("/detect", files=image))
