"""uvicorn's server with Kith's bounds: on connections, on their time, on the process's files."""

import asyncio
import logging
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import structlog
import uvicorn
from starlette.types import ASGIApp

from app.core.interrupts import handle_stops
from app.server.connections import Connection
from app.server.listening import BACKLOG

Announce = Callable[[int], None]
"""Called once with the port, as soon as the service can be reached."""

_KEEP_ALIVE_SECONDS: Final = 75
_OTHER_FILES: Final = 512
"""Descriptors for the database, snapshots, and connections that are just being turned away."""


class Server(uvicorn.Server):
    """Serves ``app`` until a signal stops it.

    At most ``max_connections`` clients are connected; each has ``request_seconds`` for a request's
    head and for taking an answer. A stop waits ``shutdown_seconds`` for requests in hand.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_connections: int,
        request_seconds: float,
        shutdown_seconds: int,
        announce: Announce,
        stopping: Callable[[], None],
    ) -> None:
        limit = affordable_connections(max_connections)
        config = uvicorn.Config(
            app,
            http=partial(  # type: ignore[arg-type] # it is called as a class would be
                Connection, limit=limit, seconds=request_seconds
            ),
            backlog=BACKLOG,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # Kith itself reads what trusted proxies say
            timeout_graceful_shutdown=shutdown_seconds,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        )
        for name in ("uvicorn", "uvicorn.error"):
            logging.getLogger(name).setLevel(logging.WARNING)
        super().__init__(config)
        self._announce = announce
        self._stopping = stopping

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C stopped it."""
        return signal.SIGINT in self._captured_signals

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone: until the service can be reached, a signal ends the process at
        once, as it ends any command. ``startup`` then asks for a graceful stop, and nothing is left
        to be raised again at the end.
        """
        yield

    async def on_tick(self, counter: int) -> bool:
        """Check every connection once a second; uvicorn calls this ten times a second."""
        if counter % 10 == 0:
            now = asyncio.get_running_loop().time()
            connections = self.server_state.connections
            for connection in [each for each in connections if isinstance(each, Connection)]:
                connection.check_deadlines(now)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that the service stops, so that answers without an end come to one, and stop."""
        self._stopping()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, take the signals that stop the service, and announce it."""
        await super().startup(sockets)
        if not self.should_exit and sockets:
            handle_stops(self.handle_exit)
            self._announce(sockets[0].getsockname()[1])


def affordable_connections(wanted: int) -> int:
    """``wanted``, or as many as the limit of open files allows, which is raised where it may be.

    Where ``accept`` fails for want of a descriptor, the event loop spins and serves nobody.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        if soft < needed:
            wanted = min(wanted, max(soft - _OTHER_FILES, soft // 2))
            structlog.get_logger().warning("connections.limited", connections=wanted, files=soft)
    return wanted
