"""The state that an agent reports, by what its loop saw, and when it reports it."""

from typing import Any

import pytest

from app.agent.health import Health
from app.agent.service import BurstRefused, ServiceAway
from app.errors import Forbidden, NotFound, Unauthenticated
from tests.support.waiting import wait_for


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Service:
    """Takes reports, or does not."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.error: Exception | None = None
        self.asked = 0

    def report(self, state: str, detail: str | None) -> float:
        self.asked += 1
        if self.error is not None:
            raise self.error
        self.taken.append(detail or state)
        return 60.0


def made(
    clock: Clock,
    *,
    quiet: bool = False,
    service: Service | None = None,
    said: list[str] | None = None,
) -> Health:
    say = (said if said is not None else []).append
    asked: Any = service or Service()
    return Health(asked, say, quiet=quiet, monotonic=clock)


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


def watched(health: Health, clock: Clock, seconds: int) -> None:
    """Let the seconds pass; a picture comes in each."""
    for _ in range(seconds):
        clock.now += 1
        health.saw()
        health.look()


def test_a_state_is_said_at_once_and_then_every_minute(clock: Clock) -> None:
    service = Service()
    health = made(clock, service=service)
    health.look()
    assert service.taken == []  # it is not known yet
    watched(health, clock, 60)
    assert service.taken == ["ok"]
    watched(health, clock, 60)
    assert service.taken == ["ok", "ok"]


def test_a_change_is_said_once_it_has_lasted_and_a_camera_that_comes_and_goes_is_not(
    clock: Clock,
) -> None:
    service = Service()
    health = made(clock, service=service)
    watched(health, clock, 1)
    for _ in range(12):
        health.lost()
        for _ in range(2):
            clock.now += 1
            health.look()
        watched(health, clock, 2)
    assert service.taken == ["ok"]
    health.lost()
    for _ in range(5):
        health.look()
        clock.now += 1
    assert service.taken == ["ok"]
    health.look()
    assert service.taken == ["ok", "camera_lost"]
    watched(health, clock, 6)
    assert service.taken == ["ok", "camera_lost", "ok"]


@pytest.mark.parametrize(
    "error",
    [
        Unauthenticated("The key is not known at http://kith: it was revoked."),
        Forbidden("The key may not ask at the door 'front'."),
        NotFound("The door 'front' is not there for this key."),
        BurstRefused("detail: Field required."),
    ],
)
def test_a_report_that_is_refused_is_said_once_and_tried_again(
    clock: Clock, error: Exception
) -> None:
    service, said = Service(), list[str]()
    service.error = error
    health = made(clock, service=service, said=said)
    watched(health, clock, 900)
    assert service.asked == 3
    assert len(said) == 1
    assert str(error).rstrip(".") in said[0]
    assert "every 300 s" in said[0]
    service.error = None
    watched(health, clock, 300)
    assert service.taken[0] == "ok"
    assert said[1:] == ["The service takes reports about the camera again."]


def test_a_service_that_is_away_or_overloaded_is_said_once_and_asked_when_it_wants(
    clock: Clock,
) -> None:
    service, said = Service(), list[str]()
    service.error = ServiceAway("Too many requests.", wait=30)
    health = made(clock, service=service, said=said)
    watched(health, clock, 60)
    assert service.asked == 2
    service.error = NotFound("The door 'front' is not there for this key.")
    watched(health, clock, 60)
    assert len(said) == 2  # another reason is news


def test_an_error_that_nobody_foresaw_is_said_once_and_the_next_report_is_made(
    clock: Clock,
) -> None:
    service, said = Service(), list[str]()
    service.error = UnicodeError("no such codec")
    health = made(clock, service=service, said=said)
    watched(health, clock, 60)
    assert len(said) == 1
    assert "UnicodeError: no such codec" in said[0]
    service.error = None
    watched(health, clock, 300)
    assert service.taken[0] == "ok"


def test_the_thread_survives_an_operator_s_terminal_that_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.agent.health._LOOKS", 0.01)
    monkeypatch.setattr("app.core.threads._AGAIN_SECONDS", 0.01)
    service = Service()
    service.error = NotFound("The door 'front' is not there for this key.")

    def gone(text: str) -> None:
        raise BrokenPipeError(text)

    asked: Any = service
    with Health(asked, gone, quiet=True) as health:
        health.opened()
        wait_for(lambda: service.asked == 1)
        service.error = None
        health._due = 0.0
        wait_for(lambda: service.taken == ["ok"])
