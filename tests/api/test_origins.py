"""Web pages of other origins call the API only where the operator names them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import Settings
from tests.api.support import make_collection, problem
from tests.support.client import client_of

DESK = "https://desk.example.com"
OTHER = "https://other.example.com"
ALLOWED = "access-control-allow-origin"
Client = Callable[..., TestClient]


@pytest.fixture
def of(settings: Settings) -> Iterator[Client]:
    """A service with the origins of a test."""
    with ExitStack() as opened:

        def service(*origins: str) -> TestClient:
            changed = settings.model_copy(update={"cors_origins": origins})
            return opened.enter_context(client_of(build(changed)))

        yield service


def preflight(client: TestClient, origin: str, path: str = "/collections") -> httpx.Response:
    answer: httpx.Response = client.options(
        path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
            "Authorization": "",
        },
    )
    return answer


def of_origins(answer: httpx.Response) -> dict[str, str]:
    return {k: v for k, v in answer.headers.items() if k.startswith("access-control-")}


def test_nobody_is_allowed_by_default(client: TestClient) -> None:
    assert of_origins(client.get("/collections", headers={"Origin": DESK})) == {}
    answer = preflight(client, DESK)
    problem(answer, 405, "method_not_allowed")
    assert of_origins(answer) == {}


def test_a_page_of_an_origin_that_is_named_asks_and_reads(of: Client) -> None:
    client = of(DESK, "http://10.0.0.5:8080")
    asked = preflight(client, DESK)
    assert (asked.status_code, asked.content) == (204, b"")
    assert asked.headers[ALLOWED] == DESK
    assert {"GET", "POST", "PATCH", "DELETE", "HEAD"} <= set(
        asked.headers["access-control-allow-methods"].split(", ")
    )
    headers = asked.headers["access-control-allow-headers"].lower().split(", ")
    assert {"authorization", "x-api-key", "content-type", "idempotency-key"} <= set(headers)
    assert "access-control-allow-credentials" not in asked.headers
    assert asked.headers["x-request-id"]
    answer = client.get("/collections", headers={"Origin": DESK})
    assert answer.status_code == 200
    assert of_origins(answer) == {
        ALLOWED: DESK,
        "access-control-expose-headers": "X-Request-Id, Retry-After, Idempotent-Replayed",
    }
    assert "Origin" in answer.headers["vary"]


def test_a_page_of_another_origin_may_not_read(of: Client) -> None:
    client = of(DESK)
    for origin in (OTHER, "null", f"{DESK}.evil.example", DESK.upper(), "http://desk.example.com"):
        assert ALLOWED not in preflight(client, origin).headers
        answer = client.get("/collections", headers={"Origin": origin})
        assert ALLOWED not in answer.headers
        assert "Origin" in answer.headers["vary"]  # a cache must not give it to the desk
    assert "Origin" in client.get("/collections").headers["vary"]


def test_every_origin_may_where_a_star_says_so(of: Client) -> None:
    client = of("*")
    for origin in (DESK, OTHER, "null"):
        assert preflight(client, origin).headers[ALLOWED] == "*"
        answer = client.get("/collections", headers={"Origin": origin})
        assert answer.headers[ALLOWED] == "*"
        assert "access-control-allow-credentials" not in answer.headers


def test_errors_can_be_read_as_well_wherever_they_are_made(
    of: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = of(DESK)
    path = make_collection(client)
    too_long = str(settings.max_request_bytes + 1)
    answers = {
        401: client.get("/models", headers={"Origin": DESK, "Authorization": "Bearer nobody"}),
        404: client.get("/nowhere", headers={"Origin": DESK}),
        405: client.put("/models", headers={"Origin": DESK}),
        409: client.post("/collections", json={"id": "staff"}, headers={"Origin": DESK}),
        413: client.post(
            f"{path}/identify",
            content=b"",
            headers={"Origin": DESK, "Content-Length": too_long, "Expect": "100-continue"},
        ),
        415: client.post(f"{path}/identify", content=b"?", headers={"Origin": DESK}),
        422: client.get("/collections?limit=x", headers={"Origin": DESK}),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer.headers[ALLOWED] == DESK, status
        assert "X-Request-Id" in answer.headers["access-control-expose-headers"]


def test_an_error_that_nobody_foresaw_can_be_read_as_well(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = build(settings.model_copy(update={"cors_origins": (DESK,)}))

    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(container.services.metrics, "exposition", crash)
    with client_of(container) as client:
        answer = client.get("http://kith/metrics", headers={"Origin": DESK})
    problem(answer, 500, "internal_error")
    assert answer.headers[ALLOWED] == DESK
