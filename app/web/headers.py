"""Reads the headers that describe a body: the media type with its parameters, and the codings.

Strict, after RFC 9110: a header that is not understood is refused with the reason, never guessed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers

from app.errors import InvalidRequest, UnsupportedEncoding, UnsupportedMediaType

MULTIPART: Final = "multipart/form-data"
JSON: Final = "application/json"
_MAX_HEADER: Final = 4096
_UTF8: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
"""ASCII is a part of UTF-8."""
_PARAMETER: Final = re.compile(
    r";[ \t]*(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;\"]*)))?[ \t]*"
)
_QUOTED_PAIR: Final = re.compile(r"\\([\"\\])")


@dataclass(frozen=True, slots=True)
class Described:
    """A header's value and its parameters: ``text/plain; charset=utf-8``. Names are lower case."""

    value: str
    parameters: Mapping[str, str]


def described(header: str) -> Described:
    """Parse ``header``; ``ValueError`` if it is malformed or names a parameter twice."""
    if len(header) > _MAX_HEADER:
        raise ValueError(f"has more than {_MAX_HEADER:,} characters")
    value = header.partition(";")[0]
    end = len(value)
    parameters: dict[str, str] = {}
    while found := _PARAMETER.match(header, end):
        end = found.end()
        name, quoted, plain = found.groups()
        if name is None:  # RFC 9110 allows ";" with nothing behind it
            continue
        if name.lower() in parameters:
            raise ValueError(f"names {name} twice")
        text = plain if quoted is None else _QUOTED_PAIR.sub(r"\1", quoted)
        parameters[name.lower()] = text
    if end != len(header):
        raise ValueError(f"is malformed at {header[end : end + 20]!r}")
    return Described(value.strip().lower(), parameters)


def content_type(headers: Headers) -> Described:
    """The only Content-Type of a request; ``UnsupportedMediaType`` if it is not UTF-8 text."""
    sent = headers.getlist("content-type")
    if len(sent) > 1:
        raise UnsupportedMediaType("Content-Type is sent twice; send it once.")
    try:
        kind = described(sent[0] if sent else "")
    except ValueError as error:
        raise UnsupportedMediaType(f"The Content-Type {error}.") from None
    check_charset(kind, "The Content-Type")
    return kind


def check_charset(kind: Described, of_what: str) -> None:
    """``UnsupportedMediaType`` where ``kind`` names another charset than UTF-8."""
    charset = kind.parameters.get("charset", "utf-8")
    if charset.lower() not in _UTF8:
        raise UnsupportedMediaType(
            f"{of_what} names the charset {charset[:40]!r}; only UTF-8 is read here."
        )


def check_codings(headers: Headers) -> None:
    """``UnsupportedEncoding`` if the body is compressed or otherwise encoded."""
    for name, plain in (("content-encoding", "identity"), ("transfer-encoding", "chunked")):
        codings = ",".join(headers.getlist(name)).split(",")
        for coding in (each.strip().lower() for each in codings):
            if coding not in ("", plain):
                raise UnsupportedEncoding(
                    f"The body has the coding {coding[:40]!r} ({name.title()}); bodies are read "
                    "as they are here: send it without."
                )


def check_length(headers: Headers, received: int) -> None:
    """``InvalidRequest`` if the body's length differs from Content-Length."""
    stated = headers.get("content-length", "")
    if "transfer-encoding" in headers or not stated.isdecimal():
        return
    if int(stated) != received:
        raise InvalidRequest(
            f"The body has {received:,} bytes and Content-Length says {int(stated):,}: it was cut "
            "off, or the header is wrong. Nothing was done."
        )
