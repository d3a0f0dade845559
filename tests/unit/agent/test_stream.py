"""A film through PyAV, and what a stream is that cannot be read."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.agent.cameras import Camera, CameraLost, CameraRefused
from app.agent.frames import Frame
from app.agent.sources import camera_of
from app.core.clock import SystemClock
from app.vision.decode import decode_image
from app.vision.limits import ImageLimits
from tests.support.cameras import astronaut, write_video
from tests.support.rtsp import rtsp_cam


def frames_of(source: str) -> list[Frame]:
    camera = camera_of(source, SystemClock(), rate=5)
    return [frame for frame in camera.frames() if isinstance(frame, Frame)]


def test_a_film_goes_by_in_its_own_time_and_ends(tmp_path: Path) -> None:
    images = [astronaut(shift=4 * number) for number in range(8)]
    file = write_video(tmp_path / "film.mp4", images, rate=10)
    frames = frames_of(f"file:{file}")
    assert 1 < len(frames) <= 8
    times = [frame.captured_at for frame in frames]
    assert (times[-1] - times[0]).total_seconds() >= 0.09 * (len(frames) - 1)
    shown = decode_image(frames[-1].encoded(), ImageLimits(10**7, 10**7))
    difference = np.abs(shown.astype(int) - np.asarray(images[-1], int))
    assert difference.mean() < 12  # the film is compressed


def test_a_large_film_is_measured_small_and_sent_whole(tmp_path: Path) -> None:
    large = astronaut().resize((1920, 1080))
    file = write_video(tmp_path / "film.mp4", [large] * 2, rate=10)
    frame = frames_of(f"file:{file}")[0]
    assert frame.grey.shape == (540, 960)
    assert decode_image(frame.encoded(), ImageLimits(10**7, 10**7)).shape == (1080, 1920, 3)


def some(source: str | Camera, count: int) -> list[Frame]:
    """The next frames."""
    camera = camera_of(source, SystemClock(), rate=5) if isinstance(source, str) else source
    found: list[Frame] = []
    for tried, frame in enumerate(camera.frames()):
        found += [frame] if isinstance(frame, Frame) else []
        if len(found) == count:
            break
        assert tried < 1000
    return found


def test_rtsp_is_read() -> None:
    with rtsp_cam() as camera:
        frames = some(f"rtsp://127.0.0.1:{camera.port}/stream", 3)
    shown = decode_image(frames[0].encoded(), ImageLimits(10**7, 10**7))
    assert shown.shape == (512, 512, 3)
    times = [frame.captured_at for frame in frames]
    assert times == sorted(times)


def test_rtsp_with_a_password() -> None:
    with rtsp_cam(private=True) as camera:
        assert some(f"rtsp://ada:p%40ss%2Fword@127.0.0.1:{camera.port}/stream", 1)
        for wrong in ("", "ada:secret@"):
            with pytest.raises(CameraRefused, match="user and password") as refused:
                some(f"rtsp://{wrong}127.0.0.1:{camera.port}/stream", 1)
            assert "secret" not in str(refused.value)


def test_a_camera_of_rtsp_that_is_restarted_is_lost_and_found_again() -> None:
    with rtsp_cam() as camera:
        source = camera_of(f"rtsp://127.0.0.1:{camera.port}/stream", SystemClock(), rate=5)
        some(source, 2)
        camera.stop()
        with pytest.raises(CameraLost):
            some(source, 1000)
        camera.start()
        assert len(some(source, 2)) == 2


def test_a_file_that_is_no_film_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "film.mp4"
    for content in (b"", b"no film"):
        file.write_bytes(content)
        with pytest.raises(CameraRefused, match="correct the address"):
            frames_of(f"file:{file}")
    with pytest.raises(CameraRefused, match="No such file"):
        frames_of(f"file:{tmp_path / 'missing.mp4'}")
    with pytest.raises(CameraRefused, match="No such file"):
        frames_of("/dev/video-that-is-not-there")


def test_a_film_without_pictures_is_refused(tmp_path: Path) -> None:
    import wave

    with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000))
    with pytest.raises(CameraRefused, match="no video"):
        frames_of(f"file:{tmp_path / 'sound.wav'}")


def test_without_pyav_a_stream_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(CameraRefused, match="its extra `door`"):
        frames_of("rtsp://127.0.0.1:9/stream")


def test_a_still_of_one_frame_is_a_film_too(tmp_path: Path) -> None:
    file = write_video(tmp_path / "film.mp4", [Image.new("RGB", (64, 64), "grey")])
    assert len(frames_of(f"file:{file}")) == 1
