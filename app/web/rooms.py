"""The router of a room, and how the application takes it in."""

from fastapi import APIRouter, FastAPI


def room(tag: str, prefix: str = "") -> APIRouter:
    """A room's router. In the OpenAPI document an operation's id is the name of its function."""
    return APIRouter(
        prefix=prefix, tags=[tag], generate_unique_id_function=lambda route: route.name
    )


def include(app: FastAPI, router: APIRouter) -> None:
    """Serve the routes of ``router`` as they are.

    FastAPI's own ``include_router`` makes each a second time, at the first request, and looks a
    request's route up twice.
    """
    app.router.routes.extend(router.routes)
