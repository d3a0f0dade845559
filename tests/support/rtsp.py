"""A camera that speaks RTSP (RFC 2326) and sends MPEG-4 over RTP (RFC 6416) in one connection."""

import re
import socket
import struct
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from typing import IO, Final

import av
from PIL import Image

from tests.support.cameras import PASSWORD, USER, astronaut

RATE: Final = 10
_PAYLOAD: Final = 1200
_SDP: Final = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 MP4V-ES/90000\r\na=control:track\r\n"
)


def film(images: list[Image.Image]) -> list[bytes]:
    """Each image as a packet of MPEG-4 that needs no other."""
    codec = av.CodecContext.create("mpeg4", "w")
    codec.width, codec.height = images[0].size
    codec.pix_fmt = "yuv420p"
    codec.bit_rate = 4_000_000
    codec.framerate = Fraction(RATE)
    codec.time_base = Fraction(1, RATE)
    codec.gop_size = 1
    packets = [each for image in images for each in codec.encode(av.VideoFrame.from_image(image))]
    return [bytes(each) for each in (*packets, *codec.encode(None))]


class RtspCam:
    """One stream at any path, for one client at a time; it can be stopped and started."""

    def __init__(self, *, private: bool = False) -> None:
        self._packets = film([astronaut(shift=8 * number) for number in range(10)])
        self._private = private
        self._listening: socket.socket | None = None
        self._clients: list[socket.socket] = []
        self._stopping = threading.Event()
        self.port = 0

    def start(self) -> "RtspCam":
        """At the port that it had, if it had one."""
        self._stopping = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", self.port), reuse_port=True)
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()
        return self

    def stop(self) -> None:
        self._stopping.set()
        for each in (self._listening, *self._clients):
            if each is not None:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
        self._listening, self._clients = None, []

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                self._clients.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client, client.makefile("rb") as lines:
            while request := _request(lines):
                client.sendall(self._answer(request))
                if request.startswith("PLAY"):
                    play = threading.Thread(target=self._play, args=(client,), daemon=True)
                    play.start()

    def _answer(self, request: str) -> bytes:
        method = request.split(" ")[0]
        (sequence,) = re.findall(r"(?im)^CSeq: *(\d+)", request)
        status, fields, body = "200 OK", "Session: 1\r\n", ""
        given = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if method == "OPTIONS":
            fields = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
        elif self._private and f"Basic {given}" not in request:
            status, fields = "401 Unauthorized", 'WWW-Authenticate: Basic realm="camera"\r\n'
        elif method == "DESCRIBE":
            fields, body = "Content-Type: application/sdp\r\n", _SDP
        elif method == "SETUP":
            fields += "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
        head = f"RTSP/1.0 {status}\r\nCSeq: {sequence}\r\n{fields}Content-Length: {len(body)}\r\n"
        return f"{head}\r\n{body}".encode()

    def _play(self, client: socket.socket) -> None:
        number = shown = 0
        with suppress(OSError):
            while not self._stopping.wait(1 / RATE):
                data = self._packets[shown % len(self._packets)]
                pieces = [data[at : at + _PAYLOAD] for at in range(0, len(data), _PAYLOAD)]
                for piece in pieces:
                    last = 0x80 if piece is pieces[-1] else 0
                    time = (shown * 90_000 // RATE) % 2**32
                    head = struct.pack(">BBHII", 0x80, 96 | last, number % 65536, time, 1)
                    client.sendall(struct.pack(">cBH", b"$", 0, 12 + len(piece)) + head + piece)
                    number += 1
                shown += 1


def _request(lines: IO[bytes]) -> str:
    """The next request's head; reports of the client's in between are passed over."""
    head = ""
    while line := lines.readline():
        if line.startswith(b"$"):
            continue
        head += line.decode("latin-1")
        if line in (b"\r\n", b"\n") and head.strip():
            return head.strip()
    return ""


@contextmanager
def rtsp_cam(*, private: bool = False) -> Iterator[RtspCam]:
    """One that runs."""
    camera = RtspCam(private=private).start()
    try:
        yield camera
    finally:
        camera.stop()
