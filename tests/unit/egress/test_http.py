"""An answer over HTTP ends in time and in size, whatever the device does."""

import http.server
import os
import resource
import socket
import threading
from contextlib import ExitStack

import httpx
import pytest

from app.egress.dialling import Deadline, Egress
from app.egress.failures import CallFailed
from app.egress.http import MOST_BYTES, Session
from app.egress.trust import Trust
from tests.unit.egress.devices import LOOPBACK, get, serving


def test_an_answer_without_end_is_cut() -> None:
    def endless(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(4 * MOST_BYTES // 1024):
            handler.wfile.write(b"x" * 1024)

    with serving(endless) as device:
        status, body = get(Egress(LOOPBACK), f"http://127.0.0.1:{device.server_port}/")
    assert status == 200
    assert len(body) <= MOST_BYTES


def test_a_device_that_drips_its_answer_ends_with_the_deadline() -> None:
    gone = threading.Event()

    def dripping(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while not gone.wait(0.02):
            handler.wfile.write(b"x")

    with serving(dripping) as device:
        with pytest.raises(CallFailed, match="before an answer came") as error:
            get(Egress(LOOPBACK), f"http://127.0.0.1:{device.server_port}/", seconds=2)
        gone.set()
    assert error.value.sent


def test_a_device_whose_body_never_ends_has_answered() -> None:
    """Else what it has taken would count as not taken, and an event would be sent for ever."""
    gone = threading.Event()

    def dripping(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n")
        while not gone.wait(0.02):
            handler.wfile.write(b"x")

    with serving(dripping) as device:
        url = f"http://127.0.0.1:{device.server_port}/"
        assert get(Egress(LOOPBACK), url, seconds=2) == (200, b"")
        gone.set()


@pytest.mark.parametrize("echo", ["{0}\r\n\r\n", "HTTP/1.1 200 OK\r\n{0}\r\n\r\n"])
def test_a_device_that_repeats_what_it_got_lets_no_secret_out(echo: str) -> None:
    """The address may hold the number of a card, and errors go into the log."""

    def echoing(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.wfile.write(echo.format(handler.requestline).encode())

    with serving(echoing) as device, pytest.raises(CallFailed, match="is no HTTP") as error:
        get(Egress(LOOPBACK), f"http://127.0.0.1:{device.server_port}/open?card=4711")
    assert "4711" not in str(error.value)


def test_a_device_that_hangs_up_is_said_to() -> None:
    with (
        serving(lambda handler: handler.connection.close()) as device,
        pytest.raises(CallFailed, match="the device hung up") as error,
    ):
        get(Egress(LOOPBACK), f"http://127.0.0.1:{device.server_port}/")
    assert error.value.sent


def test_a_port_that_nobody_listens_on_was_sent_nothing() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(CallFailed, match="refused") as error:
            get(Egress(LOOPBACK), f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert not error.value.sent


def test_cookies_of_a_login_go_with_what_follows() -> None:
    def logging_in(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200 if handler.path == "/login" or handler.headers["Cookie"] else 401)
        handler.send_header("Set-Cookie", "session=1")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with serving(logging_in) as device:
        base = f"http://127.0.0.1:{device.server_port}"
        with Session(Egress(LOOPBACK), Trust(), Deadline.after(20)) as session:
            assert session.send("GET", f"{base}/login").status == 200
            assert session.send("GET", f"{base}/open").status == 200


def test_a_coded_answer_is_left_as_it_is() -> None:
    def coded(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(401)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("WWW-Authenticate", 'Digest realm="r", nonce="n", qop="auth"')
        handler.send_header("Content-Length", "9")
        handler.end_headers()
        handler.wfile.write(b"not gzip!")

    with serving(coded) as device, Session(Egress(LOOPBACK), Trust(), Deadline.after(20)) as each:
        url = f"http://127.0.0.1:{device.server_port}/"
        answer = each.send("GET", url, auth=httpx.DigestAuth("a", "b"))
    assert (answer.status, answer.body, len(device.asked)) == (401, b"not gzip!", 2)


def test_a_connection_is_used_again_where_many_files_are_open() -> None:
    def staying(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.protocol_version, handler.close_connection = "HTTP/1.1", False
        handler.send_response(200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with ExitStack() as open_files:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
        open_files.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        while (spare := os.dup(0)) < 1024:  # what select.select could take
            open_files.callback(os.close, spare)
        open_files.callback(os.close, spare)
        with (
            serving(staying) as device,
            Session(Egress(LOOPBACK), Trust(), Deadline.after(20)) as session,
        ):
            url = f"http://127.0.0.1:{device.server_port}/open"
            assert [session.send("GET", url).status for _ in range(2)] == [200, 200]
