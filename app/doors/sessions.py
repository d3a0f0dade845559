"""Frames that come one request at a time: the last few seconds of each session, in memory.

A replica knows only the frames that came to it, so a session needs more frames where its requests
go to several replicas. Embeddings are kept, and sealed images where the operator wants them;
nothing goes to a disk.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, NamedTuple

from app.decision.burst import MOST_FRAMES
from app.doors.frames import Frame

LASTS: Final = timedelta(seconds=3)
_MOST: Final = 1000
"""Sessions at once; the oldest goes for a new one. A frame holds a few kilobytes."""
MOST_SEALED: Final = 256 * 1024**2
"""Most bytes of sealed images of all sessions; above it the oldest session is dropped."""


class SessionKey(NamedTuple):
    """A session is of one key at one door, so that nobody adds to another's; and a trial takes no
    frames of what is meant.
    """

    caller_id: str
    door_key: int
    id: str
    is_trial: bool


@dataclass(slots=True)
class _Session:
    last_at: datetime
    received: int = 0
    frames: dict[str, tuple[datetime, Frame]] = field(default_factory=dict)

    @property
    def sealed(self) -> int:
        """Bytes of sealed images."""
        boxes = (frame.sealed for _, frame in self.frames.values())
        return sum(len(box.content) for box in boxes if box is not None)


@dataclass(frozen=True, slots=True)
class Gathered:
    """The ``frames`` of a session so far and how many were ``received``; ``need`` is how many more
    it needs, and 0 where they were taken for a decision.
    """

    frames: list[Frame]
    received: int
    need: int


class Sessions:
    """The sessions of this process. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sessions: OrderedDict[SessionKey, _Session] = OrderedDict()
        self._sealed = 0

    def add(
        self,
        key: SessionKey,
        frames: Sequence[Frame],
        *,
        at: datetime,
        is_stale: Callable[[Frame], bool],
        missing: Callable[[Sequence[Frame]], int],
    ) -> Gathered:
        """Add ``frames``. Where ``missing`` then says 0, all are given, to this caller alone, and
        the session ends; a later frame begins another. What ``is_stale`` is left out.
        """
        with self._lock:
            found = self._sessions.setdefault(key, _Session(at))
            found.last_at = at
            self._sessions.move_to_end(key)
            self._forget_abandoned(at)
            kept = {
                digest: (came, frame)
                for digest, (came, frame) in found.frames.items()
                if at - came <= LASTS and not is_stale(frame)
            }
            if not kept:
                found.received = 0
            found.received += len(frames)
            for frame in frames:
                kept.setdefault(frame.digest, (at, frame))
            while len(kept) > MOST_FRAMES:  # the first stays, for the time that the frames span
                del kept[list(kept)[1]]
            self._sealed -= found.sealed
            found.frames = kept
            self._sealed += found.sealed
            gathered = [frame for _, frame in kept.values()]
            need = missing(gathered)
            if not need:
                self._forget(key)
            elif len(self._sessions) > _MOST:
                self._forget_oldest()
            while self._sealed > MOST_SEALED and len(self._sessions) > 1:
                self._forget_oldest()
            return Gathered(gathered, found.received, need)

    def _forget_abandoned(self, at: datetime) -> None:
        """No frame of theirs would count any more. The longest unused are first."""
        while at - next(iter(self._sessions.values())).last_at > LASTS:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        self._forget(next(iter(self._sessions)))

    def _forget(self, key: SessionKey) -> None:
        self._sealed -= self._sessions.pop(key).sealed
