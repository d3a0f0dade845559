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
from app.agent.frames import Frame
from app.agent.sources import camera_of
from app.core.clock import SystemClock
from app.errors import InvalidRequest
from tests.support.cameras import astronaut, jpeg, webcam


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


def self_signed(folder: Path) -> Path:
    """A certificate of localhost that nobody but itself has signed, with its key."""
    file = folder / "camera.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    names += ["-addext", "basicConstraints=critical,CA:FALSE"]  # as cameras make them
    subprocess.run(
        [*command.split(), *names, "-keyout", f"{file}.key", "-out", str(file)],
        check=True,
        capture_output=True,
    )
    return file


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def context(certificate: Path) -> ssl.SSLContext:
    """The camera's side of TLS, with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, f"{certificate}.key")
    return context


def read(url: str, ca: Path | None = None) -> None:
    """Read from an address until it fails: here nobody sends a stream."""
    camera = camera_of(url, SystemClock(), rate=30, ca=ca)
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
    scheme: str, certificate: Path, context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hearing(context) as camera:
        read(f"{scheme}://ada:secret@localhost:{camera.port}/stream")
        assert camera.lines == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        read(f"{scheme}://ada:secret@127.0.0.1:{camera.port}/stream")  # it is of another name
        assert camera.lines == []
        read(f"{scheme}://ada:secret@localhost:{camera.port}/stream")
        assert camera.lines


@pytest.mark.parametrize("path", ["latest.jpg", "stream"])
def test_a_camera_with_a_certificate_of_its_own_is_read_where_the_agent_is_given_that_file(
    path: str, certificate: Path, context: ssl.SSLContext
) -> None:
    with webcam(context) as camera:
        camera.pictures = [jpeg(astronaut(shift=20 * number)) for number in range(3)]
        url = f"https://localhost:{camera.port}/{path}"
        with pytest.raises(CameraLost, match="--camera-ca"):
            next(camera_of(url, SystemClock(), rate=30).frames())
        source = camera_of(url, SystemClock(), rate=30, ca=certificate)
        found = next(frame for frame in source.frames() if isinstance(frame, Frame))
    assert found.encoded() in camera.pictures


@pytest.mark.parametrize("scheme", ["https", "rtsps"])
def test_what_the_agent_is_given_is_the_only_certificate_that_it_trusts(
    scheme: str,
    certificate: Path,
    context: ssl.SSLContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with hearing(context) as camera:
        read(f"{scheme}://localhost:{camera.port}/stream", ca=other)
        assert camera.lines == []
        read(f"{scheme}://127.0.0.1:{camera.port}/stream", ca=certificate)  # it is of another name
        assert camera.lines == []
        read(f"{scheme}://localhost:{camera.port}/stream", ca=certificate)
        assert camera.lines


def test_a_file_without_a_certificate_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("no certificate")
    for name, why in (("empty", "no certificate"), ("text", "no certificate"), ("none", "No such")):
        with pytest.raises(InvalidRequest, match=why):
            camera_of("rtsps://camera/stream", SystemClock(), rate=5, ca=tmp_path / name)
    for source in ("rtsp://camera/stream", "http://camera/latest.jpg", f"dir:{tmp_path}"):
        with pytest.raises(InvalidRequest, match="https:// or rtsps://"):
            camera_of(source, SystemClock(), rate=5, ca=tmp_path / "text")
