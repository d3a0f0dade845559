"""The router of a room, and how the application takes it in."""

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute


def room(tag: str, prefix: str = "") -> APIRouter:
    """A room's router. In the OpenAPI document an operation's id is the name of its function."""
    return APIRouter(
        prefix=prefix, tags=[tag], generate_unique_id_function=lambda route: route.name
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
