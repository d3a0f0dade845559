"""The forms of ``--source``; a password in it is shown nowhere."""

import pytest

from app.agent.addresses import http_address, shown
from app.agent.sources import camera_of
from app.agent.waits import Waits
from app.core.clock import SystemClock
from app.errors import InvalidRequest


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("dir:/srv/camera", "dir:/srv/camera"),
        ("file:film.mp4", "file:film.mp4"),
        ("/dev/video0", "/dev/video0"),
        ("rtsp://camera/stream", "rtsp://camera/stream"),
        ("rtsps://ada:pass@camera:322/s?token=pass", "rtsps://camera:322/s"),
        ("RTSP://ada:pass@camera/s#pass", "rtsp://camera/s"),
        ("http://ada:p%40ss@[fe80::1]:80/latest.jpg?pass=pass", "http://[fe80::1]:80/latest.jpg"),
        ("https://ada:p@ss@camera/latest.jpg", "https://camera/latest.jpg"),
    ],
)
def test_each_form_is_known_and_shown_without_what_is_secret(source: str, seen: str) -> None:
    camera = camera_of(source, SystemClock(), rate=5)
    assert camera.shown == seen
    assert "pass" not in f"{camera.shown} {camera!r} {vars(camera)}"


@pytest.mark.parametrize(
    "source",
    [
        "",
        "camera",
        "ftp://ada:pass@camera/x",
        "dir:",
        "file:",
        "http:",
        "rtsp://",
        "http://:pass@",
        "http://ada:pass@camera:port/",
        "http://ada:pass@[camera/",
        "C:\\pictures",
        "concat:a|b",
    ],
)
def test_what_is_none_is_refused_in_a_sentence_without_what_is_secret(source: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        camera_of(source, SystemClock(), rate=5)
    assert refused.value.detail.endswith(".")
    assert "pass" not in refused.value.detail.replace("password", "")


def test_only_a_folder_is_replayed() -> None:
    with pytest.raises(InvalidRequest, match="--replay"):
        camera_of("/dev/video0", SystemClock(), rate=5, replay=True)


def test_user_and_password_are_taken_out_of_an_address() -> None:
    found = http_address("http://ada:p%40ss%2Fword@camera:8080/a?b=c#d")
    assert (found.url, found.user, found.password) == (
        "http://camera:8080/a?b=c",
        "ada",
        "p@ss/word",
    )
    assert "p@ss" not in repr(found)
    assert shown("http://camera/a") == "http://camera/a"


def test_waits_grow_to_a_bound_and_begin_again() -> None:
    waits = Waits(longest=4)
    found = [waits.next() for _ in range(8)]
    for seconds, most in zip(found, [0.5, 1, 2, 4, 4, 4, 4, 4], strict=True):
        assert most / 2 <= seconds <= most
    assert len(set(found)) == 8  # no two agents in step
    waits.over()
    assert waits.next() <= 0.5
