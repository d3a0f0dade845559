"""Errors as pages: what went wrong in plain words, in the reader's language."""

import re
from collections.abc import Callable, Coroutine
from typing import Any, Final, cast
from urllib.parse import urlencode, urlsplit

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from app.console.cookies import home
from app.console.languages import N_
from app.console.visits import visit_of
from app.errors import AppError, RateLimited, Unauthenticated, Unavailable
from app.web.problems import invalid_request

_NEXT: Final = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*){0,12}")
_WORDS: Final = {
    400: N_("The request could not be read."),
    403: N_("You may not do this."),
    404: N_("This is not here, or not any more."),
    408: N_("The request took too long."),
    409: N_("This does not fit what is there now."),
    412: N_("Somebody else changed this a moment ago; load the page again."),
    413: N_("That is too large."),
    415: N_("A file of this kind is not read here."),
    422: N_("Something in the form is not right."),
    429: N_("Too many requests with this key; wait a moment."),
    503: N_("The service cannot answer now; try again in a moment."),
}
_FAULT: Final = N_("Something went wrong here. The log has it under the number below.")
_log = structlog.get_logger()
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def safe_next(path: str) -> str:
    """``path``, if it is a plain path below the console, else empty. Callers put it behind the
    console's own path, so it leads to no other site.
    """
    return path if _NEXT.fullmatch(path) else ""


class PageRoute(APIRoute):
    """A route whose errors are pages, or fragments of pages for a script."""

    def get_route_handler(self) -> Handler:
        """The handler of the route, with its errors answered."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except AppError as error:
                return refused(request, error)
            except RequestValidationError as error:
                found = cast("list[dict[str, Any]]", error.errors())
                return refused(request, invalid_request(found))

        return answer


def refused(request: Request, error: AppError) -> Response:
    """The answer for an error; without a session it leads to the sign-in."""
    if isinstance(error, Unauthenticated):
        return _to_sign_in(request)
    if error.status >= 500 and not isinstance(error, Unavailable):
        _log.error("request.failed", code=error.code, detail=error.detail)
    visit = visit_of(request, *getattr(request.state, "visitor", (None, "")))
    words = visit.language.say(_WORDS.get(error.status, _FAULT))
    template = "refused_part.html" if visit.is_fragment else "refused.html"
    response = visit.page(template, error.status, words=words, error=error)
    if isinstance(error, Unavailable | RateLimited):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _to_sign_in(request: Request) -> Response:
    came_from = request.url.path if request.method == "GET" else ""
    in_page = "hx-request" in request.headers
    if in_page:
        came_from = urlsplit(request.headers.get("hx-current-url", "")).path
    wanted = safe_next(came_from.removeprefix(home(request)))
    where = f"{home(request)}/sign-in"
    if wanted:
        where = f"{where}?{urlencode({'next': wanted})}"
    if in_page:
        return Response(status_code=401, headers={"HX-Redirect": where})
    return RedirectResponse(where, 303)
