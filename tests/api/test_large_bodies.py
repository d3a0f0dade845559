"""A body over the limit, sent to a real server: the client can read why it was refused."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.api.support import ok, problem
from tests.support.memory import MEBIBYTE, forget_peak, peak
from tests.support.server import ADMIN_KEY, ServerProcess

HUNDRED = 100 * MEBIBYTE
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=x"}
FILE = '--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
PATHS = ["/detect", "/collections", "/nowhere"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, fake_bundle: Path) -> Iterator[ServerProcess]:
    """One server for all of this file."""
    server = ServerProcess(tmp_path_factory.mktemp("large-bodies"), fake_bundle)
    yield server.start()
    server.kill()


def blocks(total: int = HUNDRED, start: bytes = b"") -> Iterator[bytes]:
    """``total`` bytes and more, never held at once."""
    yield start
    for _ in range(total // MEBIBYTE):
        yield bytes(MEBIBYTE)


def test_a_hundred_megabytes_are_refused_readably(running: ServerProcess) -> None:
    stated = {"Content-Length": str(HUNDRED)}
    with running.client() as client:
        for path in PATHS:
            answer = client.post(path, content=blocks(), headers={**JSON, **stated})
            body = problem(answer, 413, "payload_too_large")
            assert "64 MiB" in body["detail"]
            closing = {**JSON, **stated, "Connection": "close"}
            problem(client.post(path, content=blocks(), headers=closing), 413, "payload_too_large")
        for headers, start in ((JSON, b""), (FORM, FILE.encode())):
            answer = client.post("/detect", content=blocks(start=start), headers=headers)
            assert "content-length" not in answer.request.headers
            problem(answer, 413, "payload_too_large")
        problem(
            client.post("/collections", content=blocks(), headers=JSON), 413, "payload_too_large"
        )
        ok(client.get("/health/ready"))


def test_a_refused_body_is_not_held_in_memory(running: ServerProcess) -> None:
    forget_peak(running)
    before = peak(running)
    with running.client() as client:
        client.post("/detect", content=blocks(), headers={**JSON, "Content-Length": str(HUNDRED)})
    assert peak(running) - before < 32 * MEBIBYTE


def test_who_asks_first_is_answered_before_sending(running: ServerProcess) -> None:
    """The client asks as curl does for large files: ``Expect: 100-continue``."""
    address = urlsplit(running.url)
    assert address.hostname
    assert address.port
    lines = (
        "POST /v1/detect HTTP/1.1",
        f"Host: {address.netloc}",
        f"Authorization: Bearer {ADMIN_KEY}",
        "Content-Type: application/json",
        f"Content-Length: {HUNDRED}",
        "Expect: 100-continue",
    )
    started = time.monotonic()
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        said = connection.recv(65536)
    assert said.startswith(b"HTTP/1.1 413 ")
    assert time.monotonic() - started < 5


def test_a_client_that_hangs_up_halfway_harms_nobody(running: ServerProcess) -> None:
    address = urlsplit(running.url)
    head = (
        f"POST /v1/detect HTTP/1.1\r\nHost: {address.netloc}\r\nX-API-Key: {ADMIN_KEY}\r\n"
        "Content-Type: {}\r\nContent-Length: 1000\r\n\r\n{}"
    )
    for kind, half in ((JSON["Content-Type"], '{"im'), (FORM["Content-Type"], FILE)):
        assert address.hostname
        with socket.create_connection((address.hostname, address.port or 0), timeout=30) as one:
            one.sendall(head.format(kind, half).encode())
    with running.client() as client:
        _wait_for(running, '"status": 499', times=2)
        ok(client.get("/health/ready"))
    log = running.log.read_text()
    assert "Traceback" not in log
    assert '"level": "error"' not in log


def _wait_for(server: ServerProcess, text: str, *, times: int) -> None:
    deadline = time.monotonic() + 20
    while server.log.read_text().count(text) < times:
        assert time.monotonic() < deadline, server.log.read_text()
        time.sleep(0.05)
