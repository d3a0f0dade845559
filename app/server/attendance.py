"""ASGI middleware that notices when a client disconnects while its request is in work."""

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.attendance import Attendance, ClientGone, attend, dismiss

_GONE = "http.disconnect"


class AttendanceWatch:
    """Waits for the client to disconnect, once the application has read the request's body.

    Work that then stops with ``ClientGone`` ends the request as one that was cut off, without an
    answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; watch it if it is HTTP."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        attendance, watch = Attendance(), None

        async def until_gone() -> None:
            while (await receive())["type"] != _GONE:
                pass
            attendance.end()

        async def watched() -> Message:
            nonlocal watch
            message = await receive()
            if message["type"] == _GONE:
                attendance.end()
            elif not message.get("more_body") and watch is None:
                watch = asyncio.create_task(until_gone())
            return message

        token = attend(attendance)
        try:
            await self._app(scope, watched, send)
        except ClientGone:
            raise ClientDisconnect from None
        finally:
            dismiss(token)
            if watch is not None:
                watch.cancel()
