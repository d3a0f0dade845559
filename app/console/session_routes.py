"""Sign in, sign out, the language, and the files of the pages."""

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app.auth.guard import let_in
from app.auth.services import Provided
from app.console import cookies, forgery, sent, static_files
from app.console.guard import SignedIn
from app.console.languages import NAMES
from app.console.refusals import PageRoute, safe_next
from app.console.visits import visit_of
from app.errors import InvalidRequest, Unauthenticated
from app.web.rooms import pages

router = pages("/console", PageRoute)
_UNCHANGING = "public, max-age=31536000, immutable"


@router.get("/sign-in")
def show_sign_in(request: Request, wanted: Annotated[str, Query(alias="next")] = "") -> Response:
    """The page that asks for a key."""
    return visit_of(request).page("sign_in.html", wanted=safe_next(wanted), failed=False)


@router.post("/sign-in")
async def sign_in(request: Request, services: Provided) -> Response:
    """Begin a session with the key of the form. Its token is always a new one."""
    forgery.check_origin(request.headers)
    form = await sent.read(request)
    wanted = safe_next(form.text("next"))
    try:
        caller = await run_in_threadpool(services.keys.authenticate, form.text("key"))
        let_in(request, caller, services.keys)
        token = await run_in_threadpool(services.sessions.begin, caller)
    except Unauthenticated:
        page = visit_of(request).page("sign_in.html", 401, wanted=wanted, failed=True)
        cookies.drop_token(request, page)
        return page
    if before := cookies.token_of(request):
        await run_in_threadpool(services.sessions.end, before)
    response = RedirectResponse(f"{cookies.home(request)}{wanted}", 303)
    cookies.keep_token(request, response, token)
    return response


@router.post("/sign-out")
def sign_out(visit: SignedIn, services: Provided) -> Response:
    """End the session, here and in the database."""
    services.sessions.end(visit.token)
    response = visit.go("/sign-in")
    cookies.drop_token(visit.request, response)
    return response


@router.post("/language")
async def choose_language(request: Request) -> Response:
    """Keep the language in the browser; it changes nothing here."""
    forgery.check_origin(request.headers)
    form = await sent.read(request)
    code = form.text("language")
    if code not in NAMES:
        raise InvalidRequest(f"There is no language {code[:20]!r} here.")
    response = RedirectResponse(f"{cookies.home(request)}{safe_next(form.text('next'))}", 303)
    cookies.keep_language(request, response, code)
    return response


@router.get("/static/{digest}/{name}")
def get_static(digest: str, name: str) -> Response:
    """A style sheet or a script. Its address changes with its content, so a browser keeps it."""
    found = static_files.file_named(name, digest)
    return Response(found.content, media_type=found.kind, headers={"Cache-Control": _UNCHANGING})
