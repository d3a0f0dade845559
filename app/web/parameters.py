"""The parameters of a request, in its address and its head: those that a route declares, each once.

The names are read from the route itself, so that no second list exists.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app.errors import FieldError, InvalidRequest

_MOST: Final = 100
_BROKEN: Final = re.compile(r"%(?![0-9A-Fa-f]{2})|[^\x21-\x7e]")
"""Bytes that RFC 3986 allows in no query: half an escape, a blank, a control, another script."""


async def check_parameters(request: Request) -> None:
    """``InvalidRequest`` for a query parameter that the route does not have, which would otherwise
    do nothing in silence, and for any parameter that comes twice.
    """
    route: APIRoute = request.scope["route"]
    query = request.scope["query_string"].decode("latin-1")
    if query:
        _check_query(query, route)
    for name in _headers(route.dependant):
        _check_once(name, len(request.headers.getlist(name)))


def _check_query(query: str, route: APIRoute) -> None:
    known = list(_queries(route.dependant))
    for name, times in Counter(_names(query)).items():
        if name not in known:
            raise _refused(name, _unknown(name, known, _body_fields(route)))
        _check_once(name, times)


def _check_once(name: str, times: int) -> None:
    if times > 1:
        raise _refused(name, f"was sent {times} times; one value is read here")


def _queries(dependant: Dependant) -> Iterator[str]:
    """The names of the query parameters that a route declares, also through its dependencies."""
    yield from (field.alias for field in dependant.query_params)
    for each in dependant.dependencies:
        yield from _queries(each)


def _headers(dependant: Dependant) -> Iterator[str]:
    """The names of the headers that a route declares, also through its dependencies."""
    yield from (field.alias for field in dependant.header_params)
    for each in dependant.dependencies:
        yield from _headers(each)


def _names(query: str) -> list[str]:
    """After the URL standard's rules for forms, in which ``+`` is a blank; the text is UTF-8."""
    if broken := _BROKEN.search(query):
        raise InvalidRequest(
            f"Character {broken.start() + 1} of the query is none that an address may have: "
            "percent-encode it."
        )
    return [name for name, _ in query_pairs(query)]


def query_pairs(query: str) -> list[tuple[str, str]]:
    """The names and values of a query, percent-decoded; ``InvalidRequest`` where that is no UTF-8:
    two names, of which each is broken elsewhere, would become one.
    """
    try:
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except UnicodeDecodeError:
        raise InvalidRequest("The query is not UTF-8 where it is percent-encoded.") from None
    except ValueError:
        raise InvalidRequest(f"The query has more than {_MOST} parameters.") from None


def _unknown(name: str, known: list[str], of_body: set[str]) -> str:
    if name in of_body:
        return "is a field of the body and no parameter of the address; send it in the body"
    if not known:
        return "is no parameter of this route, which has none"
    return f"is no parameter of this route; it has {', '.join(known)}"


def _body_fields(route: APIRoute) -> set[str]:
    body: dict[str, Any] = (route.openapi_extra or {}).get("requestBody", {})
    schemas = [each["schema"] for each in body.get("content", {}).values()]
    schemas += [part for schema in schemas for part in schema.get("$defs", {}).values()]
    return {name for schema in schemas for name in schema.get("properties", {})}


def _refused(name: str, message: str) -> InvalidRequest:
    shown = quote(name[:80], safe="") or "(no name)"
    return InvalidRequest(f"{shown} {message}.", errors=[FieldError(shown, message)])
