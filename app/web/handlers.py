"""Answers an exception of a route with its problem: this service's errors, and what FastAPI and
Starlette raise for a wrong route, method or field.
"""

from typing import Any, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ExceptionHandler

from app.errors import (
    AppError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    Unavailable,
    UnsupportedMediaType,
)
from app.web.problems import METHODS, invalid_request, problem_response

_log = structlog.get_logger()


def install(app: FastAPI) -> None:
    """Answer every kind of exception of ``app`` with a problem."""
    app.add_exception_handler(AppError, cast("ExceptionHandler", _on_app_error))
    app.add_exception_handler(HTTPException, cast("ExceptionHandler", _on_http_exception))
    app.add_exception_handler(RequestValidationError, cast("ExceptionHandler", _on_validation))


def _answer(request: Request, error: AppError) -> JSONResponse:
    if error.status >= 500 and not isinstance(error, Unavailable):
        _log.error("request.failed", code=error.code, detail=error.detail)
    return problem_response(error, request.state.request_id)


async def _on_app_error(request: Request, error: AppError) -> JSONResponse:
    return _answer(request, error)


async def _on_http_exception(request: Request, error: HTTPException) -> JSONResponse:
    """Starlette's own errors, and ours where FastAPI wrapped one while it read the body."""
    if isinstance(error.__cause__, AppError):
        return _answer(request, error.__cause__)
    response = _answer(request, _translated(request, error))
    response.headers.update(error.headers or {})
    if error.status_code == MethodNotAllowed.status:
        response.headers["Allow"] = ", ".join(_allowed(request))
    return response


def _allowed(request: Request) -> list[str]:
    """All methods of the path; Starlette lists only those of the first route with it."""

    def has(method: str) -> bool:
        method = "GET" if method == "HEAD" else method  # HEAD is answered wherever GET is
        scope = {**request.scope, "method": method}
        return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)

    return [method for method in METHODS if has(method)]


def _translated(request: Request, error: HTTPException) -> AppError:
    where = f"{request.method} {request.url.path}"
    match error.status_code:
        case 404:
            docs = f"{request.scope.get('root_path', '')}/docs"
            return NotFound(f"There is no {where}. The routes are listed at {docs}.")
        case 405:
            return MethodNotAllowed(f"{where} does not exist; see the Allow header.")
        case 413:
            return PayloadTooLarge(str(error.detail))
        case 415:
            return UnsupportedMediaType(str(error.detail))
        case _:
            return InvalidRequest(f"The body could not be read: {error.detail}")


async def _on_validation(request: Request, error: RequestValidationError) -> JSONResponse:
    return _answer(request, invalid_request(cast("list[dict[str, Any]]", error.errors())))
