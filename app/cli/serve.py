"""``kith serve``: everything that a first start needs, then the service."""

import asyncio
import logging
import os
import resource
import signal
import socket
from functools import partial
from typing import Final

import structlog
import uvicorn
from rich.console import Console

from app.bootstrap import build
from app.cli.models import download_progress
from app.core.logging import configure_logging
from app.core.memory import give_large_blocks_back
from app.inference.pull import pull
from app.main import create_app
from app.settings import Settings, load_settings
from app.web.connections import Connection

_OTHER_FILES: Final = 512
"""Descriptors for the database, snapshots, and connections that are just being turned away."""
_BACKLOG: Final = 256
_out = Console()


def serve() -> None:
    """Run the service; the first time, fetch the model and make the admin key."""
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    if settings.model is None:
        with download_progress() as progress:
            # A gallery's templates are of one contract; only `kith models pull` takes another.
            pull(
                settings.bundle_dir,
                source=settings.model_source,
                progress=progress,
                keep_contract=True,
            )
    give_large_blocks_back()
    app = create_app(settings, build(settings))
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=partial(  # type: ignore[arg-type] # it is called as a class would be
            Connection,
            most=_connections(settings.max_connections),
            seconds=settings.request_seconds,
        ),
        backlog=_BACKLOG,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        timeout_keep_alive=75,
    )
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # uvicorn raises the signal that stopped it once more; by then all is done.
    for stopping in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stopping, signal.SIG_IGN)
    _Server(config, settings).run()


class _Server(uvicorn.Server):
    """Tells how to reach the service, once it can be reached."""

    def __init__(self, config: uvicorn.Config, settings: Settings) -> None:
        super().__init__(config)
        self._settings = settings

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        if counter % 10 == 0:
            now = asyncio.get_running_loop().time()
            for connection in [
                c for c in self.server_state.connections if isinstance(c, Connection)
            ]:
                connection.look(now)
        return await super().on_tick(counter)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            port = self.servers[0].sockets[0].getsockname()[1]
            structlog.get_logger().info("service.started", port=port, pid=os.getpid())
            _out.print(_welcome(self._settings, port), highlight=False, soft_wrap=True)


def _connections(wanted: int) -> int:
    """As many as are ``wanted`` and the system gives descriptors for: accepting none for want of
    one would keep a core busy and everybody out.
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


def _welcome(settings: Settings, port: int) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{port}"
    key, where = _admin_key(settings)
    return (
        f"\nKith is ready at {url} (docs: {url}/docs)\n"
        f"The admin key {where}\n"
        f'Try:  curl -H "Authorization: Bearer {key}" {url}/v1/models\n'
    )


def _admin_key(settings: Settings) -> tuple[str, str]:
    """What a shell makes the key of, and in words where it is."""
    if "KITH_ADMIN_KEY" in os.environ:
        return "$KITH_ADMIN_KEY", "is the one in KITH_ADMIN_KEY"
    given = settings.secrets_dir / "kith_admin_key"
    file = given if settings.admin_key else settings.admin_key_file
    return f"$(cat {file})", f"is in {file}"
