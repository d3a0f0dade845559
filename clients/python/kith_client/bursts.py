"""Frames of a camera: each with its time, and of many the best few."""

import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from kith_client.images import Image, as_file

MOST: Final = 8
"""Frames that a request may have."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture as a file, and when it was taken.

    ``captured_at`` is for Kith, by a clock that follows NTP. ``taken`` is the same moment by
    ``time.monotonic``, which no correction of a clock moves: this client goes by it.
    """

    data: bytes = field(repr=False)
    captured_at: datetime
    taken: float

    @classmethod
    def now(cls, image: Image) -> "Frame":
        """A picture that was taken at this moment; encoding it costs no freshness."""
        captured_at, taken = datetime.now(UTC), time.monotonic()
        return cls(as_file(image, "frame")[1], captured_at, taken)

    @classmethod
    def at(cls, image: Image, captured_at: datetime) -> "Frame":
        """A picture whose camera says when it was taken, such as a recorder's."""
        age = (datetime.now(UTC) - captured_at).total_seconds()
        return cls(as_file(image, "frame")[1], captured_at, time.monotonic() - age)

    @property
    def age(self) -> float:
        """Seconds since it was taken."""
        return time.monotonic() - self.taken


def frame_of(picture: "Frame | Image") -> Frame:
    """A frame as it is; a picture without a time is taken for one of this moment."""
    return picture if isinstance(picture, Frame) else Frame.now(picture)


class Burst:
    """The best frames of some time: it has ``most`` equal parts, and of each the sharpest stays.

    Of one camera's frames the sharpest is the one with the most bytes: blur leaves a compressed
    picture less to store. So nothing is decoded.
    """

    def __init__(self, *, most: int = 5, seconds: float = 1.0) -> None:
        if not 1 <= most <= MOST:
            raise ValueError(f"a burst has 1 to {MOST} frames, and not {most}")
        self._most = most
        self._seconds = seconds
        self._frames: list[Frame] = []

    def add(self, frame: Frame) -> bool:
        """Take a frame; False once the time of the burst is over, and it is not taken."""
        if self._frames and frame.taken - self._frames[0].taken >= self._seconds:
            return False
        self._frames.append(frame)
        if len(self._frames) > self._most:
            sizes = Counter(map(self._part, self._frames))
            worst = min(self._frames[1:], key=lambda f: (-sizes[self._part(f)], len(f.data)))
            self._frames.remove(worst)
        return True

    def frames(self) -> Sequence[Frame]:
        """Those that are kept, oldest first."""
        return tuple(sorted(self._frames, key=lambda frame: frame.taken))

    def _part(self, frame: Frame) -> int:
        return math.floor((frame.taken - self._frames[0].taken) * self._most / self._seconds)
