"""Three replicas on one PostgreSQL: what is changed at one holds at the next decision of each."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import cycle, islice
from typing import Any

import httpx
import pytest

from tests.support.pictures import picture
from tests.support.server import ServerProcess

PEOPLE = range(1, 7)


@pytest.fixture
def replicas(
    server: Callable[..., ServerProcess], database_url: str
) -> Iterator[list[httpx.Client]]:
    """Three processes, each asked with the admin key."""
    with ExitStack() as clients:
        started = [server(KITH_DATABASE_URL=database_url) for _ in range(3)]
        yield [clients.enter_context(each.client()) for each in started]


def decided(replica: httpx.Client, somebody: int, **headers: str) -> httpx.Response:
    images = [("images", picture(somebody, shake)) for shake in (20, 21, 22)]
    return replica.post("/doors/front/decisions", files=images, headers=headers)


def reason(replica: httpx.Client, somebody: int) -> str:
    answer = decided(replica, somebody)
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["reason"]
    return found


def make_site(admin: httpx.Client) -> None:
    door = {"id": "front", "cooldown_ms": 0, "grant_ttl_ms": 500}
    assert admin.post("/collections", json={"id": "hq"}).status_code == 201
    assert admin.post("/collections/hq/doors", json=door).status_code == 201
    for somebody in PEOPLE:
        images = [("images", picture(somebody, shake)) for shake in (1, 2, 3)]
        data = {"id": f"p{somebody}"}
        made = admin.post("/collections/hq/persons", data=data, files=images)
        assert made.status_code == 201, made.text


def change(replica: httpx.Client, path: str, **fields: Any) -> None:  # noqa: ANN401
    url = f"/collections/hq/{path}"
    assert replica.patch(url, json=fields, headers={"If-Match": "*"}).status_code == 200


@pytest.mark.on_postgresql
def test_what_is_changed_at_one_holds_at_the_next_decision_of_every_other(
    replicas: list[httpx.Client],
) -> None:
    make_site(replicas[0])
    _lock_down_and_revoke(replicas)
    for replica in replicas:
        assert {reason(replica, somebody) for somebody in PEOPLE} == {"granted"}
    turns = islice(cycle(range(3)), len(PEOPLE))
    for turn, somebody in zip(turns, PEOPLE, strict=True):
        changed, *others = replicas[turn:] + replicas[:turn]
        change(changed, f"persons/p{somebody}", suspended=True)
        assert [reason(each, somebody) for each in others] == ["person_suspended"] * 2
        change(others[0], f"persons/p{somebody}", suspended=False)
        assert reason(others[1], somebody) == "granted"
        assert changed.delete(f"/collections/hq/persons/p{somebody}").status_code == 204
        assert [reason(each, somebody) for each in others] == ["unknown_person"] * 2


def _lock_down_and_revoke(replicas: list[httpx.Client]) -> None:
    new = {"scopes": ["door"], "collections": ["hq"], "doors": ["front"]}
    key = replicas[0].post("/keys", json=new).json()
    held = {"Authorization": f"Bearer {key['key']}"}
    assert [decided(each, 1, **held).json()["reason"] for each in replicas] == ["granted"] * 3
    change(replicas[1], "doors/front", locked_down=True)
    assert [reason(each, 1) for each in replicas] == ["door_locked_down"] * 3
    change(replicas[2], "doors/front", locked_down=False)
    assert [reason(each, 1) for each in replicas] == ["granted"] * 3
    assert replicas[2].delete(f"/keys/{key['id']}").status_code == 204
    assert [decided(each, 1, **held).status_code for each in replicas] == [401] * 3
