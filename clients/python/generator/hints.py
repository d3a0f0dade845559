"""JSON Schema as Python's types: open for what comes in, exact for what goes out."""

from typing import Any, Final

Schema = dict[str, Any]
_PLAIN: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
OTHERS: Final = {"type": "OtherEvent", "reason": "OtherWarning"}
"""By the field that chooses: the class for a member of a union that a newer service may have."""


def name_of(schema: Schema) -> str | None:
    """The name of the component that a schema refers to."""
    reference = schema.get("$ref")
    return str(reference).rpartition("/")[2] if reference else None


def received(schema: Schema) -> str:
    """The type of what the service sends. A choice of texts is open, since it may grow."""
    if name := name_of(schema):
        return "Any" if name == "JsonValue" else name
    if "oneOf" in schema and "discriminator" in schema:
        other = OTHERS[schema["discriminator"]["propertyName"]]
        return " | ".join([*map(received, schema["oneOf"]), other])
    if members := schema.get("anyOf") or schema.get("oneOf"):
        return _union(map(received, members))
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    if "enum" in schema:
        return f"Literal{schema['enum']!r} | {_PLAIN[schema['type']]}"
    kind = schema.get("type")
    if kind == "array":
        return f"list[{received(schema.get('items', {}))}]"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"dict[str, {received(values) if isinstance(values, dict) else 'Any'}]"
    if schema.get("format") == "date-time":
        return "datetime"
    return _PLAIN.get(str(kind), "None" if kind == "null" else "Any")


def sent(schema: Schema) -> str:
    """The type of what a client sends."""
    if name := name_of(schema):
        return "Any" if name == "JsonValue" else name
    if members := schema.get("anyOf") or schema.get("oneOf"):
        return _union(map(sent, members))
    if "enum" in schema:
        return f"Literal{schema['enum']!r}"
    kind = schema.get("type")
    if kind == "array":
        return f"Sequence[{sent(schema.get('items', {}))}]"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"Mapping[str, {sent(values) if isinstance(values, dict) else 'Any'}]"
    if schema.get("format") == "date-time":
        return "datetime | str"
    if schema.get("format") == "binary":
        return "Image"
    return received(schema)


def _union(members: Any) -> str:  # noqa: ANN401 - any texts
    """Each once, and None last."""
    found = dict.fromkeys(members)
    return " | ".join(sorted(found, key=lambda each: each == "None"))
