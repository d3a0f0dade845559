"""``kith health``, as a container's health check asks it."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

import pytest

from tests.support.server import ServerProcess


def _health(**settings: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KITH_")}
    return subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", "health"],
        env=environment | settings,
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_a_service_that_is_ready_is_well(server: Callable[..., ServerProcess]) -> None:
    port = str(urlsplit(server().url).port)
    everywhere = _health(KITH_HOST="0.0.0.0", KITH_PORT=port)  # noqa: S104 - to be asked
    assert (everywhere.returncode, everywhere.stderr) == (0, "")
    assert everywhere.stdout == f"The service at 127.0.0.1, port {port}, is ready.\n"


def test_no_proxy_stands_between_a_service_and_itself(
    server: Callable[..., ServerProcess],
) -> None:
    port = str(urlsplit(server().url).port)
    assert _health(KITH_PORT=port, http_proxy="http://127.0.0.1:9").returncode == 0


def test_where_nobody_listens_one_line_says_so() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        asked = _health(KITH_PORT=str(port))
    assert asked.returncode == 1
    assert asked.stdout == ""
    assert asked.stderr.startswith(
        f"kith: The service at 127.0.0.1, port {port}, does not answer ("
    )
    assert asked.stderr.count("\n") == 1


@pytest.fixture
def answers() -> Iterator[Callable[[bytes], str]]:
    """Listens on a port and answers one request with whatever bytes it is given."""
    opened: list[HTTPServer] = []

    def listen(sent: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.wfile.write(sent)

            def log_message(self, *args: object) -> None: ...

        opened.append(HTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=opened[-1].handle_request).start()
        return str(opened[-1].server_port)

    yield listen
    for each in opened:
        each.server_close()


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (
            b'HTTP/1.0 503 No\r\n\r\n{"detail": "The database does not answer; try again."}',
            "is not ready: The database does not answer; try again.",
        ),
        (b"HTTP/1.0 404 No\r\n\r\n<html>", "is not ready: it answered 404"),
        (b'HTTP/1.0 500 No\r\n\r\n["?"]', "is not ready: it answered 500"),
        (b"SSH-2.0-OpenSSH\r\n", "does not answer ("),
    ],
)
def test_what_is_not_ready_says_why(
    answers: Callable[[bytes], str], sent: bytes, message: str
) -> None:
    asked = _health(KITH_PORT=answers(sent))
    assert asked.returncode == 1
    assert message in asked.stderr
    assert asked.stderr.count("\n") == 1


def test_a_service_whose_decisions_are_stale_is_ready_and_says_so(
    answers: Callable[[bytes], str],
) -> None:
    asked = _health(KITH_PORT=answers(b'HTTP/1.0 200 OK\r\n\r\n{"status": "stale"}'))
    assert (asked.returncode, asked.stderr) == (0, "")
    assert "the database does not answer, decisions are stale" in asked.stdout


def test_a_port_that_only_the_log_shows_cannot_be_asked() -> None:
    assert "KITH_PORT is 0" in _health(KITH_PORT="0").stderr


def test_it_loads_nothing_that_serves() -> None:
    """It is asked every few seconds, for ever, in the service's container and within its memory."""
    code = "import sys, app.cli.run; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=240
    )
    loaded = set(found.stdout.split())
    assert "app.cli.health" in loaded
    assert not loaded & {"onnxruntime", "faiss", "sqlalchemy", "numpy", "fastapi"}
