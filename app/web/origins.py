"""Calls from web pages of other origins (CORS), for those that the operator names."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from app.web.idempotency import REPLAYED
from app.web.problems import METHODS

_ASKED = ("Authorization", "X-API-Key", "Content-Type", "Idempotency-Key", "X-Request-Id")
_TOLD = ("X-Request-Id", "Retry-After", REPLAYED)


class CrossOrigin(CORSMiddleware):
    """Lets pages of ``origins`` call every route and read every answer, errors included.

    ``*`` stands for all. A page must send a key of its own: no cookie or other credential of the
    browser counts here, so none is allowed for.
    """

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=_ASKED,
            expose_headers=_TOLD,
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer a browser's question before a call, which has no key. The headers are the whole
        answer; the browser itself refuses calls that they do not allow.
        """
        headers = super().preflight_response(request_headers).headers
        kept = {name: value for name, value in headers.items() if _is_of_origins(name)}
        return Response(status_code=204, headers=kept)


def _is_of_origins(header: str) -> bool:
    return header == "vary" or header.startswith("access-control-")
