"""Pictures that cannot be read: the agent leaves them out, counts them, says so, and goes on."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import av.error
import pytest

from app.agent import stream
from app.agent.cameras import Camera
from app.agent.folder import ReplayedFolder
from app.agent.frames import Frame, Grey
from app.agent.health import Health
from app.agent.run import Agent, Options
from app.agent.service import Decided
from app.agent.sources import camera_of
from app.core.clock import SystemClock
from tests.support.cameras import astronaut, jpeg, write_video

OPTIONS = Options(frames=1, seconds=0, motion=0, max_age=timedelta(minutes=1), reports=False)
BROKEN = av.error.ArgumentError(22, "Invalid argument", "rtsp://ada:secret@camera")


class Service:
    """Takes every burst whose frames can be encoded."""

    shown = "http://kith"

    def __init__(self) -> None:
        self.taken = 0

    def check(self) -> Decided:
        return Decided({"decision": "denied"}, 0, 0)

    def decide(self, frames: list[Frame]) -> Decided:
        self.taken += len([frame.encoded() for frame in frames])
        return Decided({"decision": "denied"}, 0, 0)


class Shown:
    """Keeps what the agent shows to people."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.done: list[str] = []

    def decided(self, decided: Decided) -> None:
        pass

    def say(self, text: str) -> None:
        self.said.append(text)

    def doing(self, text: str) -> None:
        self.done.append(text)


class Fails:
    """A function that fails in each second call."""

    def __init__(self, works: Callable[[Any], Any]) -> None:
        self.works = works
        self.calls = 0

    def __call__(self, found: Any) -> Any:  # noqa: ANN401
        self.calls += 1
        if self.calls % 2:
            raise BROKEN
        return self.works(found)


def watched(camera: Camera) -> tuple[Service, Shown]:
    """The service and the messages of an agent that saw all the pictures of a camera."""
    service, shown = Service(), Shown()
    asked: Any = service
    Agent(camera, asked, shown, SystemClock(), OPTIONS).run()
    return service, shown


def film(folder: Path) -> Camera:
    images = [astronaut(shift=4 * number) for number in range(6)]
    file = write_video(folder / "film.mp4", images, rate=5)
    return camera_of(f"file:{file}", SystemClock(), rate=5)


@pytest.mark.parametrize("step", ["_grey", "jpeg_of"])
def test_a_frame_that_ffmpeg_does_not_convert_is_left_out_and_the_next_is_decided_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr(stream, step, Fails(getattr(stream, step)))
    service, shown = watched(film(tmp_path))
    assert service.taken >= 1
    (said,) = [each for each in shown.said if "cannot be read" in each]
    assert "FFmpeg does not convert it (Invalid argument)" in said
    assert not any("secret" in each for each in shown.said)
    assert [each for each in shown.done if "pictures left out: 1" in each]


def test_a_camera_of_which_no_frame_can_be_converted_is_watched_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(found: Any) -> Grey:  # noqa: ANN401
        raise MemoryError

    monkeypatch.setattr(stream, "_grey", broken)
    service, shown = watched(film(tmp_path))
    assert service.taken == 0
    assert len([each for each in shown.said if "(MemoryError)" in each]) == 1


def test_a_file_that_is_no_picture_or_may_not_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(b"no picture")
    (tmp_path / "2.jpg").write_bytes(jpeg(astronaut()))
    (tmp_path / "3.jpg").mkdir()  # no one may read it, whatever their rights are
    service, shown = watched(ReplayedFolder(tmp_path, SystemClock(), rate=30))
    assert service.taken == 1
    assert [each for each in shown.said if "no whole JPEG" in each]
    assert [each for each in shown.done if "pictures left out: 2" in each]


def test_the_health_of_a_camera_says_that_its_pictures_cannot_be_read() -> None:
    now = [0.0]
    asked: Any = Service()
    health = Health(asked, print, quiet=False, monotonic=lambda: now[0])
    health.saw()
    now[0] = 10.0
    assert health.state() == ("no_picture", "camera_silent")
    health.lost()
    health.unreadable()
    assert health.state() == ("no_picture", "unreadable_pictures")
    now[0] = 20.0
    assert health.state() == ("no_picture", "camera_silent")
    health.saw()
    assert health.state() == ("ok", None)
