"""A burst: a few frames of about a second, spread over it, each the sharpest of its time."""

import math
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.agent.frames import Frame
from app.agent.sharpness import sharpness


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    frame: Frame
    part: int
    sharpness: float


class Gathering:
    """Collects frames and keeps ``most`` of them, in memory for no more than that many.

    The time of the burst has ``most`` equal parts. Where one frame more comes, the least sharp goes
    of the part that has the most. So a fast camera leaves the sharpest frame of each part, and a
    camera that sends few pictures, or all at once, leaves them all.
    """

    def __init__(self, *, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._kept: list[_Kept] = []
        self._began: float | None = None
        self._first: datetime | None = None

    def add(self, frame: Frame, *, at: float) -> None:
        """Add a frame, which arrived ``at`` this second of a monotonic clock."""
        if self._began is None:
            self._began = at
        if self._first is None:
            self._first = frame.captured_at
        offset = (frame.captured_at - self._first).total_seconds()
        part = math.floor(offset * self._most / self._seconds) if self._seconds else 0
        self._kept.append(_Kept(frame, part, sharpness(frame.grey)))
        if len(self._kept) > self._most:
            sizes = Counter(kept.part for kept in self._kept)
            self._kept.remove(min(self._kept, key=lambda each: (-sizes[each.part], each.sharpness)))

    def is_due(self, *, at: float) -> bool:
        """Whether the burst is over: ``seconds`` have passed since its first frame."""
        return self._began is not None and at - self._began >= self._seconds

    def take(self, *, now: datetime, max_age: timedelta) -> list[Frame]:
        """The frames that are no older than ``max_age``, oldest first; the next burst is empty."""
        frames = sorted((kept.frame for kept in self._kept), key=lambda each: each.captured_at)
        self.clear()
        return [frame for frame in frames if now - frame.captured_at <= max_age]

    def clear(self) -> None:
        """Forget the frames."""
        self._kept, self._began, self._first = [], None, None
