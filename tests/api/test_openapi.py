"""The OpenAPI document is whole, and its readable form needs no other host."""

import gc
import re
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import Settings
from tests.api.support import PROBLEM, ok
from tests.support.client import client_of
from tests.support.described import at, references

MULTIPART, JSON = "multipart/form-data", "application/json"
PUBLIC = {"live", "ready"}
Operation = dict[str, Any]


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    del client.headers["authorization"]
    return ok(client.get("http://kith/openapi.json"))


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, Operation]]:
    """Path, method, operation of all."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def test_every_operation_has_a_plain_id_of_its_own_a_summary_a_description_and_a_tag(
    document: dict[str, Any],
) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z_]+", each) for each in ids), ids
    for path, method, operation in operations(document):
        for part in ("summary", "description", "tags"):
            assert operation[part], (path, method, part)


def test_every_error_is_documented_as_a_problem(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            if int(status) < 400:
                continue
            assert response["description"]
            schema = response["content"][PROBLEM]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}, (path, method, status)
    problem = document["components"]["schemas"]["Problem"]
    members = {"type", "title", "status", "detail", "code", "request_id", "errors"}
    assert set(problem["properties"]) == members
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_every_operation_but_health_asks_for_a_key(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        needs_key = operation["operationId"] not in PUBLIC
        assert bool(operation.get("security")) is needs_key, (path, method)
        assert ("401" in operation["responses"]) is needs_key, (path, method)
    schemes = document["components"]["securitySchemes"].values()
    assert {(each["type"], each.get("name")) for each in schemes} == {
        ("http", None),
        ("apiKey", "X-API-Key"),
    }


def test_both_kinds_of_body_with_images_are_documented(document: dict[str, Any]) -> None:
    found = {}
    for _, _, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {})
        if MULTIPART in content:
            form, body = (content[kind]["schema"] for kind in (MULTIPART, JSON))
            assert set(form["properties"]) == set(body["properties"])
            images = {
                name
                for name, field in form["properties"].items()
                if "binary" in (field.get("format"), field.get("items", {}).get("format"))
            }
            for image in images:
                one = form["properties"][image]
                file = one["items"] if one["type"] == "array" else one
                assert (file["type"], file["format"]) == ("string", "binary")
                one = body["properties"][image]
                encoded = one["items"] if one["type"] == "array" else one
                assert encoded["required"] == ["base64"]
            found[operation["operationId"]] = images & set(form.get("required", []))
    assert found == {
        "create_person": set(),
        "add_faces": {"images"},
        "decide_at_door": {"images"},
        "identify": {"image"},
        "verify": {"image"},
        "compare": {"source", "target"},
        "detect": {"image"},
        "embeddings": {"image"},
        "distances": set(),
        "give_feedback": set(),
        "cluster": set(),
    }


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = list(references(document))
    assert len(found) > 100
    for each in found:
        at(document, each)


def test_every_property_and_every_parameter_is_described(document: dict[str, Any]) -> None:
    found = dict(named(document, ""))
    assert len(found) > 300
    assert [name for name, each in found.items() if not each.get("description")] == []


def named(node: object, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each property of a schema and each parameter of an operation, by the path to it."""
    if isinstance(node, dict):
        for part, each in node.items():
            if part == "properties":
                yield from ((f"{path}.{name}", schema) for name, schema in each.items())
            yield from named(each, f"{path}.{part}")
    elif isinstance(node, list):
        for place, each in enumerate(node):
            if isinstance(each, dict) and "in" in each:
                yield f"{path}.{each['name']}", each
            yield from named(each, f"{path}.{place}")


def test_creations_document_the_idempotency_key(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        headers = {
            each["name"] for each in operation.get("parameters", []) if each["in"] == "header"
        }
        creates = "201" in operation["responses"] and method == "post"  # PUT is idempotent itself
        once = creates or operation["operationId"] == "merge_persons"  # again, it finds nobody
        assert ("Idempotency-Key" in headers) is once, (path, method)


def test_the_docs_need_no_other_host(client: TestClient) -> None:
    del client.headers["authorization"]
    page = client.get("http://kith/docs")
    assert page.status_code == 200
    assert not re.findall(r"""["'(](?:https?:)?//[^"')]*""", page.text)
    assets = re.findall(r"""(?:src|href)="([^"]+)\"""", page.text)
    assert len(assets) >= 3
    for asset in assets:
        answer = client.get(f"http://kith{asset}")
        assert (answer.status_code, len(answer.content) > 100) == (200, True), asset
    assert "url: '/openapi.json'" in page.text


def test_a_service_that_ended_is_held_by_nothing(settings: Settings) -> None:
    """FastAPI keeps each endpoint that it has seen, and so all that an endpoint holds."""
    with client_of(build(settings)) as client:
        for page in ("/openapi.json", "/docs", "/asyncapi.json", "/schemas/door.decision.json"):
            assert client.get(f"http://kith{page}").status_code == 200
        ended = weakref.ref(client.app)
    del client
    gc.collect()
    assert ended() is None


def test_bounds_of_numbers_are_in_the_words_of_json_schema(document: dict[str, Any]) -> None:
    """Generators of clients pass over any other word, as pydantic leaves some of its own there."""
    own = {"ge", "gt", "le", "lt", "min_length", "max_length", "multiple_of"}
    assert [each for each in objects(document) if own & each.keys()] == []
    bounds = document["components"]["schemas"]["NewDoor"]["properties"]["grant_ttl_ms"]
    assert (bounds["minimum"], bounds["maximum"]) == (500, 60_000)


def objects(found: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON value
    """All objects in a JSON value, itself included."""
    if isinstance(found, dict):
        yield found
    if isinstance(found, dict | list):
        for each in found.values() if isinstance(found, dict) else found:
            yield from objects(each)
