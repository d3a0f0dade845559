"""A stream of video, read by PyAV: RTSP, MJPEG over HTTP, a camera of this machine, a file.

A thread reads as fast as the camera sends and keeps the newest frame alone: frames that wait in a
buffer are old, and a late name is worse than none.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np

from app.agent.addresses import UNTRUSTED, authorities
from app.agent.cameras import CameraLost, CameraRefused, Seen
from app.agent.frames import MEASURED, Frame, Grey, UnreadablePicture, jpeg_of, picture_frame
from app.core.clock import Clock

_OPEN_SECONDS: Final = 10.0
_READ_SECONDS: Final = 10.0
_TICK: Final = 0.1
_OF_RTSP: Final = {"rtsp_flags": "prefer_tcp", "fflags": "nobuffer", "flags": "low_delay"}
MISSING: Final = (
    "PyAV is not installed, which reads streams: install Kith with its extra `door`, or use an "
    "address that answers with a single picture, or dir:FOLDER"
)


@dataclass(frozen=True, slots=True)
class StreamAddress:
    """An address that PyAV opens. ``url`` may hold a password, and is never shown."""

    url: str = field(repr=False)
    shown: str
    format: str | None = None
    ca: str | None = None
    """A file with the only certificates that are trusted there; None: this machine's."""
    is_file: bool = False

    @property
    def scheme(self) -> str:
        """The scheme, such as ``rtsp``, in lower case."""
        return self.url.partition(":")[0].lower()

    @property
    def is_secure(self) -> bool:
        """Whether the camera must have a certificate."""
        return not self.is_file and self.scheme in ("https", "rtsps")


class StreamCamera:
    """Gives the newest frame each time it is asked; a file is played at its own speed."""

    decides_what_moved = False

    def __init__(self, address: StreamAddress, clock: Clock) -> None:
        self.shown = address.shown
        self._address = address
        self._clock = clock
        self._worked = False

    def frames(self) -> Generator[Seen, None, None]:
        """Give frames until the stream ends: a file ends, a camera is lost."""
        reader = _Reader(self._address, self._clock)
        try:
            while True:
                taken = reader.next(_TICK)
                if taken is None:
                    if reader.error is not None:
                        raise self._failed(reader.error)
                    if reader.is_over:
                        break
                    yield None
                else:
                    self._worked = True
                    yield _frame(*taken)
        finally:
            reader.stop()
        if not self._address.is_file:
            raise CameraLost("its stream ended")

    def _failed(self, error: Exception) -> CameraLost | CameraRefused:
        if isinstance(error, CameraRefused):
            return error
        import av.error

        why = str(getattr(error, "strerror", None) or "the stream broke")
        if isinstance(error, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
            return CameraRefused(
                "it refuses the user and password, or has none in its address; give them as in "
                "rtsp://user:password@camera/stream"
            )
        never = (
            av.error.HTTPClientError,
            av.error.InvalidDataError,
            av.error.ProtocolNotFoundError,
            av.error.DemuxerNotFoundError,
            FileNotFoundError,
            PermissionError,
        )
        if not self._worked and isinstance(error, never):
            return CameraRefused(f"{why}; correct the address")
        if self._address.is_secure and not self._worked:
            why = f"{why}; {UNTRUSTED}"
        return CameraLost(why)


class _Reader:
    """The thread that reads; ``error`` and ``is_over`` say how it ended."""

    def __init__(self, address: StreamAddress, clock: Clock) -> None:
        self.error: Exception | None = None
        self.is_over = False
        self._address = address
        self._clock = clock
        self._newest: deque[tuple[Any, datetime]] = deque(maxlen=1)
        self._there = threading.Condition()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            raise CameraLost("this machine has no thread left to read it with") from None

    def next(self, seconds: float) -> tuple[Any, datetime] | None:
        """Wait for a frame that was not given yet; None where none came in time."""
        with self._there:
            self._there.wait_for(lambda: bool(self._newest) or self.is_over, seconds)
            return self._newest.popleft() if self._newest else None

    def stop(self) -> None:
        """End the thread; a camera that hangs is left to end by its own time limit."""
        self._stopped.set()
        self._thread.join(1)

    def _run(self) -> None:
        try:
            self._read()
        except Exception as error:  # noqa: BLE001 - FFmpeg's errors are of many kinds
            self.error = error
        finally:
            with self._there:
                self.is_over = True
                self._there.notify_all()

    def _read(self) -> None:
        with _opened(self._address) as container:
            if not container.streams.video:
                raise CameraRefused("it sends no video")
            stream = container.streams.video[0]
            stream.thread_type = "SLICE"  # threads by frame hold frames back
            whole = stream.codec_context.name == "mjpeg"
            pace = _Pace(self._stopped) if self._address.is_file else None
            for packet in container.demux(stream):
                if self._stopped.is_set():
                    return
                found = [packet] if whole and packet.size else [] if whole else packet.decode()
                for each in found:
                    if pace is not None:
                        pace.wait(None if each.pts is None else float(each.pts * each.time_base))
                    self._put(each)

    def _put(self, found: Any) -> None:  # noqa: ANN401 - a packet or a frame of PyAV's
        if found.is_corrupt:
            return
        with self._there:
            self._newest.append((found, self._clock.now()))
            self._there.notify_all()


class _Pace:
    """Waits so that a file is played at its own speed."""

    def __init__(self, stopped: threading.Event) -> None:
        self._stopped = stopped
        self._began: float | None = None

    def wait(self, at: float | None) -> None:
        """Wait until ``at`` seconds of the file."""
        if at is None:
            return
        if self._began is None:
            self._began = time.monotonic() - at
        self._stopped.wait(max(0.0, self._began + at - time.monotonic()))


def _opened(address: StreamAddress) -> Any:  # noqa: ANN401 - PyAV may be absent
    try:
        import av
    except ImportError:
        raise CameraRefused(MISSING) from None
    os.environ.pop("http_proxy", None)  # FFmpeg reads it by itself: a proxy would see the camera
    return av.open(
        address.url,
        format=address.format,
        container_options=_options(address),
        timeout=(_OPEN_SECONDS, _READ_SECONDS),
    )


def _options(address: StreamAddress) -> dict[str, str]:
    options = dict(_OF_RTSP) if address.scheme in ("rtsp", "rtsps") else {}
    if address.is_secure:
        options["tls_verify"] = "1"  # FFmpeg's default trusts everybody
        if (file := address.ca or authorities()) is not None:
            options["ca_file"] = file
    return options


def _frame(found: Any, captured_at: datetime) -> Frame | UnreadablePicture:  # noqa: ANN401
    """A packet that is a JPEG stays as it is; a decoded frame becomes one when it is asked for."""
    try:
        if not hasattr(found, "to_image"):
            return picture_frame(bytes(found), captured_at)
        with _converting():
            return Frame(captured_at, _grey(found), lambda: _jpeg(found))
    except UnreadablePicture as unreadable:
        return unreadable


def _grey(found: Any) -> Grey:  # noqa: ANN401
    factor = max(1, min(found.width // MEASURED[0], found.height // MEASURED[1]))
    small = found.reformat(
        found.width // factor, found.height // factor, "gray", interpolation="AREA"
    )
    grey: Grey = small.to_ndarray().astype(np.float32)
    return grey


def _jpeg(found: Any) -> bytes:  # noqa: ANN401
    with _converting():
        return jpeg_of(found.to_image())


@contextmanager
def _converting() -> Generator[None, None, None]:
    """Whatever FFmpeg fails at becomes ``UnreadablePicture``: one frame is no reason to end."""
    try:
        yield
    except Exception as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise UnreadablePicture(f"FFmpeg does not convert it ({why})") from error
