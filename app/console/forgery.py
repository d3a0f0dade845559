"""Refuses requests that a page of another origin made (CSRF).

Two checks, each enough alone: the browser says where the request comes from, which no page can
change; and a form or a script of the console has a mark of its session, which no other page knows.
"""

import hmac
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from app.errors import Forbidden

HEADER: Final = "X-CSRF-Token"
FIELD: Final = "csrf"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_ELSEWHERE: Final = "This request does not come from a page of this console; nothing was done."


def mark_of(token: str) -> str:
    """The mark of a session. The token cannot be computed from it."""
    return hmac.digest(token.encode(), b"kith console csrf", "sha256").hex()


def check_mark(token: str, sent: str | None) -> None:
    """``Forbidden`` unless ``sent`` is the mark of the session."""
    if not hmac.compare_digest(mark_of(token).encode(), (sent or "").encode()):
        raise Forbidden("The form is of another session; load the page again. Nothing was done.")


def check_origin(headers: Headers) -> None:
    """``Forbidden`` unless the browser says that a page of this origin made the request."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        if site != "same-origin":
            raise Forbidden(_ELSEWHERE)
        return
    origin = urlsplit(headers.get("origin", ""))
    if not origin.netloc or origin.netloc.lower() != headers.get("host", "").lower():
        raise Forbidden(_ELSEWHERE)
