"""Nobody on the way to a camera gets its password, or shows the door another picture."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from app.agent.cameras import CameraLost, CameraRefused
from app.agent.stream import StreamAddress, StreamCamera
from app.core.clock import SystemClock


class Heard:
    """Listens on a port of its own, hangs up, and keeps the first line of each request."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._context = context
        self.port: int = self._listener.getsockname()[1]
        self.lines: list[bytes] = []
        threading.Thread(target=self._take, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _take(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                near, _ = self._listener.accept()
                with suppress(OSError), near:
                    if self._context is not None:
                        near = self._context.wrap_socket(near, server_side=True)
                    if said := near.recv(4096):
                        self.lines.append(said.partition(b"\r\n")[0])
                    near.close()


@contextmanager
def hearing(context: ssl.SSLContext | None = None) -> Iterator[Heard]:
    heard = Heard(context)
    try:
        yield heard
    finally:
        heard.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of localhost that nobody but itself has signed, with its key."""
    file = tmp_path_factory.mktemp("tls") / "camera.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(
        [*command.split(), *names, "-keyout", f"{file}.key", "-out", str(file)],
        check=True,
        capture_output=True,
    )
    return file


def read(url: str) -> None:
    """Read from an address until it fails: here nobody sends a stream."""
    camera = StreamCamera(StreamAddress(url, "the camera"), SystemClock())
    with pytest.raises((CameraLost, CameraRefused)):
        for _ in camera.frames():
            pass


@pytest.mark.parametrize("scheme", ["http", "https", "rtsp", "rtsps"])
def test_a_proxy_of_the_environment_is_not_asked(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hearing() as camera, hearing() as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        read(f"{scheme}://ada:secret@127.0.0.1:{camera.port}/stream")
        assert proxy.lines == []
        assert camera.lines


@pytest.mark.parametrize("scheme", ["https", "rtsps"])
def test_a_camera_whose_certificate_nobody_vouches_for_is_asked_nothing(
    scheme: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, f"{certificate}.key")
    with hearing(context) as camera:
        read(f"{scheme}://ada:secret@localhost:{camera.port}/stream")
        assert camera.lines == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        read(f"{scheme}://ada:secret@127.0.0.1:{camera.port}/stream")  # it is of another name
        assert camera.lines == []
        read(f"{scheme}://ada:secret@localhost:{camera.port}/stream")
        assert camera.lines
