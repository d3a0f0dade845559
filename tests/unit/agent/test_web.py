"""Cameras over HTTP, against a real server: single pictures and MJPEG."""

from collections.abc import Iterator

import pytest

from app.agent.cameras import Camera, CameraLost, CameraRefused
from app.agent.frames import Frame
from app.agent.sources import camera_of
from app.core.clock import SystemClock
from tests.support.cameras import WebCam, astronaut, jpeg, webcam

PICTURES = [jpeg(astronaut(shift=20 * number)) for number in range(3)]


@pytest.fixture
def camera() -> Iterator[WebCam]:
    with webcam() as found:
        found.pictures = PICTURES
        yield found


def at(source: str) -> Camera:
    return camera_of(source, SystemClock(), rate=30)


def some(source: Camera, count: int) -> list[Frame]:
    """The next frames."""
    found: list[Frame] = []
    for tried, frame in enumerate(source.frames()):
        found += [frame] if isinstance(frame, Frame) else []
        if len(found) == count:
            break
        assert tried < 1000
    return found


def test_pictures_are_asked_for_and_sent_on_byte_by_byte(camera: WebCam) -> None:
    began = SystemClock().now()
    frames = some(at(f"{camera.url}/latest.jpg"), 4)
    assert [frame.encoded() for frame in frames] == [*PICTURES, PICTURES[0]]
    times = [frame.captured_at for frame in frames]
    assert times == sorted(times)
    assert began <= times[0]


def test_the_same_picture_again_is_no_new_one(camera: WebCam) -> None:
    camera.pictures = [PICTURES[0]] * 5 + [PICTURES[1]]
    assert [frame.encoded() for frame in some(at(f"{camera.url}/latest.jpg"), 2)] == PICTURES[:2]
    assert camera.served == 6


def test_mjpeg_is_read_as_a_stream_and_sent_on_byte_by_byte(camera: WebCam) -> None:
    frames = some(at(f"{camera.url}/stream"), 5)
    assert {frame.encoded() for frame in frames} <= set(PICTURES)
    assert frames[0].grey.shape == (512, 512)


@pytest.mark.parametrize("kind", ["basic", "digest"])
@pytest.mark.parametrize("path", ["latest.jpg", "stream"])
def test_a_camera_with_a_password_is_given_it(camera: WebCam, kind: str, path: str) -> None:
    camera.asks_for = kind
    source = at(f"{camera.private_url}/{path}")
    assert len(some(source, 3)) == 3
    assert source.shown == f"{camera.url}/{path}"


@pytest.mark.parametrize("path", ["latest.jpg", "stream"])
def test_without_it_the_camera_is_not_waited_for(camera: WebCam, path: str) -> None:
    camera.asks_for = "digest"
    with pytest.raises(CameraRefused, match="a user and a password"):
        some(at(f"{camera.url}/{path}"), 1)


def test_a_path_that_is_not_there_is_not_waited_for(camera: WebCam) -> None:
    with pytest.raises(CameraRefused, match="404; correct the address"):
        some(at(f"{camera.url}/nowhere"), 1)


def test_a_camera_that_starts_is_waited_for(camera: WebCam) -> None:
    camera.status = 503
    with pytest.raises(CameraLost, match="503"):
        some(at(f"{camera.url}/latest.jpg"), 1)


@pytest.mark.parametrize("path", ["latest.jpg", "stream"])
def test_a_camera_that_is_restarted_is_lost_and_found_again(camera: WebCam, path: str) -> None:
    source = at(f"{camera.url}/{path}")
    some(source, 2)
    camera.stop()
    with pytest.raises(CameraLost):
        some(source, 1000)
    with pytest.raises(CameraLost, match="refused"):
        some(source, 1)
    camera.start()
    assert len(some(source, 2)) == 2


def test_a_camera_that_worked_and_answers_404_while_it_starts_is_waited_for(
    camera: WebCam,
) -> None:
    source = at(f"{camera.url}/latest.jpg")
    some(source, 1)
    camera.status = 404
    with pytest.raises(CameraLost, match="404"):
        some(source, 100)


def test_half_a_picture_is_passed_over(camera: WebCam) -> None:
    camera.pictures = [PICTURES[0][:5000], PICTURES[1]]
    (frame,) = some(at(f"{camera.url}/latest.jpg"), 1)
    assert frame.encoded() == PICTURES[1]


def test_an_address_where_nobody_listens_is_waited_for_without_saying_its_password() -> None:
    for source in ("http://ada:secret@127.0.0.1:9/latest.jpg", "rtsp://ada:secret@127.0.0.1:9/s"):
        with pytest.raises(CameraLost) as lost:
            some(at(source), 1)
        assert "secret" not in str(lost.value)
