"""No unlock comes late and none twice, whatever the lock and the server go through."""

import random
import time
from collections.abc import Callable, Iterator
from typing import Final

import httpx
import pytest

from tests.api.support import files, ok
from tests.chaos.conftest import Length
from tests.chaos.site import MOODS, TTL, make_site
from tests.support.locks import Lock
from tests.support.pictures import picture
from tests.support.server import ServerProcess

PEOPLE: Final = 8


@pytest.fixture
def lock() -> Iterator[Lock]:
    made = Lock()
    made.up()
    yield made
    made.down()


class Visits:
    """People who come to the door, each with new frames."""

    def __init__(self) -> None:
        self.granted: set[str] = set()
        self._shake = 10

    def one(self, client: httpx.Client, somebody: int) -> None:
        """Somebody asks to pass; a server that dies under it answers nothing."""
        self._shake += 3
        frames = [picture(somebody, self._shake + each) for each in range(3)]
        try:
            answer = client.post("/doors/front/decisions", files=files(*frames))
        except httpx.TransportError:
            return
        decision = ok(answer)
        if decision["decision"] == "granted" and not decision["suppressed"]:
            self.granted.add(decision["event_id"])


@pytest.mark.both_databases
def test_no_unlock_comes_late_and_none_twice(
    server: Callable[..., ServerProcess], database_url: str, lock: Lock, length: Length
) -> None:
    rng = random.Random(3)  # noqa: S311 - not for secrets
    running = server(KITH_DATABASE_URL=database_url, KITH_EGRESS_ALLOW="127.0.0.0/8")
    with running.client() as admin:
        make_site(admin, lock, PEOPLE)
    visits = Visits()
    for turn in range(length.of(short=2, long=40)):
        for mood in MOODS:
            lock.mood = mood
            with running.client() as client:
                for somebody in rng.sample(range(PEOPLE), 3):
                    visits.one(client, somebody)
        lock.down()
        with running.client() as client:
            visits.one(client, rng.randrange(PEOPLE))
            time.sleep(length.of(short=int(TTL) + 1, long=60))
            visits.one(client, rng.randrange(PEOPLE))
        if turn % 2 == 0:
            running.kill()
            running.start()
        lock.mood = "well"
        lock.up()
    with running.client() as client:
        visits.one(client, 0)
    assert running.stop() == 0
    assert len(visits.granted) > 10
    assert len(lock.opened) > 5
    assert lock.late() == []
    assert lock.doubled() == set()


def test_a_server_killed_between_the_grant_and_the_unlock_never_makes_up_for_it(
    server: Callable[..., ServerProcess], lock: Lock
) -> None:
    """The lock is down while the grant is made; it comes back after the server has died."""
    running = server(KITH_EGRESS_ALLOW="127.0.0.0/8")
    with running.client() as admin:
        make_site(admin, lock, PEOPLE)
    lock.down()
    visits = Visits()
    with running.client() as client:
        visits.one(client, 1)
    running.kill()
    lock.up()
    running.start()
    time.sleep(TTL)
    with running.client() as client:
        visits.one(client, 2)
    assert running.stop() == 0
    assert len(visits.granted) == 2
    assert {each.event_id for each in lock.opened} < visits.granted
    assert len(lock.opened) == 1
    (lost,) = visits.granted - {each.event_id for each in lock.opened}
    lines = running.log.read_text().splitlines()
    assert [line for line in lines if "door.action" in line and lost in line] == []
