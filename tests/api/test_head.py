"""HEAD is answered wherever GET is: the same status and headers, and no body."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi.testclient import TestClient

from tests.api.sites import PLACES, make_site, make_webhook
from tests.api.support import enrol, made, make_collection, ok, problem
from tests.support.pictures import picture

ORIGIN = "http://kith"
BEYOND = (
    *("/docs", "/openapi.json", "/asyncapi.json", "/schemas/door.decision.json"),
    *("/static-offline-docs/swagger-ui.css", "/docs/", "/nowhere"),
)
"""Paths that answer GET and are not in the OpenAPI document."""
OF_THE_REQUEST = {"x-request-id", "date"}
OF_THE_MOMENT = {"/metrics": {"content-length"}}


def addresses(client: TestClient) -> Iterator[str]:
    """One of each route that has GET, with somebody there."""
    path = make_collection(client)
    face = enrol(client, path, "ada", picture(1))["faces"][0]["id"]
    key = made(client.post("/keys", json={"scopes": ["read"]}))["id"]
    names = {"collection_id": "staff", "person_id": "ada", "face_id": face, "key_id": key}
    make_site(client, path)
    names |= PLACES | {"webhook_id": make_webhook(client, "staff")}
    document = ok(client.get(f"{ORIGIN}/openapi.json"))
    for template, item in document["paths"].items():
        if "get" in item:
            yield template.format(**names)


def without_what_changes(address: str, answer: httpx.Response) -> dict[str, str]:
    left_out = OF_THE_REQUEST | OF_THE_MOMENT.get(address, set())
    return {name: value for name, value in answer.headers.items() if name not in left_out}


@pytest.mark.parametrize("key", ["admin", "none", "unknown"])
def test_head_is_get_without_the_body_on_every_route(client: TestClient, key: str) -> None:
    every = [*addresses(client), *BEYOND]
    assert len(every) > 15
    if key == "none":
        del client.headers["authorization"]
    if key == "unknown":
        client.headers["authorization"] = "Bearer nobody-has-this-key"
    for address in every:
        get, head = client.get(ORIGIN + address), client.head(ORIGIN + address)
        assert head.status_code == get.status_code, address
        assert without_what_changes(address, head) == without_what_changes(address, get), address
        assert (head.content, bool(get.content)) == (b"", True), address
        assert head.headers["x-request-id"]


def test_head_of_what_has_no_get_is_answered_with_what_there_is(client: TestClient) -> None:
    make_collection(client)
    head = client.head("/compare")
    assert (head.status_code, head.content) == (405, b"")
    assert head.headers["allow"] == "POST"
    answer = client.delete("/models")
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD"
    everything = client.put("/collections/staff").headers["allow"]
    assert everything == "DELETE, GET, HEAD, PATCH"


def test_head_of_a_wrong_query_is_refused_as_get_is(client: TestClient) -> None:
    head = client.head("/collections", params={"limit": "many"})
    assert (head.status_code, head.content) == (422, b"")
    assert head.headers["content-type"] == "application/problem+json"


def test_the_metrics_and_the_log_say_that_it_was_a_head(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.head("/models")
    counted = 'duration_seconds_count{method="HEAD",route="/v1/models",status="200"} 1.0'
    assert counted in client.get(f"{ORIGIN}/metrics").text
    lines = [line for line in caplog.messages if "request.finished" in line]
    assert "HEAD" in lines[0]
    assert "/v1/models" in lines[0]
