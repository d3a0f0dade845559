"""``kith_client/models``: a class for each answer, and a type for each part of a body, in a module
for each tag of the API.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from generator.hints import Schema, name_of, received, sent
from generator.text import docstring, used_in

HEAD: Final = '''\
"""{title}. Written by ``make client`` from the service's OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal, NotRequired, TypeAlias, TypedDict

from kith_client.model import Model, OtherEvent, OtherWarning
'''
_ALL: Final = '''\
"""Answers and parts of bodies. Written by ``make client`` from the service's OpenAPI document."""

'''
_COMMON: Final = "common"
"""The module of what several tags have; it needs none of theirs."""
_SHOWN_ONCE: Final = {("NewKeyView", "key")}


def models(document: Schema) -> dict[str, str]:
    """The source of each module, by its path in the package."""
    sources = _sources(document)
    homes = _homes(document)
    of_module: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(sources, key=lambda each: (each == "Event", each)):  # a union comes last
        of_module[homes[name]].append(name)
    common = of_module[_COMMON]
    files = {}
    for module, names in of_module.items():
        body = "\n".join(sources[name] for name in names)
        title = "Parts of several answers" if module == _COMMON else module.capitalize()
        needs = [] if module == _COMMON else used_in(body, common)
        lines = [HEAD.format(title=title), *_import(_COMMON, needs), body]
        files[f"models/{module}.py"] = "\n".join(lines) + "\n"
    lines = [line for module, names in of_module.items() for line in _import(module, names)]
    lines.append(f"\n__all__ = {sorted(sources)!r}")
    return {**files, "models/__init__.py": _ALL + "\n".join(lines) + "\n"}


def _import(module: str, names: list[str]) -> list[str]:
    return [f"from kith_client.models.{module} import {', '.join(names)}"] if names else []


def _sources(document: Schema) -> dict[str, str]:
    """The source of each class and alias, by its name."""
    schemas = document["components"]["schemas"]
    nested = _reached(schemas, _of_bodies(document))
    tags = {tag for schema in schemas.values() for tag in _tags(schema)}
    found = {}
    for name in nested | _reached(schemas, _of_answers(document)):
        schema = schemas[name]
        if "enum" in schema:
            found[name] = f"\n{name}: TypeAlias = {received(schema)}"
        elif "properties" in schema and not name.startswith("Page_"):
            lines = _given(name, schema) if name in nested else _answer(name, schema, tags)
            found[name] = "\n".join(["", "", *lines, ""])
    events = schemas["Events"]["properties"]["items"]["items"]
    return {**found, "Event": f"\n\nEvent: TypeAlias = {received(events)}"}


def _homes(document: Schema) -> dict[str, str]:
    """The module of each class: that of the one tag whose operations have it."""
    schemas = document["components"]["schemas"]
    tags: defaultdict[str, set[str]] = defaultdict(set)
    for path, item in document["paths"].items():
        for verb, operation in item.items():
            alone = {**document, "paths": {path: {verb: operation}}}
            for name in _reached(schemas, [*_of_bodies(alone), *_of_answers(alone)]):
                tags[name].update(operation["tags"])
    homes = {name: _COMMON if len(of) > 1 else min(of) for name, of in tags.items()}
    return {**homes, "Event": homes["Events"]}


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
    """Each model and field by which a union chooses. The texts of such a field are closed, or every
    member would fit.
    """
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


def _of_bodies(document: Schema) -> Iterator[str]:
    """The components that fields of bodies name. A body is the arguments of a method and needs no
    class, unless it has a line for each of many.
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
