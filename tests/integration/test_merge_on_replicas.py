"""Three replicas on one PostgreSQL: who was merged at one is named by none of the others."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event
from typing import Any

import httpx
import pytest

from tests.support.pictures import picture
from tests.support.server import ServerProcess

STAFF = "/collections/staff"
PEOPLE = range(1, 7)


@pytest.fixture
def replicas(
    server: Callable[..., ServerProcess], database_url: str
) -> Iterator[list[httpx.Client]]:
    """Three processes, each asked with the admin key."""
    with ExitStack() as clients:
        started = [server(KITH_DATABASE_URL=database_url) for _ in range(3)]
        yield [clients.enter_context(each.client()) for each in started]


def enrol(replica: httpx.Client, person: str, somebody: int, shake: int) -> None:
    image = [("images", picture(somebody, shake))]
    answer = replica.post(f"{STAFF}/persons", data={"id": person}, files=image)
    assert answer.status_code == 201, answer.text


def named(replica: httpx.Client, somebody: int) -> set[str]:
    """Everybody whom an answer names, as decided or as a candidate."""
    image = {"image": picture(somebody, 30)}
    answer = replica.post(f"{STAFF}/identify", files=image)
    assert answer.status_code == 200, answer.text
    face: dict[str, Any] = answer.json()["faces"][0]
    decided = {face["person_id"]} - {None}
    return decided | {each["person_id"] for each in face["candidates"]}


@pytest.mark.on_postgresql
def test_nobody_is_named_as_the_merged_person_at_any_replica(
    replicas: list[httpx.Client],
) -> None:
    """Answers that begin after the merge was answered, while all replicas are busy with others."""
    first = replicas[0]
    assert first.post("/collections", json={"id": "staff", "lookalikes": "off"}).is_success
    for somebody in PEOPLE:
        enrol(first, f"p{somebody}", somebody, 1)
        enrol(first, f"second{somebody}", somebody, 2)
    for replica in replicas:
        assert f"second{PEOPLE[0]}" in named(replica, PEOPLE[0])
    over = Event()

    def busy(replica: httpx.Client) -> int:
        """Ask again and again; how often it was answered."""
        count = 0
        while not over.is_set():
            named(replica, PEOPLE[count % len(PEOPLE)])
            count += 1
        return count

    with ThreadPoolExecutor(len(replicas)) as pool:
        asked = [pool.submit(busy, each) for each in replicas]
        try:
            for turn, somebody in enumerate(PEOPLE):
                merging, *others = replicas[turn % 3 :] + replicas[: turn % 3]
                gone, kept = f"second{somebody}", f"p{somebody}"
                path = f"{STAFF}/persons/{kept}/merge"
                answer = merging.post(path, json={"other_id": gone})
                assert answer.status_code == 200, answer.text
                for each in (*others, merging):
                    assert gone not in named(each, somebody)
                    assert kept in named(each, somebody)
        finally:
            over.set()
        assert min(each.result() for each in asked) > 0
