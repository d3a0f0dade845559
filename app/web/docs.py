"""The OpenAPI document and the readable page of it, which needs no other host."""

import base64
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import fastapi_offline
from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_FILES: Final = Path(fastapi_offline.__file__).parent / "static"
_AT: Final = "/static-offline-docs"
_DAY: Final = "max-age=86400"
_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class _Files(StaticFiles):
    """Files of Swagger UI: the same for everybody, so that a browser may keep them for a day."""

    async def get_response(self, path: str, scope: Scope) -> Any:  # noqa: ANN401 - Starlette's
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = _DAY
        return response


def install(app: FastAPI, dependencies: Sequence[Any]) -> None:
    """Serve both from ``app``; ``dependencies`` guard them, or nothing does."""
    app.mount(_AT, _Files(directory=_FILES), name="static-offline-docs")
    for path, endpoint in (("/openapi.json", _openapi), ("/docs", _docs)):
        app.add_api_route(path, endpoint, include_in_schema=False, dependencies=list(dependencies))


# Neither holds an application: FastAPI keeps each endpoint that it has seen for ever.
async def _openapi(request: Request) -> JSONResponse:
    document = request.app.openapi()
    if root := request.scope.get("root_path"):
        document = {**document, "servers": [{"url": root}]}
    return JSONResponse(document)


async def _docs(request: Request) -> HTMLResponse:
    root = request.scope.get("root_path", "")
    page = get_swagger_ui_html(
        openapi_url=f"{root}/openapi.json",
        title=request.app.title,
        swagger_js_url=f"{root}{_AT}/swagger-ui-bundle.js",
        swagger_css_url=f"{root}{_AT}/swagger-ui.css",
        swagger_favicon_url=f"{root}{_AT}/favicon.png",
    )
    page.headers["Content-Security-Policy"] = _policy(bytes(page.body).decode())
    return page


def _policy(page: str) -> str:
    """Allows files and calls of this origin, and the page's one inline script by its digest.

    Swagger UI draws its icons as data and sets styles on what it draws.
    """
    digests = (hashlib.sha256(script.encode()).digest() for script in _SCRIPT.findall(page))
    own = " ".join(f"'sha256-{base64.b64encode(each).decode()}'" for each in digests)
    return (
        f"default-src 'none'; script-src 'self' {own}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
