"""A connection that its client resets, in a real server in this process."""

import asyncio
import socket
import struct
from functools import partial

import uvicorn
from starlette.responses import PlainTextResponse

from app.server.connections import Connection

LINGER_NOT = struct.pack("ii", 1, 0)
"""Closing then resets the connection."""


def test_a_connection_that_was_reset_is_let_go_at_once() -> None:
    seen: list[Connection] = []
    lost = asyncio.Event()

    class Watched(Connection):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            seen.append(self)
            lost.set()

    async def serve_and_reset() -> None:
        http = partial(Watched, limit=10, seconds=10)
        config = uvicorn.Config(PlainTextResponse("done"), port=0, log_config=None, lifespan="off")
        config.load()
        config.http_protocol_class = http  # type: ignore[assignment]
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        port = server.servers[0].sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: kith\r\n\r\n")
        assert (await reader.read(65536)).startswith(b"HTTP/1.1 200 ")
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        writer.transport.abort()
        await asyncio.wait_for(lost.wait(), 10)
        server.servers[0].close()

    asyncio.run(serve_and_reset())
    assert [each.timeout_keep_alive_task for each in seen] == [None]
