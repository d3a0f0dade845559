"""An HTTP device: its authentication, its answers, and what it did."""

import base64
import hashlib
import http.server
import json
import re
import secrets
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import ClassVar, NamedTuple

USER, PASSWORD = "kith", "pa:ss word"


class Asked(NamedTuple):
    """A request that passed the authentication."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> object:
        """The body, which must say that it is JSON."""
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)


class Reply(NamedTuple):
    """An answer."""

    status: int
    content: object = None
    headers: Mapping[str, str] = MappingProxyType({})


class Device:
    """A device on a free port of this machine. ``opened`` has one entry for each time it opened."""

    algorithm: ClassVar[str] = "MD5"
    """The hash function of its digest authentication."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.opened: list[object] = []
        self.refused = 0
        self._nonces: set[str] = set()
        self._server = _serve(self, context)
        self.origin = f"{'https' if context else 'http'}://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator["Device"]:
        """Serve for the block."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def answer(self, asked: Asked) -> Reply:
        """Answer a request."""
        raise NotImplementedError

    def basic(self, asked: Asked) -> Reply | None:
        """None where the request has the right user and password."""
        wanted = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if asked.headers.get("authorization") == f"Basic {wanted}":
            return None
        return self.no({"WWW-Authenticate": 'Basic realm="device"'})

    def no(self, headers: dict[str, str] | None = None) -> Reply:
        """Refuse a request that did not say who it is of."""
        self.refused += 1
        return Reply(401, {"error": "unauthorised"}, headers or {})

    def digest(self, asked: Asked) -> Reply | None:
        """None where the request answers a challenge that this device made (RFC 7616)."""
        given = dict(re.findall(r'(\w+)="?([^",]*)"?', asked.headers.get("authorization", "")))
        if given.get("nonce") in self._nonces and given["response"] == self._response(asked, given):
            self._nonces.discard(given["nonce"])  # each is good once
            return None
        nonce = secrets.token_hex(8)
        self._nonces.add(nonce)
        about = f'realm="device", qop="auth", nonce="{nonce}", algorithm={self.algorithm}'
        return self.no({"WWW-Authenticate": f"Digest {about}"})

    def _response(self, asked: Asked, given: dict[str, str], user: str = USER) -> str:
        made = hashlib.sha256 if self.algorithm == "SHA-256" else hashlib.md5

        def of(text: str) -> str:
            return made(text.encode()).hexdigest()

        who, what = of(f"{user}:device:{PASSWORD}"), of(f"{asked.method}:{given['uri']}")
        middle = f"{given['nonce']}:{given['nc']}:{given['cnonce']}:{given['qop']}"
        return of(f"{who}:{middle}:{what}") if given["username"] == user else ""


def _serve(device: Device, context: ssl.SSLContext | None) -> http.server.ThreadingHTTPServer:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            path, _, query = self.path.partition("?")
            pairs = dict(each.partition("=")[::2] for each in query.split("&") if each)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = device.answer(Asked(self.command, path, pairs, headers, body))
            content = reply.content if isinstance(reply.content, bytes) else _json(reply.content)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - names of the standard library

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            del format, args

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    return server


def _json(content: object) -> bytes:
    return b"" if content is None else json.dumps(content).encode()
