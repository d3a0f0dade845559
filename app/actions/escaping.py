"""Escapes a value for a text of some content type, so that it stays one value there. Pure."""

import json
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, quote_plus
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape as escape_xml

from app.actions.templates import Escape, Template

FORM: Final = "application/x-www-form-urlencoded"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_JSON: Final = re.compile(r"application/(json|[a-z0-9.+-]+\+json)")
_XML: Final = re.compile(r"(application|text)/xml|application/[a-z0-9.+-]+\+xml")
_PARAMETER: Final = re.compile(r"\s*;\s*charset=utf-8\s*", re.IGNORECASE)
_MOST_PLAIN: Final = 512
_HALF_CODED: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HALF_NAMED: Final = re.compile(r"&[^;]*\Z")
_CODE_DIGITS: Final = 4
"""Hexadecimal digits in JSON's escape of a character by its code."""


def escape_of(content_type: str, body: Template) -> Escape:
    """The escape for a body of this type; ``ValueError`` where the type is not known, or the body
    is none of its kind.
    """
    kind = _PARAMETER.sub("", content_type).strip().lower()
    if _JSON.fullmatch(kind):
        return _json(body)
    if _XML.fullmatch(kind):
        return _xml(body)
    if kind == FORM:
        check_percents(body)
        return lambda _, value: quote_plus(value)
    if kind == "text/plain":
        return lambda _, value: plain(value)
    raise ValueError(
        "is not known here; there are application/json, application/xml, text/xml, "
        f"{FORM} and text/plain, and types that end in +json and +xml"
    )


def check_percents(template: Template) -> None:
    """``ValueError`` where a value would complete a ``%XX``, and so be another character."""
    if any(map(_HALF_CODED.search, template.literals)):
        raise ValueError("has a % without two digits after it; write %25 for the sign itself")


def plain(value: str) -> str:
    """A value for one line; ``ValueError`` where it has control characters."""
    if _CONTROL.search(value) or len(value) > _MOST_PLAIN:
        raise ValueError("has control characters, or is too long")
    return value


def header(value: str) -> str:
    """A value for a header: printable ASCII."""
    if not value.isascii() or _CONTROL.search(value) or value != value.strip():
        raise ValueError("does not fit into a header: it is not printable ASCII")
    return value


def url_piece(value: str) -> str:
    """A value for one segment of a path, or one value of a query."""
    if value in (".", ".."):
        raise ValueError("would mean another path")
    return quote(plain(value), safe="")


def topic_level(value: str) -> str:
    """A value for one level of an MQTT topic."""
    if any(each in value for each in "/+#"):
        raise ValueError("has /, + or #, which mean something in a topic")
    return plain(value)


def _json(body: Template) -> Escape:
    """Within quotes a value is text; outside of them it must be a number."""
    quoted = _quoted_json(body)

    def escape(place: int, value: str) -> str:
        if quoted[place]:
            return json.dumps(value)[1:-1]
        if not _NUMBER.fullmatch(value):
            raise ValueError("is no number; put quotes around the placeholder")
        return value

    try:
        json.loads(body.filled(lambda _: "0", escape), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is no JSON: {error}") from None
    return escape


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no value")


def _quoted_json(body: Template) -> list[bool]:
    """Say of each placeholder whether it is within quotes. ``ValueError`` where one stands in the
    middle of a character's escape: its value would be a part of that escape.
    """
    found: list[bool] = []
    inside, escaping = False, 0
    for literal in body.literals[:-1]:
        for each in literal:
            if escaping:
                escaping = _CODE_DIGITS if each == "u" and escaping == 1 else escaping - 1
            elif inside and each == "\\":
                escaping = 1
            elif each == '"':
                inside = not inside
        if escaping:
            raise ValueError("has a placeholder in the middle of an escape, after a backslash")
        found.append(inside)
    return found


def _xml(body: Template) -> Escape:
    """Values may stand in text and in the values of attributes."""
    text = "".join(body.literals)
    if "<!" in text or "<?" in text.lstrip().removeprefix("<?xml"):
        raise ValueError("may have no DOCTYPE, comment, CDATA or processing instruction")
    if any(map(_HALF_NAMED.search, body.literals[:-1])):
        raise ValueError("has a placeholder between & and ;, where no value can be")
    _check_tags(body)

    def escape(_: int, value: str) -> str:
        return escape_xml(plain(value), {'"': "&quot;", "'": "&apos;"})

    try:
        ET.fromstring(body.filled(lambda _: "0", escape))  # noqa: S314 - it has no DOCTYPE
    except ET.ParseError as error:
        raise ValueError(f"is no XML: {error}") from None
    return escape


def _check_tags(body: Template) -> None:
    """``ValueError`` where a placeholder is in a tag, outside of an attribute's quotes."""
    inside, quote_mark = False, ""
    for literal in body.literals[:-1]:
        for each in literal:
            if quote_mark:
                quote_mark = "" if each == quote_mark else quote_mark
            elif inside and each in "\"'":
                quote_mark = each
            elif each in "<>":
                inside = each == "<"
        if inside and not quote_mark:
            raise ValueError("has a placeholder in a tag, where no value can be")


def escaping_all(one: Callable[[str], str]) -> Escape:
    """An escape that is the same everywhere in a text."""
    return lambda _, value: one(value)
