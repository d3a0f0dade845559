"""The router of a room, and how the application takes it in."""

from collections.abc import Callable
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool


class Threaded(APIRoute):
    """Runs a plain function on a thread, and all else of its request on the event loop: FastAPI
    would hand the answer, which is a model already, to a second thread to be validated.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 - FastAPI's
        super().__init__(path, _threaded(endpoint), **options)


def _threaded(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    if iscoroutinefunction(endpoint) or isasyncgenfunction(endpoint):
        return endpoint

    @wraps(endpoint)
    async def on_a_thread(**values: Any) -> Any:  # noqa: ANN401 - of any route
        return await run_in_threadpool(endpoint, **values)

    return on_a_thread


def room(tag: str, prefix: str = "") -> APIRouter:
    """A room's router. In the OpenAPI document an operation's id is the name of its function."""
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        route_class=Threaded,
        generate_unique_id_function=lambda route: route.name,
    )


def pages(prefix: str, route_class: type[APIRoute]) -> APIRouter:
    """A router of pages for people, which are in no OpenAPI document."""
    return APIRouter(prefix=prefix, route_class=route_class, include_in_schema=False)


def include(app: FastAPI, router: APIRouter) -> None:
    """Serve the routes of ``router`` as they are.

    FastAPI's own ``include_router`` makes each a second time, at the first request, and looks a
    request's route up twice.
    """
    app.router.routes.extend(router.routes)
