"""Addresses of cameras and of the service. A password in one is sent to that camera alone, and is
never shown.
"""

import ssl
from collections.abc import Generator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import httpx

from app.errors import InvalidRequest

UNTRUSTED: Final = (
    "its certificate may be of another name, or none that this machine trusts: --camera-ca names "
    "a file with its own"
)
Flow = Generator[httpx.Request, httpx.Response, None]


@dataclass(frozen=True, slots=True)
class HttpAddress:
    """An address without a user and a password, and those two apart."""

    url: str
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    ca: str | None = None
    """A file with the only certificates that are trusted there; None: this machine's."""

    @property
    def shown(self) -> str:
        """The address for people: without the query, in which some cameras want a password."""
        return shown(self.url)

    def client(self, seconds: float) -> httpx.Client:
        """Answers a camera that asks for the password, in either of the ways of HTTP."""
        auth = _Either(self.user, self.password) if self.user else None
        return httpx.Client(auth=auth, timeout=seconds, verify=trusted(self.ca), trust_env=False)


class _Either(httpx.Auth):
    """The authentication that the camera asks for: Digest, which most want, or Basic."""

    def __init__(self, user: str, password: str) -> None:
        self._basic = httpx.BasicAuth(user, password)
        self._digest = httpx.DigestAuth(user, password)
        self._asked: httpx.Auth | None = None

    def auth_flow(self, request: httpx.Request) -> Flow:
        """Send the request, and again with the authentication that the camera asks for; httpx calls
        this.
        """
        if self._asked is None:
            answer = yield request
            if answer.status_code != HTTPStatus.UNAUTHORIZED:
                return
            wanted = answer.headers.get("www-authenticate", "").lower()
            self._asked = self._digest if "digest" in wanted else self._basic
        yield from self._asked.auth_flow(request)


def trusted(ca: str | None = None) -> ssl.SSLContext:
    """The certificates in the file ``ca``, or those that this machine trusts, also those of a
    company's own authority. ``InvalidRequest`` where the file has none.
    """
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:  # of ssl too
        why = "it has no certificate (PEM)" if isinstance(error, ssl.SSLError) else error.strerror
        raise InvalidRequest(f"The certificates in {ca!r} cannot be read: {why}.") from None


def authorities() -> str | None:
    """The file of the same certificates, for FFmpeg, which looks for none; None where the machine
    keeps them elsewhere.
    """
    paths = ssl.get_default_verify_paths()
    together = Path(paths.capath or "") / "ca-certificates.crt"
    return paths.cafile or (str(together) if together.is_file() else None)


def http_address(text: str) -> HttpAddress:
    """``text`` as an address of HTTP. ``InvalidRequest`` where it is none."""
    parts = _split(text)
    host = parts.netloc.rpartition("@")[2]
    url = parts._replace(netloc=host, fragment="").geturl()
    return HttpAddress(url, unquote(parts.username or ""), unquote(parts.password or ""))


def shown(text: str) -> str:
    """An address for people: without a user, a password and a query."""
    parts = _split(text)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query="", fragment="").geturl()


def _split(text: str) -> SplitResult:
    """``InvalidRequest``, which does not repeat the text: it may hold a password."""
    try:
        parts = urlsplit(text)
        there = bool(parts.hostname)
        _ = parts.port
    except ValueError:
        there = False
    if not there:
        raise InvalidRequest(
            "The address is none: a host and a port are expected, as in rtsp://camera:554/stream. "
            "A password in it has its special characters escaped: @ is %40, / is %2F."
        )
    return parts
