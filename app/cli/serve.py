"""``kith serve``: fetches the model and makes the admin key where they are missing, then serves."""

import os
import signal
import socket
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from shlex import quote

import structlog
import typer

from app.auth.service import KeyService
from app.auth.way_in import WayIn
from app.bootstrap import build
from app.bundles.pull import pull
from app.cli.progress import download_progress
from app.core.heap import give_freed_memory_back
from app.core.logging import configure_logging
from app.core.terminal import flush_output
from app.errors import StartError
from app.main import create_app
from app.server.listening import bound_sockets, listen, url_of
from app.server.memory import give_large_blocks_back, keep_pixels
from app.server.process import Server
from app.settings import Settings, load_settings


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
    keep_pixels()
    built = build(settings)
    app = create_app(settings, built)
    try:
        listen(sockets, settings.host)
    except StartError:
        built.close()
        raise
    server = Server(
        app,
        max_connections=settings.max_connections,
        request_seconds=settings.request_seconds,
        shutdown_seconds=settings.shutdown_seconds,
        announce=partial(_announce, settings, built.services.keys),
        stopping=built.services.event_streams.stop,
    )
    server.run(sockets)
    if server.interrupted:
        raise typer.Exit(128 + signal.SIGINT)


def _announce(settings: Settings, keys: KeyService, port: int) -> None:
    give_freed_memory_back()  # models and galleries were read into another form
    structlog.get_logger().info("service.started", port=port, pid=os.getpid())
    try:
        typer.echo(_welcome(settings, keys, port))
    except OSError as error:  # a service is there for others than its starter
        structlog.get_logger().warning("welcome.unread", reason=error.strerror)
        with suppress(OSError):  # else the end of the service would fail by it
            flush_output()


def _welcome(settings: Settings, keys: KeyService, port: int) -> str:
    url = url_of(settings.host, port)
    key, where = _admin_key(settings, keys.way_in(settings.admin_key_file))
    console = f", console: {url}/console" if settings.console else ""
    return (
        f"\nKith is ready at {url} (docs: {url}/docs{console})\n"
        f"{where}\n"
        f'Try:  curl -H "Authorization: Bearer {key}" {quote(f"{url}/v1/models")}\n'
    )


def _admin_key(settings: Settings, found: WayIn) -> tuple[str, str]:
    """A shell expression that gives the key, and a sentence that says where the key is, or how to
    make one.
    """
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
    return "$ADMIN_KEY", (
        f"{why}\nUse an admin key that you have, or make one on this machine:  "
        f"{_command(settings)} keys create --scope admin"
    )


def _command(settings: Settings) -> str:
    """``kith`` as a shell starts it anywhere, for the data of this service."""
    program = Path(sys.executable).with_name("kith")
    name = str(program) if program.is_file() else "kith"
    return f"KITH_DATA_DIR={quote(str(settings.data_dir.absolute()))} {quote(name)}"
