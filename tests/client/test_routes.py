"""The client has every route and parameter of the service, and nothing else."""

import inspect
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import httpx
import pytest

from generator.__main__ import served
from generator.operations import python_name
from kith_client import Kith
from kith_client.errors import ApiError
from kith_client.methods import _Operation
from kith_client.operations import Operations
from kith_client.pages import Pages
from kith_client.streams import EventStream
from tests.client.recorded import kith
from tests.support.pictures import picture

EMPTY: dict[str, Any] = {"items": [], "next_cursor": None, "more": False}
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def document(fake_bundle: Path) -> dict[str, Any]:
    return served(fake_bundle)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for verb, operation in item.items():
            yield verb.upper(), path, operation


def test_there_is_a_method_for_each_route_and_no_other(document: dict[str, Any]) -> None:
    found = inspect.getmembers(Operations, lambda each: isinstance(each, _Operation))
    methods = {name for name, _ in found}
    routes = {operation["operationId"] for _, _, operation in operations(document)}
    assert len(routes) > 70
    assert methods - routes == {"list_decisions_csv", "list_decisions_of_collection_csv"}
    assert routes - methods == set()


def test_every_method_sends_every_parameter_of_its_route(document: dict[str, Any]) -> None:
    """Independent of how the methods are written: each is called with all that it may have."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=EMPTY)

    client = kith(answer)
    for verb, path, operation in operations(document):
        name = operation["operationId"]
        given = {each: sample for each, (_, sample) in samples(operation, document).items()}
        arguments = {python_name(each): value for each, value in given.items()}
        answered = getattr(client, name)(**arguments)
        if isinstance(answered, (Pages, EventStream)):  # which ask when somebody reads them
            client.run(answered._call)
        sent = asked.pop()
        assert not asked
        assert sent.method == verb
        check(sent, path, operation, document)
        assert set(inspect.signature(getattr(client, name)).parameters) == set(arguments), name


def samples(operation: dict[str, Any], document: dict[str, Any]) -> dict[str, tuple[str, object]]:
    """The place and a value for each parameter and field."""
    found = {
        each["name"]: (each["in"], sample(each["schema"], document))
        for each in operation.get("parameters", [])
        if each["name"] != "format"  # a method of its own
    }
    content = operation.get("requestBody", {}).get("content", {})
    if "application/x-ndjson" in content:
        return found | {"lines": ("lines", [{"external_id": "7"}])}
    for each in [*content.values()][:1]:
        schema = resolved(each["schema"], document)
        fields = {name: ("body", sample(s, document)) for name, s in schema["properties"].items()}
        assert not found.keys() & fields.keys()
        found |= fields
    return found


def resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    components: dict[str, dict[str, Any]] = document["components"]["schemas"]
    return components[reference.rpartition("/")[2]] if reference else schema


def sample(schema: dict[str, Any], document: dict[str, Any]) -> object:
    schema = resolved(schema, document)
    schema = resolved(next(iter(schema.get("anyOf", [schema]))), document)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "binary":
        return picture(1)
    if schema.get("format") == "date-time":
        return NOW
    if schema.get("type") == "array":
        return [sample(schema["items"], document)] * 2
    simple = {"integer": 7, "number": 0.5, "boolean": True, "object": {"a": 1}, "string": "a b/c"}
    return simple.get(schema.get("type", ""), {})


def check(
    sent: httpx.Request, path: str, operation: dict[str, Any], document: dict[str, Any]
) -> None:
    """Each value stands where the document wants it."""
    wanted = samples(operation, document)
    template = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path)
    raw = sent.url.raw_path.decode().partition("?")[0]
    parts = re.fullmatch(template, raw)
    assert parts, (path, raw)
    query = {name: value for name, (value,) in parse_qs(sent.url.query.decode()).items()}
    body = content(sent)
    found = {
        "path": {name: unquote(value) for name, value in parts.groupdict().items()},
        "query": query,
        "header": {name: sent.headers[name] for name in sent.headers},
        "body": body,
        "lines": body,
    }
    for name, (where, value) in wanted.items():
        key = name.lower() if where == "header" else name
        assert key in found[where], (path, name)
        if where in ("path", "query", "header"):
            assert found[where][key] == plain(value), (path, name)
    assert set(query) == {name for name, (where, _) in wanted.items() if where == "query"}
    assert set(body) == {name for name, (where, _) in wanted.items() if where in ("body", "lines")}


def plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return "true" if value is True else str(value)


def content(sent: httpx.Request) -> dict[str, Any]:
    """The names and values in a body."""
    kind = sent.headers.get("content-type", "")
    if kind == "application/json":
        fields: dict[str, Any] = json.loads(sent.content)
        return fields
    if kind == "application/x-ndjson":
        return {"lines": sent.content}
    if not kind:
        return {}
    form = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + sent.content)
    return {
        str(each.get_param("name", header="content-disposition")): each.get_payload()
        for each in form.walk()
        if not each.is_multipart()
    }


def test_every_code_has_an_exception(document: dict[str, Any]) -> None:
    problem = document["components"]["schemas"]["Problem"]
    assert set(ApiError.by_code) == set(problem["properties"]["code"]["enum"])


def test_a_method_has_the_name_and_the_words_of_its_route() -> None:
    assert repr(inspect.signature(Kith("http://kith", "key").identify)).startswith(
        "<Signature (col"
    )
    assert "max_candidates:" in str(inspect.getdoc(Kith.identify))
