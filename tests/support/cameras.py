"""Cameras to test with: real servers on this machine, folders and files, of real photographs."""

import hashlib
import io
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import numpy as np
import skimage.data
from PIL import Image, ImageFilter

USER, PASSWORD = "ada", "p@ss/word"
_REALM = "camera"
_NONCE = "0123456789abcdef"


def astronaut(*, blur: float = 0, shift: int = 0) -> Image.Image:
    """Eileen Collins, in the public domain; ``shift`` pixels to the right of where she was."""
    image = Image.fromarray(np.roll(np.asarray(skimage.data.astronaut(), np.uint8), shift, axis=1))
    return image.filter(ImageFilter.GaussianBlur(blur)) if blur else image


def empty(*, noise: int = 0) -> Image.Image:
    """A corridor in which nobody is, with the noise of a sensor."""
    shade = np.broadcast_to(np.linspace(60, 190, 320, dtype=np.float32), (240, 320))
    random = np.random.default_rng(noise).standard_normal((240, 320), np.float32)
    return Image.fromarray((shade + 4 * random).astype(np.uint8)).convert("RGB")


def jpeg(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=90)
    return stream.getvalue()


class WebCam:
    """A camera with ``/latest.jpg`` and ``/stream`` (MJPEG), which can be stopped and started."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self.pictures: list[bytes] = [jpeg(astronaut())]
        self.status = 200
        self.asks_for: str | None = None
        """``basic`` or ``digest``."""
        self.served = 0
        self.port = 0
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def private_url(self) -> str:
        """With the user and the password, escaped as an address wants it."""
        return f"http://ada:p%40ss%2Fword@127.0.0.1:{self.port}"

    def start(self) -> "WebCam":
        """At the port that it had, if it had one."""
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.camera = self
        if self._context is not None:
            wrapped = self._context.wrap_socket(self._server.socket, server_side=True)
            self._server.socket = wrapped
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.stopping.set()
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def picture(self) -> bytes:
        """The next one, round and round."""
        self.served += 1
        return self.pictures[(self.served - 1) % len(self.pictures)]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    camera: WebCam

    def __init__(self, *arguments: Any) -> None:  # noqa: ANN401
        self.stopping = threading.Event()
        super().__init__(*arguments)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        camera = self.server.camera
        if camera.status != 200:
            self.send_error(camera.status)
        elif camera.asks_for and not self._is_allowed(camera.asks_for):
            self.send_response(401)
            self.send_header("WWW-Authenticate", _challenge(camera.asks_for))
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path.startswith("/latest.jpg"):
            self._picture(camera.picture())
        elif self.path.startswith("/stream"):
            self._stream(camera)
        else:
            self.send_error(404)

    def _picture(self, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, camera: WebCam) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        try:
            while not self.server.stopping.wait(0.04):
                data = camera.picture()
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                self.wfile.write(head.encode() + data + b"\r\n")
        except OSError:
            pass

    def _is_allowed(self, kind: str) -> bool:
        given = self.headers.get("Authorization", "")
        if kind == "basic":
            return given == "Basic YWRhOnBAc3Mvd29yZA=="
        said = dict(part.strip().split("=", 1) for part in given[7:].split(",") if "=" in part)
        said = {name: value.strip('"') for name, value in said.items()}
        first = _md5(f"{USER}:{_REALM}:{PASSWORD}")
        second = _md5(f"GET:{said.get('uri')}")
        between = ":".join([_NONCE, said.get("nc", ""), said.get("cnonce", ""), "auth"])
        return said.get("response") == _md5(f"{first}:{between}:{second}")

    def log_message(self, *arguments: object) -> None:
        pass


def _challenge(kind: str) -> str:
    basic = f'Basic realm="{_REALM}"'
    return basic if kind == "basic" else f'Digest realm="{_REALM}", nonce="{_NONCE}", qop="auth"'


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - what cameras speak


@contextmanager
def webcam(context: ssl.SSLContext | None = None) -> Iterator[WebCam]:
    """One that runs; with a certificate where there is a context."""
    camera = WebCam(context).start()
    try:
        yield camera
    finally:
        camera.stop()


def write_video(file: Path, images: list[Image.Image], *, rate: int = 25) -> Path:
    """A film of these images, made by PyAV."""
    with av.open(str(file), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(rate))
        stream.width, stream.height = images[0].size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 4_000_000
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_image(image)))
        container.mux(stream.encode(None))
    return file
