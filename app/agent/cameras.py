"""The port of every source of frames, and the ways in which it fails."""

from collections.abc import Generator
from typing import Protocol

from app.agent.frames import Frame, UnreadablePicture

Seen = Frame | UnreadablePicture | None
"""A frame, one that cannot be read, or none yet."""


class CameraLost(Exception):
    """The camera does not answer now, and may later; the text says why, without its address."""


class CameraRefused(Exception):
    """The camera will not answer, however long one waits: a wrong password, a path that is not
    there. The text says what to do.
    """


class Camera(Protocol):
    """A source of frames. ``frames`` is called again after ``CameraLost``."""

    shown: str
    """Its address for people: without a user and a password."""
    decides_what_moved: bool
    """Whether the camera gives a picture only where something happened; then none is left out."""

    def frames(self) -> Generator[Seen, None, None]:
        """Each frame as it comes, or why it cannot be read; None about ten times a second where
        there is none. It ends with the last frame. ``CameraLost`` and ``CameraRefused`` where it
        fails.
        """
        ...
