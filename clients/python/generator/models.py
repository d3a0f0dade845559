"""``kith_client/models.py``: a class for each answer, and a type for each part of a body."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from generator.hints import Schema, name_of, received, sent
from generator.text import docstring

HEAD: Final = '''\
"""Answers and parts of bodies. Written by ``make client`` from the service's OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal, NotRequired, TypeAlias, TypedDict

from kith_client.model import Model, OtherEvent, OtherWarning

'''
_SHOWN_ONCE: Final = {("NewKeyView", "key")}


def models(document: Schema) -> str:
    """The module's source."""
    schemas = document["components"]["schemas"]
    nested = _reached(schemas, _of_bodies(document))
    tags = {tag for schema in schemas.values() for tag in _tags(schema)}
    lines = [HEAD]
    for name in sorted(nested | _reached(schemas, _of_answers(document))):
        schema = schemas[name]
        if "enum" in schema:
            lines.append(f"{name}: TypeAlias = {received(schema)}")
        elif "properties" in schema and not name.startswith("Page_"):
            given = name in nested
            lines += ["", "", *(_given(name, schema) if given else _answer(name, schema, tags)), ""]
    events = schemas["Events"]["properties"]["items"]["items"]
    lines += ["", f"Event: TypeAlias = {received(events)}"]
    return "\n".join(lines) + "\n"


def _answer(name: str, schema: Schema, tags: set[tuple[str, str]]) -> Iterator[str]:
    fields = schema["properties"]
    secret = [
        each
        for each, field in fields.items()
        if field.get("format") == "password" or (name, each) in _SHOWN_ONCE
    ]
    yield f"class {name}(Model):"
    yield from _described(name, schema)
    if secret:
        yield f"    _secret: ClassVar[frozenset[str]] = frozenset({secret!r})"
    for each, field in fields.items():
        kind = f"Literal{field['enum']!r}" if (name, each) in tags and "enum" in field else None
        hint = kind or received(field)
        if each not in schema.get("required", ()):
            hint = f"{hint.removesuffix(' | None')} | None = None"
        yield f"    {each}: {hint}"


def _given(name: str, schema: Schema) -> Iterator[str]:
    fields, required = schema["properties"], schema.get("required", [])
    yield f"class {name}(TypedDict):"
    yield from _described(name, schema)
    for each, field in fields.items():
        kind = sent(field)
        yield f"    {each}: {kind if each in required else f'NotRequired[{kind}]'}"


def _described(name: str, schema: Schema) -> Iterator[str]:
    rows = ((each, field.get("description", "")) for each, field in schema["properties"].items())
    yield from docstring(schema.get("description", name), rows, "    ")
    yield ""


def _tags(schema: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    """Each model and field by which a union chooses: these texts are closed, or all would fit."""
    if isinstance(schema, dict) and "discriminator" in schema:
        tag = schema["discriminator"]["propertyName"]
        yield from ((name_of(each) or "", tag) for each in schema["oneOf"])
    for each in schema.values() if isinstance(schema, dict) else []:
        yield from _tags(each)


def _of_answers(document: Schema) -> Iterator[str]:
    for operation in operations(document):
        for status, answer in operation["responses"].items():
            if status.startswith("2"):
                yield from references(answer)
    yield "Events"


def _of_bodies(document: Schema) -> Iterator[str]:
    """Whatever fields of bodies refer to; a body itself is the arguments of a method, but for one
    that has a line for each of many.
    """
    schemas = document["components"]["schemas"]
    for operation in operations(document):
        yield from references(operation.get("parameters", []))
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            whole = name_of(content["schema"])
            is_arguments = whole and kind != "application/x-ndjson"
            yield from references(schemas[whole] if is_arguments else content)


def _reached(schemas: Mapping[str, Schema], names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += references(schemas[name])
    return found - {"JsonValue"}


def operations(document: Schema) -> Iterator[Schema]:
    """Every operation of the document."""
    for item in document["paths"].values():
        yield from item.values()


def references(schema: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    """The components that a schema names."""
    if isinstance(schema, list):
        for each in schema:
            yield from references(each)
    elif isinstance(schema, dict):
        if name := name_of(schema):
            yield name
        for each in schema.values():
            yield from references(each)
