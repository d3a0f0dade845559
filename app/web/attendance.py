"""Notices when a client hangs up while its request is worked on. Plain ASGI."""

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.attendance import Attendance, ClientGone, attend, dismiss

_GONE = "http.disconnect"


class AttendanceWatch:
    """Once the application has read a request's body, waits for its client to leave.

    Work that then stops with ``ClientGone`` ends as a request that was cut off: nobody is answered.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass HTTP requests on, watched."""
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
