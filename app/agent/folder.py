"""A folder in which a camera drops pictures, or whose pictures are shown as if taken now."""

import os
import time
from collections.abc import Generator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from app.agent.cameras import CameraLost, CameraRefused, Seen
from app.agent.frames import MOST_BYTES, UnreadablePicture, picture_frame
from app.core.clock import Clock, instant_of

_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
_LOOK_SECONDS: Final = 0.1
_Look = dict[str, tuple[int, int]]
"""Each picture: its name, its size in bytes and its time of change in nanoseconds."""


class FolderCamera:
    """Gives each picture that comes into the folder once, and again where it is replaced.

    Pictures that were there before show nobody who is at the door now, and are passed over. A
    picture counts when it has not changed between two looks: a camera writes slowly. It was taken
    at the time of its file.
    """

    decides_what_moved = True

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.shown = f"dir:{folder}"
        self._folder = folder
        self._clock = clock
        self._given: _Look | None = None

    def frames(self) -> Generator[Seen, None, None]:
        """Give the new pictures in the order of their times."""
        before: _Look = {}
        while True:
            now = self._look()
            if self._given is None:
                self._given = now
            new = [name for name, seen in now.items() if self._given.get(name) != seen]
            for name in sorted(new, key=lambda each: now[each][1]):
                if before.get(name) == now[name]:
                    self._given[name] = now[name]
                    if frame := self._frame(name, now[name][1]):
                        yield frame
            self._given = {name: seen for name, seen in self._given.items() if name in now}
            before = now
            yield None
            time.sleep(_LOOK_SECONDS)

    def _look(self) -> _Look:
        try:
            return looked(self._folder)
        except OSError as error:
            if self._given is None:
                raise CameraRefused(_why_no_folder(self._folder, error)) from None
            raise CameraLost(f"{error.strerror}") from None

    def _frame(self, name: str, changed: int) -> Seen:
        taken = min(instant_of(changed // 1000), self._clock.now())
        return _read(self._folder / name, taken)


class ReplayedFolder:
    """Shows the pictures of a folder once, in the order of their names, as if taken now."""

    decides_what_moved = True

    def __init__(self, folder: Path, clock: Clock, *, rate: float) -> None:
        self.shown = f"dir:{folder}"
        self._folder = folder
        self._clock = clock
        self._pause = 1 / rate

    def frames(self) -> Generator[Seen, None, None]:
        """Give each picture, and end."""
        try:
            names = sorted(looked(self._folder))
        except OSError as error:
            raise CameraRefused(_why_no_folder(self._folder, error)) from None
        if not names:
            raise CameraRefused(f"there is no picture ({', '.join(_SUFFIXES)}) in the folder")
        for name in names:
            if frame := _read(self._folder / name, self._clock.now()):
                yield frame
            time.sleep(self._pause)


def looked(folder: Path) -> _Look:
    """The pictures of ``folder``; hidden ones are unfinished. ``OSError`` where it is not there."""
    found: _Look = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.lower().endswith(_SUFFIXES) and not entry.name.startswith("."):
                with suppress(FileNotFoundError):  # removed since
                    about = entry.stat()
                    found[entry.name] = (about.st_size, about.st_mtime_ns)
    return found


def _read(file: Path, taken: datetime) -> Seen:
    """The frame of a file, or why it cannot be read; None where the file is gone."""
    try:
        with file.open("rb") as stream:
            return picture_frame(stream.read(MOST_BYTES + 1), taken)
    except FileNotFoundError:
        return None
    except UnreadablePicture as unreadable:
        return unreadable
    except OSError as error:
        return UnreadablePicture(f"{error.strerror}")


def _why_no_folder(folder: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"the folder {str(folder)!r} is not there"
    if isinstance(error, NotADirectoryError):
        return f"{str(folder)!r} is no folder"
    return f"{error.strerror}"
