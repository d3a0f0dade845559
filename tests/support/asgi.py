"""A tiny ASGI client, where a test needs to hold every message in its hands."""

import json
from collections.abc import Iterable
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import AppError
from app.web.problems import problem_response


class Exchange:
    """One request, message by message, and what was answered."""

    def __init__(self, messages: Iterable[Message], **headers: str) -> None:
        self._messages = iter(messages)
        self.taken = 0
        self.sent: list[Message] = []
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "path": "/",
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
            "state": {"request_id": "req-test"},
        }

    async def receive(self) -> Message:
        self.taken += 1
        return next(self._messages, {"type": "http.disconnect"})

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def with_app(self, app: ASGIApp) -> "Exchange":
        await app(self.scope, self.receive, self.send)
        return self

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def problem(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(b"".join(m["body"] for m in self.sent[1:]))
        return body


def body(*parts: bytes) -> list[Message]:
    """A body as a server hands it over."""
    return [
        {"type": "http.request", "body": part, "more_body": i < len(parts) - 1}
        for i, part in enumerate(parts)
    ]


async def reads_all(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that answers its body's size; what ``receive`` raises becomes its answer."""
    size = 0
    try:
        while True:
            message = await receive()
            size += len(message.get("body", b""))
            if not message.get("more_body"):
                break
    except AppError as error:
        await problem_response(error, "req-test")(scope, receive, send)
        return
    await PlainTextResponse(str(size))(scope, receive, send)
