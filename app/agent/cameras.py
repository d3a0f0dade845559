"""The port of every source of frames, and how it may fail."""

from collections.abc import Generator
from typing import Protocol

from app.agent.frames import Frame


class CameraLost(Exception):
    """The camera does not answer now, and may later; the text says why, without its address."""


class CameraRefused(Exception):
    """No waiting helps: a wrong password, a path that is not there; the text says what to do."""


class Camera(Protocol):
    """A source of frames. ``frames`` is called again after ``CameraLost``."""

    shown: str
    """Its address for people: without a user and a password."""
    decides_what_moved: bool
    """Whether it gives a picture only where something happened, so that nothing is left out."""

    def frames(self) -> Generator[Frame | None, None, None]:
        """Each frame as it comes; None about ten times a second where there is none. It ends where
        there will be no more. ``CameraLost`` and ``CameraRefused`` where it fails.
        """
        ...
