"""Asks the service at one door: a burst is sent once, and never again."""

import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, Self

import httpx
from PIL import Image

from app.agent.addresses import http_address, trusted
from app.agent.frames import Frame, jpeg_of
from app.agent.polled import why
from app.agent.waits import bounded
from app.core.clock import Clock
from app.errors import Conflict, Forbidden, InvalidRequest, NotFound, Unauthenticated

_SECONDS: Final = 5.0
_LONGEST_WAIT: Final = 60.0
_LONGEST_REPORT: Final = 3600.0
_AWAY: Final = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
_OF_THIS_BURST: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
_BLANK: Final = (64, 64)


class ServiceAway(Exception):
    """The service gives no answer now, and may later; ``wait`` is the number of seconds it asks
    for.
    """

    def __init__(self, why: str, *, wait: float = 0) -> None:
        super().__init__(why)
        self.wait = wait


class BurstRefused(Exception):
    """The service did not take these frames; the next may be taken."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The service's answer, as it came."""

    answer: dict[str, Any]
    seconds: float
    """Seconds since the frames were sent."""
    clock_differs: float
    """Seconds that the clock of the service is ahead of this machine's, to about one."""

    @property
    def is_late(self) -> bool:
        """Whether it is a grant that had ended when it came. No clock of this machine is asked: the
        time that the answer took is compared with the time for which the grant holds.
        """
        until, at = self.answer.get("valid_until"), self.answer.get("decided_at")
        if not until or not at:
            return False
        held = datetime.fromisoformat(until) - datetime.fromisoformat(at)
        return self.seconds >= held.total_seconds()


class DoorOfService:
    """``POST /v1/doors/{door}/decisions`` and ``health`` with one key, over connections that are
    kept. Thread-safe.
    """

    def __init__(self, url: str, door: str, key: str, clock: Clock) -> None:
        address = http_address(url)
        self.shown = address.shown
        self._door = door
        self._clock = clock
        self._client = httpx.Client(
            base_url=f"{address.url.rstrip('/')}/v1",
            headers={"Authorization": f"Bearer {key}"},
            timeout=_SECONDS,
            verify=trusted(),
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._client.close()

    def check(self) -> Decided:
        """Ask with an empty picture, as a dry run that grants and records nothing: a wrong key, or
        a door that is not there, must be found before somebody stands at the door.
        """
        blank = jpeg_of(Image.new("L", _BLANK, 128))
        return self._ask([blank], [self._clock.now()], dry_run=True)

    def decide(self, frames: Sequence[Frame]) -> Decided:
        """The decision on a burst. ``ServiceAway``, ``BurstRefused``, ``UnreadablePicture``, or an
        ``AppError`` that any other burst would get as well.
        """
        pictures = [frame.encoded() for frame in frames]
        return self._ask(pictures, [frame.captured_at for frame in frames], dry_run=False)

    def report(self, state: str, detail: str | None) -> float:
        """Report the state of the agent; returns the seconds until the next report is due. Raises
        the same errors as ``decide``, but for ``UnreadablePicture``.
        """
        body = {"state": state, "detail": detail}
        try:
            answer = self._client.post(f"/doors/{self._door}/health", json=body)
        except httpx.HTTPError as error:
            raise ServiceAway(why(error)) from None
        if answer.status_code != HTTPStatus.OK:
            raise self._refusal(answer)
        try:
            return bounded(answer.json()["next_in_s"], 1.0, _LONGEST_REPORT)
        except (ValueError, KeyError, TypeError):
            raise InvalidRequest(f"{self.shown} answers, and is no Kith; correct --url.") from None

    def _ask(self, pictures: list[bytes], taken: list[datetime], *, dry_run: bool) -> Decided:
        fields: dict[str, Any] = {"captured_at": [each.isoformat() for each in taken]}
        if dry_run:
            fields["dry_run"] = "true"
        files = [("images", (f"{n}", io.BytesIO(data))) for n, data in enumerate(pictures)]
        began = time.monotonic()
        try:
            answer = self._client.post(f"/doors/{self._door}/decisions", data=fields, files=files)
        except httpx.HTTPError as error:
            raise ServiceAway(why(error)) from None
        if answer.status_code != HTTPStatus.OK:
            raise self._refusal(answer)
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict) or "decision" not in found:
            raise InvalidRequest(f"{self.shown} answers, and is no Kith; correct --url.")
        return Decided(found, time.monotonic() - began, self._clock_differs(answer))

    def _clock_differs(self, answer: httpx.Response) -> float:
        try:
            there = parsedate_to_datetime(answer.headers["date"]).replace(tzinfo=UTC)
        except (KeyError, ValueError, OverflowError):
            return 0.0
        return (there - self._clock.now()).total_seconds()

    def _refusal(self, answer: httpx.Response) -> Exception:
        status, detail = answer.status_code, _detail(answer)
        if status == HTTPStatus.NOT_IMPLEMENTED:
            return InvalidRequest(f"{self.shown} answers, and is no Kith; correct --url.")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _AWAY:
            return ServiceAway(detail, wait=_retry_after(answer))
        if status in _OF_THIS_BURST:
            return BurstRefused(detail)
        door = f"door {self._door!r} of {self.shown}"
        if status == HTTPStatus.UNAUTHORIZED:
            return Unauthenticated(
                f"The key is not known at {self.shown}: it is wrong, was revoked, or has expired. "
                "Give another one in KITH_KEY."
            )
        if status == HTTPStatus.FORBIDDEN:
            return Forbidden(f"The key may not ask at the {door}: {detail}")
        if status == HTTPStatus.NOT_FOUND:
            return NotFound(f"The {door} is not there for this key: {detail}")
        if status == HTTPStatus.CONFLICT:
            return Conflict(f"The {door} cannot be asked: {detail}")
        return InvalidRequest(f"{self.shown} answered {status}; correct --url.")


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"it answered {answer.status_code}"


def _retry_after(answer: httpx.Response) -> float:
    try:
        return bounded(answer.headers["retry-after"], 0.0, _LONGEST_WAIT)
    except (KeyError, ValueError):
        return 0.0
