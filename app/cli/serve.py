"""``kith serve``: everything that a first start needs, then the service."""

import asyncio
import logging
import os
import resource
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from shlex import quote
from typing import Final

import structlog
import typer
import uvicorn

from app.auth.service import KeyService, WayIn
from app.bootstrap import build
from app.cli.listening import BACKLOG, bound_sockets, listen, url_of
from app.cli.models import download_progress
from app.core.interrupts import handle_stops
from app.core.logging import configure_logging
from app.core.memory import give_large_blocks_back
from app.errors import StartError
from app.inference.pull import pull
from app.main import create_app
from app.settings import Settings, load_settings
from app.web.connections import Connection

_OTHER_FILES: Final = 512
"""Descriptors for the database, snapshots, and connections that are just being turned away."""


def serve() -> None:
    """Run the service; the first time, fetch the model and make the admin key."""
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    with bound_sockets(settings.host, settings.port) as sockets:
        _serve(settings, sockets)


def _serve(settings: Settings, sockets: list[socket.socket]) -> None:
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
    built = build(settings)
    app = create_app(settings, built)
    try:
        listen(sockets, settings.host)
    except StartError:
        built.close()
        raise
    config = uvicorn.Config(
        app,
        http=partial(  # type: ignore[arg-type] # it is called as a class would be
            Connection,
            most=_connections(settings.max_connections),
            seconds=settings.request_seconds,
        ),
        backlog=BACKLOG,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # Kith itself reads what trusted proxies say
        timeout_graceful_shutdown=settings.shutdown_seconds,
        timeout_keep_alive=75,
    )
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.WARNING)
    server = _Server(config, settings, built.keys)
    server.run(sockets)
    if server.interrupted:
        raise typer.Exit(128 + signal.SIGINT)


class _Server(uvicorn.Server):
    """Tells how to reach the service, once it can be reached."""

    def __init__(self, config: uvicorn.Config, settings: Settings, keys: KeyService) -> None:
        super().__init__(config)
        self._settings = settings
        self._keys = keys

    @property
    def interrupted(self) -> bool:
        """Whether it was Ctrl-C that stopped it."""
        return signal.SIGINT in self._captured_signals

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Until the service can be reached a signal ends it at once, as it does any command; then
        ``startup`` has them stop it gracefully, and it has nothing to raise once more at its end.
        """
        yield

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
        if not self.should_exit and sockets:
            port = sockets[0].getsockname()[1]
            handle_stops(self.handle_exit)
            structlog.get_logger().info("service.started", port=port, pid=os.getpid())
            try:
                typer.echo(_welcome(self._settings, self._keys, port))
            except OSError as error:  # a service is there for others than who started it
                structlog.get_logger().warning("welcome.unread", reason=error.strerror)


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


def _welcome(settings: Settings, keys: KeyService, port: int) -> str:
    url = url_of(settings.host, port)
    key, told = _admin_key(settings, keys.way_in(settings.admin_key_file))
    return (
        f"\nKith is ready at {url} (docs: {url}/docs)\n"
        f"{told}\n"
        f'Try:  curl -H "Authorization: Bearer {key}" {quote(f"{url}/v1/models")}\n'
    )


def _admin_key(settings: Settings, found: WayIn) -> tuple[str, str]:
    """What a shell makes the key of, and in words where it is, or how to make one."""
    file = settings.admin_key_file.absolute()
    if found is WayIn.SETTING:
        if "KITH_ADMIN_KEY" in os.environ:
            return "$KITH_ADMIN_KEY", "The admin key is the one in KITH_ADMIN_KEY"
        given = (settings.secrets_dir / "kith_admin_key").absolute()
        return f"$(cat {quote(str(given))})", f"The admin key is in {given}"
    if found is WayIn.FILE:
        return f"$(cat {quote(str(file))})", f"The admin key is in {file}"
    why = {
        WayIn.NO_FILE: f"There are keys, but no file {file} with an admin key.",
        WayIn.UNREADABLE: f"There are keys, but {file} cannot be read.",
        WayIn.OPENS_NOTHING: f"The key in {file} is no admin key of this database: it was revoked, "
        "has expired, or is of another database.",
    }[found]
    return "$KEY", (
        f"{why}\nUse an admin key that you have, or make one on this machine:  "
        "kith keys create --scope admin"
    )
