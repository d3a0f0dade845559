"""How a route gets the service it needs: by type, from what the application was built with."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar, cast

from fastapi import Request

Service = TypeVar("Service")
Services = Mapping[type[Any], Any]
"""One instance under its own class; ``bootstrap`` fills it."""


def provided(kind: type[Service]) -> Callable[[Request], Coroutine[Any, Any, Service]]:
    """A FastAPI dependency that gives the one ``kind`` of this application."""

    async def find(request: Request) -> Service:
        services: Services = request.app.state.services
        return cast("Service", services[kind])

    return find
