"""The console's cookies: the token of a session, and the language."""

from typing import Final

from fastapi import Request
from starlette.responses import Response

from app.auth.sessions import LONGEST

_SESSION: Final = "kith_session"
_LANGUAGE: Final = "kith_language"
_YEAR: Final = 365 * 24 * 3600


def home(request: Request) -> str:
    """The path of the console, below the prefix of a proxy."""
    return f"{request.scope.get('root_path', '')}/console"


def token_of(request: Request) -> str | None:
    """The token of the session that the browser sent."""
    return request.cookies.get(_session_name(request))


def language_of(request: Request) -> str:
    """The code of the language that was chosen in this browser, or nothing."""
    return request.cookies.get(_LANGUAGE, "")


def keep_token(request: Request, response: Response, token: str) -> None:
    """Have the browser keep the token. No script reads it, no other site sends it, and a token that
    was set by https is never sent by http.
    """
    _keep(request, response, _session_name(request), token, int(LONGEST.total_seconds()))


def keep_language(request: Request, response: Response, code: str) -> None:
    """Have the browser keep the language."""
    _keep(request, response, _LANGUAGE, code, _YEAR)


def drop_token(request: Request, response: Response) -> None:
    """Have the browser forget the token."""
    _keep(request, response, _session_name(request), "", 0)


def _session_name(request: Request) -> str:
    """The prefix of a cookie's name. By https it makes the browser refuse a cookie of this name
    that came by http. The prefix ``__Host-`` would need the path ``/``, and so send the token to
    the API.
    """
    return f"__Secure-{_SESSION}" if request.state.secure else _SESSION


def _keep(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path=home(request),
        secure=request.state.secure,
        httponly=True,
        samesite="strict",
    )
