"""A door: frames become a decision, and a lock opens while a grant holds, and at no other time.

Nothing here opens a door when in doubt: no answer, an error, an old frame, a late grant.
"""

import time
import uuid
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack

from kith_client.bursts import Burst, Frame, frame_of
from kith_client.calls import Call
from kith_client.errors import KithError
from kith_client.images import Image
from kith_client.models import CredentialField, DoorDecisionView
from kith_client.operations import Operations

if TYPE_CHECKING:
    from kith_client.client import AsyncKith, Kith

MAX_AGE: Final = 1.5
"""Seconds after which a frame is not sent; a door's own ``max_age_ms`` is 2000 by default, and Kith
takes some of it."""


class FramesTooOld(KithError):
    """No frame was young enough to be sent: the camera or what reads it is behind."""


@dataclass(frozen=True)
class Decision:
    """The answer of a door, and until when a lock may act on it."""

    answer: DoorDecisionView
    opens_until: float
    """Time of ``time.monotonic``; counted from when the question was sent, so that neither a slow
    answer nor a wrong clock makes a grant longer."""

    @property
    def granted(self) -> bool:
        """Whether the door may open now. Ask at the moment of opening: a grant ends."""
        return self.answer.decision == "granted" and time.monotonic() < self.opens_until

    @property
    def person_id(self) -> str | None:
        """The person, where the reason names one."""
        return self.answer.person.id if self.answer.person else None

    def __str__(self) -> str:
        of = f" {self.person_id}" if self.person_id else ""
        return f"{self.answer.decision}: {self.answer.reason or 'more frames'}{of}"


class Claim(TypedDict, total=False):
    """A person or credential presented with the face, at a door in mode ``verify``; and whether
    nothing is to be remembered, so that no lock may act on it.
    """

    person_id: str
    credential: CredentialField
    dry_run: bool


class DoorOptions(TypedDict, total=False):
    """Bounds of a door's bursts; ``_Door`` says what each is."""

    most: int
    seconds: float
    max_age: float
    timeout: float


class _Gathering:
    """Fills a burst with pictures, as long as it takes them."""

    def __init__(self, burst: Burst, seconds: float, max_age: float) -> None:
        self.burst = burst
        self._max_age = max_age
        self._end = time.monotonic() + seconds + max_age

    def take(self, picture: Frame | Image) -> bool:
        """Take a picture; False once the burst is full. One that is already old begins none."""
        frame = frame_of(picture)
        if frame.age >= self._max_age:
            return time.monotonic() < self._end
        return self.burst.add(frame)


class _Door:
    """The half that both doors share: what is sent, and how long it is worth sending."""

    def __init__(
        self,
        door_id: str,
        *,
        most: int = 5,
        seconds: float = 0.8,
        max_age: float = MAX_AGE,
        timeout: float = 2.0,
    ) -> None:
        """A door that sends at most ``most`` frames of ``seconds``, none older than ``max_age``
        seconds, and raises an error where no answer came within ``timeout`` seconds.
        """
        self.id = door_id
        self._timeout = timeout
        self._max_age = max_age
        self._most = most
        self._seconds = seconds

    def _gathering(self) -> "_Gathering":
        return _Gathering(
            Burst(most=self._most, seconds=self._seconds), self._seconds, self._max_age
        )

    def _call(self, frames: Sequence[Frame], fields: Mapping[str, Any]) -> Call[DoorDecisionView]:
        """The question, which may be sent again as long as its frames are young."""
        young = [frame for frame in frames if frame.age < self._max_age]
        if not young:
            raise FramesTooOld(f"The camera gave no frame younger than {self._max_age} s.")
        call = Operations.decide_at_door.call(
            self.id,
            [frame.data for frame in young],
            captured_at=[frame.captured_at for frame in young],
            **fields,
        )
        end = min(young[0].taken + self._max_age, time.monotonic() + self._timeout)
        return replace(call, repeatable=True, before=end, timeout=self._timeout)


class Door(_Door):
    """A door of the service, for a ``Kith``."""

    def __init__(self, kith: "Kith", door_id: str, **options: Unpack[DoorOptions]) -> None:
        super().__init__(door_id, **options)
        self._kith = kith

    def decide(self, pictures: Iterable[Frame | Image], **claim: Unpack[Claim]) -> Decision:
        """The decision on the best of these pictures.

        ``pictures`` is read until its burst is over, so it may be a camera that never ends. A
        picture without a time is taken for one of the moment at which it was read.
        """
        gathering = self._gathering()
        for picture in pictures:
            if not gathering.take(picture):
                break
        return self._ask(gathering.burst.frames(), **claim)

    def visit(self, **claim: Unpack[Claim]) -> "Visit":
        """Somebody who stands there, for a camera that gives pictures one by one."""
        return Visit(self, claim)

    def _ask(self, frames: Sequence[Frame], **fields: Any) -> Decision:  # noqa: ANN401
        call, asked = self._call(frames, fields), time.monotonic()
        return _decision(self._kith.run(call), asked)


class Visit:
    """Show pictures one by one, until the answer is another than ``pending``."""

    def __init__(self, door: Door, claim: Claim) -> None:
        self._door = door
        self._fields = {**claim, "session": uuid.uuid4().hex}

    def show(self, picture: Frame | Image) -> Decision:
        """The decision, which is ``pending`` as long as more frames are needed."""
        return self._door._ask([frame_of(picture)], **self._fields)  # noqa: SLF001


class AsyncDoor(_Door):
    """``Door``, for an ``AsyncKith``."""

    def __init__(self, kith: "AsyncKith", door_id: str, **options: Unpack[DoorOptions]) -> None:
        super().__init__(door_id, **options)
        self._kith = kith

    async def decide(
        self,
        pictures: Iterable[Frame | Image] | AsyncIterable[Frame | Image],
        **claim: Unpack[Claim],
    ) -> Decision:
        """The decision on the best of these pictures, which may come one by one."""
        gathering = self._gathering()
        if isinstance(pictures, AsyncIterable):
            async for picture in pictures:
                if not gathering.take(picture):
                    break
        else:
            for picture in pictures:
                if not gathering.take(picture):
                    break
        return await self._ask(gathering.burst.frames(), **claim)

    def visit(self, **claim: Unpack[Claim]) -> "AsyncVisit":
        """Somebody who stands there, for a camera that gives pictures one by one."""
        return AsyncVisit(self, claim)

    async def _ask(self, frames: Sequence[Frame], **fields: Any) -> Decision:  # noqa: ANN401
        call, asked = self._call(frames, fields), time.monotonic()
        return _decision(await self._kith.run(call), asked)


class AsyncVisit:
    """``Visit``, for an ``AsyncKith``."""

    def __init__(self, door: AsyncDoor, claim: Claim) -> None:
        self._door = door
        self._fields = {**claim, "session": uuid.uuid4().hex}

    async def show(self, picture: Frame | Image) -> Decision:
        """The decision, which is ``pending`` as long as more frames are needed."""
        return await self._door._ask([frame_of(picture)], **self._fields)  # noqa: SLF001


def _decision(answer: DoorDecisionView, asked: float) -> Decision:
    if answer.decision != "granted" or answer.valid_until is None:
        return Decision(answer, asked)
    return Decision(answer, asked + (answer.valid_until - answer.decided_at).total_seconds())
