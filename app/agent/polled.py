"""Reads an address that answers with the newest picture each time, such as ``latest.jpg``."""

import hashlib
import time
from collections.abc import Generator
from http import HTTPStatus
from typing import Final

import httpx

from app.agent.addresses import UNTRUSTED, HttpAddress
from app.agent.cameras import CameraLost, CameraRefused, Seen
from app.agent.frames import MOST_BYTES, UnreadablePicture, picture_frame
from app.core.clock import Clock

_SECONDS: Final = 5.0
_TICK: Final = 0.1
_ASKS_FOR_A_USER: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class NoSinglePicture(Exception):
    """The address does not answer with a picture, but, say, with a stream."""


class PolledCamera:
    """Asks ``rate`` times a second; a picture that is the same as the last one is left out."""

    decides_what_moved = False

    def __init__(self, address: HttpAddress, clock: Clock, *, rate: float) -> None:
        self.shown = address.shown
        self._address = address
        self._clock = clock
        self._every = 1 / rate
        self._worked = False
        self._last = b""

    def frames(self) -> Generator[Seen, None, None]:
        """Give each new picture. ``NoSinglePicture`` where the first answer is none."""
        with self._address.client(_SECONDS) as client:
            while True:
                began = time.monotonic()
                yield self._ask(client)
                while (left := began + self._every - time.monotonic()) > 0:
                    time.sleep(min(left, _TICK))
                    yield None

    def _ask(self, client: httpx.Client) -> Seen:
        asked_at = self._clock.now()
        try:
            with client.stream("GET", self._address.url) as answer:
                self._check(answer)
                data = _whole(answer)
        except httpx.HTTPError as error:
            said = why(error)
            raise CameraLost(f"{said}; {UNTRUSTED}" if "certificate" in said else said) from None
        digest = hashlib.sha256(data).digest()
        if digest == self._last:
            return None
        self._last = digest
        try:
            frame = picture_frame(data, asked_at)
        except UnreadablePicture as unreadable:
            return unreadable
        self._worked = True
        return frame

    def _check(self, answer: httpx.Response) -> None:
        status = answer.status_code
        if status == HTTPStatus.OK:
            kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
            if not kind.startswith("image/") and not self._worked:
                raise NoSinglePicture
            return
        if status in _ASKS_FOR_A_USER:
            raise CameraRefused(
                f"it answered {status}: give it a user and a password that may see the picture, "
                "as in http://user:password@camera/latest.jpg"
            )
        if status < HTTPStatus.INTERNAL_SERVER_ERROR and not self._worked:
            raise CameraRefused(f"it answered {status}; correct the address")
        raise CameraLost(f"it answered {status}")


def _whole(answer: httpx.Response) -> bytes:
    data = bytearray()
    for piece in answer.iter_bytes():
        data += piece
        if len(data) > MOST_BYTES:
            raise CameraRefused(f"its picture has more than {MOST_BYTES:,} bytes")
    return bytes(data)


def why(error: httpx.HTTPError) -> str:
    """The error in words without an address, which may hold a password."""
    if isinstance(error, httpx.TimeoutException):
        return "it did not answer in time"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return "the connection broke"
