"""JSON Schema as Python's types: open for what comes in, exact for what goes out."""

from collections.abc import Callable
from typing import Any, Final

Schema = dict[str, Any]
_PLAIN: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
OTHERS: Final = {"type": "OtherEvent", "reason": "OtherWarning"}
"""The class for a member of a union that only a newer service has, by the field that chooses."""


def name_of(schema: Schema) -> str | None:
    """The name of the component that a schema refers to."""
    reference = schema.get("$ref")
    return str(reference).rpartition("/")[2] if reference else None


def received(schema: Schema) -> str:
    """The type of what the service sends. A choice of texts is open, since it may grow."""
    if "oneOf" in schema and "discriminator" in schema:
        other = OTHERS[schema["discriminator"]["propertyName"]]
        return " | ".join([*map(received, schema["oneOf"]), other])
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    if "enum" in schema:
        return f"Literal{schema['enum']!r} | {_PLAIN[schema['type']]}"
    if schema.get("format") == "date-time":
        return "datetime"
    return _hint(schema, received, array="list", mapping="dict")


def sent(schema: Schema) -> str:
    """The type of what a client sends."""
    if "enum" in schema:
        return f"Literal{schema['enum']!r}"
    if schema.get("format") == "date-time":
        return "datetime | str"
    if schema.get("format") == "binary":
        return "Image"
    return _hint(schema, sent, array="Sequence", mapping="Mapping")


def _hint(schema: Schema, of: Callable[[Schema], str], *, array: str, mapping: str) -> str:
    """The type by the rules that both share; ``of`` gives the type of a part."""
    if name := name_of(schema):
        return "Any" if name == "JsonValue" else name
    if members := schema.get("anyOf") or schema.get("oneOf"):
        found = dict.fromkeys(map(of, members))
        return " | ".join(sorted(found, key=lambda each: each == "None"))  # None last
    kind = schema.get("type")
    if kind == "array":
        return f"{array}[{of(schema.get('items', {}))}]"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"{mapping}[str, {of(values) if isinstance(values, dict) else 'Any'}]"
    return _PLAIN.get(str(kind), "None" if kind == "null" else "Any")
