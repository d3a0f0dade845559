"""``/asyncapi.json`` and ``/schemas/TYPE.json``, which are as public as ``/openapi.json``."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from app.channels.document import document
from app.channels.schemas import schema_of
from app.mqtt.names import Names


def install(app: FastAPI, dependencies: Sequence[Any], names: Names) -> None:
    """Serve both from ``app``; ``dependencies`` guard them, or nothing does."""
    made = cache(lambda root: document(names, root=root))

    @app.get("/asyncapi.json", include_in_schema=False, dependencies=list(dependencies))
    def asyncapi(request: Request) -> JSONResponse:
        return JSONResponse(made(request.scope.get("root_path", "")))

    @app.get("/schemas/{kind}.json", include_in_schema=False, dependencies=list(dependencies))
    def schema(kind: str) -> JSONResponse:
        return JSONResponse(schema_of(kind), media_type="application/schema+json")
