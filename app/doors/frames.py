"""The frames of a burst: which are used, and which face of each. Pure.

The subject is the largest face of the sharpest frame. In the other frames it is followed by
similarity, not by its place: of several faces the one most like the subject is taken. Where that
is somebody else, the frame speaks against the subject, and the rule of agreement sees it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from app.access.policy_repository import DoorSettings
from app.core.sealing import Box
from app.index.base import Vectors
from app.inference.analyser import Analysis
from app.inference.quality_policy import QualityPolicy
from app.inference.subject import RIVAL
from app.reasons import DoorReason

_AHEAD: Final = timedelta(seconds=1)
"""How far the clock of a camera may be ahead."""
_STILL: Final = 1e-5
"""How far the cosine of two embeddings of one picture may be from 1: the product is rounded by
5e-7, and a picture saved as JPEG once more, at quality 100, was 1.9e-4 away at least."""


@dataclass(frozen=True, slots=True)
class FrameFace:
    """A face of a frame: its ``width`` in pixels, its ``sharpness`` (0 to 1), and its ``embedding``
    (d,), which is None where the face is too bad to be compared. ``is_doubted``: if it is like
    nobody, it is no stranger, since anybody could have it.
    """

    width: float
    sharpness: float
    embedding: Vectors | None
    is_doubted: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """An image's SHA-256, when it was taken, and its largest faces, largest first; the image itself
    ``sealed``, where it may have to be kept.
    """

    digest: str
    taken_at: datetime
    faces: tuple[FrameFace, ...] = ()
    sealed: Box | None = None

    @property
    def largest(self) -> Vectors | None:
        """The embedding (d,) of the largest face, if it can be compared."""
        return self.faces[0].embedding if self.faces else None


@dataclass(frozen=True, slots=True)
class Burst:
    """The ``used`` frames by time, the subject's embeddings in them (k, d), and what is ``wrong``;
    where something is, nobody is looked for. ``is_doubted``: the subject's face is in every frame.
    """

    used: tuple[Frame, ...] = ()
    probes: Vectors | None = None
    wrong: frozenset[DoorReason] = frozenset()
    is_doubted: bool = False

    @property
    def span(self) -> timedelta:
        """The time from the first used frame to the last."""
        return self.used[-1].taken_at - self.used[0].taken_at if self.used else timedelta(0)

    def enough_since(self, settings: DoorSettings) -> datetime | None:
        """When the oldest was taken of the newest ``min_used`` frames: while that one is not stale,
        there are enough.
        """
        needed = settings.min_used
        return self.used[-needed].taken_at if len(self.used) >= needed else None


def faces_of(analysis: Analysis, quality: QualityPolicy) -> tuple[FrameFace, ...]:
    """The faces of an image; one without measured quality counts as sharp."""
    return tuple(
        FrameFace(
            each.sample.box.width,
            each.sample.quality.sharpness if each.sample.quality else 1.0,
            each.embedding,
            is_doubted=bool(quality.doubts(each.sample.quality)),
        )
        for each in analysis.faces
    )


def is_stale(frame: Frame, at: datetime, settings: DoorSettings) -> bool:
    """Whether a frame is too old at an instant, or from the future."""
    return not -_AHEAD <= at - frame.taken_at <= settings.max_age


def distinct(frames: Sequence[Frame]) -> list[Frame]:
    """The frames without copies: the same bytes twice are no further evidence."""
    return list({frame.digest: frame for frame in reversed(frames)}.values())[::-1]


def moving(frames: Sequence[Frame]) -> list[Frame]:
    """The frames without stills: a largest face with the embedding of an earlier one's is the same
    picture in another file, and no further evidence.
    """
    kept: list[Frame] = []
    for frame in sorted(frames, key=lambda frame: frame.taken_at):
        face = frame.largest
        earlier = [each.largest for each in kept]
        if face is None or all(
            other is None or float(other @ face) < 1 - _STILL for other in earlier
        ):
            kept.append(frame)
    return kept


def missing(frames: Sequence[Frame], settings: DoorSettings) -> int:
    """How many more frames are needed for a decision; 0: these are enough.

    Frames whose largest face can be compared count; one more is needed where they span too short a
    time.
    """
    usable = sorted(frame.taken_at for frame in frames if frame.largest is not None)
    lacking = settings.min_used - len(usable)
    if lacking > 0:
        return lacking
    return int(usable[-1] - usable[0] < settings.min_span)


def burst_of(frames: Sequence[Frame], settings: DoorSettings) -> Burst:
    """The burst of fresh and distinct frames that move."""
    seen = [frame for frame in frames if frame.faces]
    usable = sorted(
        (frame for frame in seen if frame.largest is not None), key=lambda frame: frame.taken_at
    )
    wrong = _wrong(len(frames), len(seen), len(usable), settings)
    if wrong is not None:
        return Burst(tuple(usable), wrong=frozenset({wrong}))
    sharpest = max(usable, key=lambda frame: (frame.faces[0].sharpness, frame.faces[0].width))
    followed = [_followed(frame, sharpest) for frame in usable]
    subject = [frame.faces[row] for frame, row in zip(usable, followed, strict=True)]
    probes = np.array([face.embedding for face in subject])
    burst = Burst(tuple(usable), probes, is_doubted=all(face.is_doubted for face in subject))
    if burst.span < settings.min_span:
        return Burst(tuple(usable), wrong=frozenset({DoorReason.TOO_FEW_FRAMES}))
    if settings.refuses_second_face and any(map(_has_rival, usable, followed)):
        return Burst(tuple(usable), wrong=frozenset({DoorReason.MULTIPLE_FACES}))
    return burst


def _wrong(received: int, seen: int, usable: int, settings: DoorSettings) -> DoorReason | None:
    counted = (
        (received, DoorReason.TOO_FEW_FRAMES),
        (seen, DoorReason.NO_FACE),
        (usable, DoorReason.LOW_QUALITY),
    )
    return next((reason for count, reason in counted if count < settings.min_used), None)


def _followed(frame: Frame, sharpest: Frame) -> int:
    """The row of the face most like the subject, which is the largest of the sharpest frame."""
    if frame is sharpest:
        return 0
    subject = sharpest.faces[0]
    return int(np.argmax([_likeness(face, subject) for face in frame.faces]))


def _likeness(one: FrameFace, other: FrameFace) -> float:
    """The similarity of two faces; the least there is where one cannot be compared."""
    if one.embedding is None or other.embedding is None:
        return -np.inf
    return float(one.embedding @ other.embedding)


def _has_rival(frame: Frame, row: int) -> bool:
    """Whether another face of the frame is nearly as large as the followed one, or larger."""
    least = RIVAL * frame.faces[row].width
    return any(face.width >= least for other, face in enumerate(frame.faces) if other != row)
