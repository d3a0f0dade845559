"""An error as RFC 9457 ``application/problem+json``, never with a traceback; all of them in the
OpenAPI document.
"""

from collections.abc import Collection
from copy import deepcopy
from typing import Any, Final

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from app.errors import (
    AppError,
    FieldError,
    InvalidRequest,
    LocalError,
    RateLimited,
    RequestTimeout,
    Unauthenticated,
    Unavailable,
    UnsupportedEncoding,
)

MEDIA_TYPE: Final = "application/problem+json"
METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_TYPE_PREFIX: Final = "urn:kith:problem:"


class FieldProblem(BaseModel):
    """One wrong field of the request."""

    field: str = Field(
        description="The field, parameter or header; `name[0]` is the first of a list."
    )
    message: str = Field(description="What is wrong with it, for people.")


class Problem(BaseModel):
    """An error; ``code`` is stable, ``detail`` is for people."""

    type: str = Field(
        examples=["urn:kith:problem:not_found"], description="A URN that ends in `code`."
    )
    title: str = Field(description="The kind of error in a few words, for people.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(
        description="What happened and what to do, for people; its wording may change."
    )
    code: str = Field(description="The kind of error, for programs; it never changes.")
    request_id: str = Field(
        description="Id of this request: that of its log line and the header `X-Request-Id`."
    )
    errors: list[FieldProblem] = Field(
        [], description="The fields at fault; empty where the error is of no field."
    )


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route for these error statuses; some are implied of every route."""
    titles = {kind.status: kind.title for kind in _all_errors()}
    every = sorted({400, 401, 403, 408, 413, 422, 429, 500, 503, *statuses})
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": titles[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in every
    }


def codes() -> list[str]:
    """Every code that a client may get."""
    return sorted({kind.code for kind in _all_errors() if not issubclass(kind, LocalError)})


def complete(document: dict[str, Any]) -> None:
    """Put into an OpenAPI document's ``components`` the schemas that ``documented`` refers to, and
    those that bodies brought with them as ``$defs``.
    """
    schemas = document["components"]["schemas"]
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    problem["properties"]["code"]["enum"] = codes()
    schemas.update({**problem.pop("$defs"), "Problem": problem})
    for operation in (each for item in document["paths"].values() for each in item.values()):
        body = deepcopy(operation.get("requestBody", {}))  # the route keeps its own
        for content in body.get("content", {}).values():
            schemas.update(content["schema"].pop("$defs", {}))
        operation.update({"requestBody": body} if body else {})


def _all_errors(kind: type[AppError] = AppError) -> list[type[AppError]]:
    """Base classes last, so that their titles win for a shared status."""
    below = [each for child in kind.__subclasses__() for each in _all_errors(child)]
    return [*below, kind]


def problem_response(error: AppError, request_id: str) -> JSONResponse:
    """``error`` as a response, with Retry-After or WWW-Authenticate where HTTP asks for it."""
    problem = Problem(
        type=_TYPE_PREFIX + error.code,
        title=error.title,
        status=error.status,
        detail=error.detail,
        code=error.code,
        request_id=request_id,
        errors=[FieldProblem(field=e.field, message=e.message) for e in error.errors],
    )
    headers = {}
    if isinstance(error, Unavailable | RateLimited):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, RequestTimeout):  # what is left of the request may never come
        headers["Connection"] = "close"
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, UnsupportedEncoding):
        headers["Accept-Encoding"] = "identity"
    return JSONResponse(
        problem.model_dump(), status_code=error.status, media_type=MEDIA_TYPE, headers=headers
    )


def invalid_request(found: list[dict[str, Any]], *, known: Collection[str] = ()) -> InvalidRequest:
    """Pydantic's errors as one problem that names each field, and for one that is none the
    ``known`` ones.
    """
    fields = [FieldError(_path(each["loc"]), _message(each, known)) for each in found]
    listed = "; ".join(f"{each.field}: {each.message}" for each in fields[:3])
    return InvalidRequest(f"The request is not valid: {listed}.", errors=fields)


def _path(location: tuple[str | int, ...]) -> str:
    """``("body", "images", 0)`` as ``images[0]``; the part of the request is no field."""
    parts = [p for i, p in enumerate(location) if i or p not in ("body", "query", "path", "header")]
    joined = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in parts)
    return joined.removeprefix(".") or "body"


def _message(found: dict[str, Any], known: Collection[str]) -> str:
    if found["type"] == "extra_forbidden":
        listed = f"; it reads {', '.join(known)}" if known else ""
        return f"is no field that this route reads{listed}"
    message = str(found["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
