"""Serves two other forms of a request: HEAD for GET, and a path below a proxy's prefix."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """Answers HEAD as GET, with the same status and headers, and without the body (RFC 9110)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a HEAD on as a GET; the server still knows that it was a HEAD."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                # Now, for a stream of events has no end of its own.
                await send({"type": "http.response.body", "body": b""})

        inner = {**scope, "method": "GET"}
        try:
            await self._app(inner, receive, send_head)
        finally:
            if "route" in inner:  # for who logs the request
                scope["route"] = inner["route"]


class BelowPrefix:
    """Serves the same routes at ``prefix`` and at ``/``: a proxy may take the prefix off or not.

    Within, every path has the prefix and ``root_path`` says so, as the ASGI specification asks; the
    pages and the OpenAPI document make their links from it.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Complete the path if the proxy has taken the prefix off."""
        if scope["type"] == "http":
            path: str = scope["path"]
            if path != self._prefix and not path.startswith(f"{self._prefix}/"):
                scope["path"] = self._prefix + path
                scope["raw_path"] = self._prefix.encode() + scope.get("raw_path", path.encode())
            scope["root_path"] = self._prefix
        await self._app(scope, receive, send)
