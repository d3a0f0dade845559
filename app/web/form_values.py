"""The texts of a form as the values of a model's fields: a field that takes text gets it as it is,
any other gets it read as JSON writes numbers, ``true``, ``false`` and objects.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from pydantic import BaseModel

from app.errors import FieldError, InvalidRequest
from app.web.json_text import parse

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")
_WORDS: Final = {"true": True, "false": False}


def read(texts: Mapping[str, Sequence[str]], model: type[BaseModel]) -> dict[str, Any]:
    """The values that a JSON body would have held. ``InvalidRequest`` if a text is no value of its
    field's type, or if a field of one value came twice.
    """
    types = _types_of(model)
    return {name: _value(name, sent, types.get(name, _TEXT)) for name, sent in texts.items()}


_TEXT: Final = frozenset({"string"})
_OBJECTS: Final = "objects"
"""The type of a list whose items are objects: each is a field of its own, as JSON."""


@cache
def _types_of(model: type[BaseModel]) -> dict[str, frozenset[str]]:
    """The JSON types that each field takes."""
    schema = model.model_json_schema()
    parts = schema.get("$defs", {})
    return {
        name: frozenset(_types(field, parts)) | _items(field, parts)
        for name, field in schema.get("properties", {}).items()
    }


def _items(field: Mapping[str, Any], parts: Mapping[str, Any]) -> frozenset[str]:
    """``{_OBJECTS}`` where the field is a list of objects."""
    lists = [each["items"] for each in (field, *field.get("anyOf", ())) if "items" in each]
    return frozenset({_OBJECTS} if any("object" in _types(each, parts) for each in lists) else ())


def _types(field: Mapping[str, Any], parts: Mapping[str, Any]) -> Iterator[str]:
    if "$ref" in field:
        yield from _types(parts[field["$ref"].rpartition("/")[2]], parts)
    for each in field.get("anyOf", ()):
        yield from _types(each, parts)
    if "type" in field:
        yield field["type"]


def _value(name: str, sent: Sequence[str], types: frozenset[str]) -> Any:  # noqa: ANN401 - any JSON
    if _OBJECTS in types:
        return [_object(f"{name}[{place}]", text) for place, text in enumerate(sent)]
    if "array" in types:
        return list(sent)
    if len(sent) > 1:
        raise _refused(name, f"sent {len(sent)} times; one value is read here")
    (text,) = sent
    if "string" in types:
        return text
    if "object" in types:
        return _object(name, text)
    if types & {"integer", "number"} and _NUMBER.fullmatch(text):
        return parse(text.encode())
    if "boolean" in types and text in _WORDS:
        return _WORDS[text]
    wanted = "true or false" if "boolean" in types else "a number in decimal digits, such as 5"
    raise _refused(name, f"must be {wanted}")


def _object(name: str, text: str) -> dict[str, Any]:
    try:
        value = parse(text.encode())
    except InvalidRequest as error:
        found = "it is empty" if not text.strip() else error.detail.removesuffix(".")
        raise _refused(name, f"must be a JSON object: {found}") from None
    if not isinstance(value, dict):
        raise _refused(name, "must be a JSON object")
    return value


def _refused(name: str, message: str) -> InvalidRequest:
    return InvalidRequest(f"{name}: {message}.", errors=[FieldError(name, message)])
