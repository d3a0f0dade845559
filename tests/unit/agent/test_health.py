"""The state that an agent reports, by what its loop saw."""

from typing import Any

import pytest

from app.agent.health import Health


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def made(clock: Clock, *, quiet: bool = False) -> Health:
    service: Any = None
    return Health(service, quiet=quiet, monotonic=clock)


def test_a_camera_is_well_once_it_gave_a_picture(clock: Clock) -> None:
    health = made(clock)
    health.opened()
    assert health.state() is None
    health.saw()
    assert health.state() == ("ok", None)


def test_a_camera_that_gives_no_picture_is_not(clock: Clock) -> None:
    health = made(clock)
    clock.now = 10.0
    assert health.state() == ("no_picture", "camera_silent")
    health.saw()
    clock.now = 19.0
    assert health.state() == ("ok", None)
    clock.now = 20.0
    assert health.state() == ("no_picture", "camera_silent")
    health.lost()
    health.opened()  # it is tried again
    assert health.state() == ("no_picture", "camera_lost")
    health.saw()
    assert health.state() == ("ok", None)


def test_a_folder_to_which_nothing_comes_is_well(clock: Clock) -> None:
    health = made(clock, quiet=True)
    clock.now = 10_000.0
    health.opened()
    assert health.state() == ("ok", None)
    health.lost()
    assert health.state() == ("no_picture", "camera_lost")
    health.opened()
    assert health.state() == ("ok", None)


def test_pictures_that_are_too_old_are_said_until_one_is_not(clock: Clock) -> None:
    health = made(clock)
    health.saw()
    health.decided("stale_frames")
    assert health.state() == ("stale_pictures", None)
    health.decided("unknown_person")
    assert health.state() == ("ok", None)
