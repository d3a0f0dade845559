"""A folder in which a camera drops pictures."""

import os
from collections.abc import Callable
from pathlib import Path
from threading import Timer

import pytest

from app.agent.cameras import CameraLost, CameraRefused
from app.agent.folder import FolderCamera, ReplayedFolder
from app.agent.frames import Frame
from app.core.clock import SystemClock, instant_of
from tests.support.cameras import astronaut, jpeg

PICTURE = jpeg(astronaut())


def after_a_look(camera: FolderCamera, then: Callable[[], object], *, frames: int) -> list[bytes]:
    """The frames that it gives once ``then`` has happened, after its first look."""
    found: list[bytes] = []
    for looks, frame in enumerate(camera.frames()):
        if looks == 0:
            then()
        if isinstance(frame, Frame):
            found.append(frame.encoded())
        if len(found) == frames:
            return found
        assert looks < 100
    return found


def test_a_picture_that_comes_is_given_once_and_what_was_there_is_not(tmp_path: Path) -> None:
    (tmp_path / "before.jpg").write_bytes(PICTURE)
    camera = FolderCamera(tmp_path, SystemClock())
    other = jpeg(astronaut(shift=40))

    def then() -> None:
        (tmp_path / "new.jpg").write_bytes(PICTURE)
        Timer(0.5, lambda: (tmp_path / "newer.JPEG").write_bytes(other)).start()

    assert after_a_look(camera, then, frames=2) == [PICTURE, other]


def test_a_picture_that_is_replaced_is_a_new_one(tmp_path: Path) -> None:
    file = tmp_path / "front.jpg"
    file.write_bytes(PICTURE)
    other = jpeg(astronaut(shift=40))
    camera = FolderCamera(tmp_path, SystemClock())
    assert after_a_look(camera, lambda: file.write_bytes(other), frames=1) == [other]


def test_a_picture_counts_when_it_is_whole_and_has_the_time_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "slow.jpg"
    camera = FolderCamera(tmp_path, SystemClock())
    given = []
    for looks, frame in enumerate(camera.frames()):
        if looks < 8:
            file.write_bytes(PICTURE[: 2000 * (looks + 1)])
        elif looks == 8:
            file.write_bytes(PICTURE)
            os.utime(file, (1_700_000_000, 1_700_000_000.25))
        if isinstance(frame, Frame):
            given.append(frame)
            break
    assert given[0].encoded() == PICTURE
    assert given[0].captured_at == instant_of(1_700_000_000_250_000)


def test_other_files_and_unfinished_ones_are_passed_over(tmp_path: Path) -> None:
    def then() -> None:
        (tmp_path / "notes.txt").write_bytes(PICTURE)
        (tmp_path / ".part.jpg").write_bytes(PICTURE)
        (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
        (tmp_path / "good.png").write_bytes(PICTURE)

    camera = FolderCamera(tmp_path, SystemClock())
    assert after_a_look(camera, then, frames=1) == [PICTURE]


def test_a_folder_that_is_not_there_is_said_and_one_that_goes_is_waited_for(
    tmp_path: Path,
) -> None:
    missing = tmp_path / "camera"
    with pytest.raises(CameraRefused, match="is not there"):
        next(FolderCamera(missing, SystemClock()).frames())
    (tmp_path / "file").touch()
    with pytest.raises(CameraRefused, match="is no folder"):
        next(FolderCamera(tmp_path / "file", SystemClock()).frames())
    missing.mkdir()
    camera = FolderCamera(missing, SystemClock())
    frames = camera.frames()
    next(frames)
    missing.rmdir()
    with pytest.raises(CameraLost):
        next(frames)
    missing.mkdir()
    then = (missing / "new.jpg").write_bytes
    assert after_a_look(camera, lambda: then(PICTURE), frames=1) == [PICTURE]


def test_a_folder_is_replayed_by_name_as_if_taken_now(tmp_path: Path) -> None:
    pictures = [jpeg(astronaut(shift=n)) for n in range(3)]
    for number, data in enumerate(pictures):
        file = tmp_path / f"{2 - number}.jpg"
        file.write_bytes(data)
        os.utime(file, (1_000_000_000, 1_000_000_000))
    began = SystemClock().now()
    camera = ReplayedFolder(tmp_path, SystemClock(), rate=30)
    frames = [frame for frame in camera.frames() if isinstance(frame, Frame)]
    assert [frame.encoded() for frame in frames] == pictures[::-1]
    assert all(frame.captured_at >= began for frame in frames)


def test_a_folder_without_pictures_has_nothing_to_replay(tmp_path: Path) -> None:
    with pytest.raises(CameraRefused, match="no picture"):
        next(ReplayedFolder(tmp_path, SystemClock(), rate=5).frames())
