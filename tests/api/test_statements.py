"""SQLAlchemy compiles each statement once: one that it compiles again for each request costs as
much as a query.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event, insert
from sqlalchemy.engine.interfaces import CacheStats

from app.bootstrap import Container
from app.mqtt.models import MqttRetained
from tests.api.doors import ADA, BOB, HQ, STRANGER, change, door_key, make_hq, of
from tests.api.support import FakeClock, enrol, files, made, ok
from tests.support.pictures import picture

pytestmark = pytest.mark.both_databases
REMEMBERED = CacheStats.CACHE_HIT
Compiled = list[tuple[str, str]]


@pytest.fixture
def client(timed: TestClient) -> TestClient:
    make_hq(timed)
    return timed


@pytest.fixture
def compiled() -> Iterator[Compiled]:
    """How each statement was found, and its SQL, unless it was found as it had been compiled."""
    found: Compiled = []

    def before(*about: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
        _connection, _cursor, statement, _parameters, context, _many = about
        if context.compiled is not None and context.cache_hit is not REMEMBERED:
            found.append((context.cache_hit.name, " ".join(statement.split())))

    event.listen(Engine, "before_cursor_execute", before)
    yield found
    event.remove(Engine, "before_cursor_execute", before)


Do = Callable[[TestClient, int], object]


def enrolled(client: TestClient, number: int, *more: int) -> str:
    """Somebody new."""
    enrol(client, HQ, f"p{number}", *(picture(100 + number, each) for each in (1, 2, *more)))
    return f"{HQ}/persons/p{number}"


def patched(client: TestClient, number: int) -> object:
    credentials = [{"system": "acs", "type": "card", "value": f"{number}"}]
    fields = {"name": f"Name {number}", "external_id": f"e{number}", "credentials": credentials}
    return ok(client.patch(enrolled(client, number), json=fields))


def merged(client: TestClient, number: int) -> object:
    """The other has a card, and a dismissed pair."""
    patched(client, number)
    other = enrolled(client, number + 50)
    pair = f"{HQ}/lookalikes/p{number}/ada/dismissal"
    ok(client.put(pair))
    body = {"other_id": f"p{number}", "identifiers": "move", "faces": "best"}
    return ok(client.post(f"{other}/merge", json=body))


def removed(client: TestClient, number: int) -> object:
    return client.delete(enrolled(client, number)).raise_for_status()


def asked(client: TestClient, question: str, number: int) -> object:
    image = files(picture(ADA, 40 + number), field="image")
    return ok(client.post(f"{HQ}/{question}", files=image))


def listed(client: TestClient, number: int) -> object:
    del number
    return [ok(client.get(path)) for path in LISTS]


LISTS = (
    f"{HQ}/persons",
    f"{HQ}/persons?name=a",
    f"{HQ}/persons?external_id=e1",
    f"{HQ}/persons/ada",
    f"{HQ}/persons/ada/faces",
    f"{HQ}/doors",
    f"{HQ}/doors/front/decisions",
    "/doors/front/decisions?person=ada&reason=granted&from=2026-01-01T00:00:00Z",
    "/events",
    "/events?collection=hq&door=front&types=door.decision",
    "/audit",
    "/audit?collection=hq&from=2026-01-01T00:00:00Z&to=2036-01-01T00:00:00Z",
    "/collections",
    "/keys",
    "/webhooks",
)
REQUESTS: dict[str, Do] = {
    "a grant": lambda client, _: of(client, ADA),
    "a denial": lambda client, _: of(client, BOB),
    "a stranger": lambda client, _: of(client, STRANGER),
    "a dry run": lambda client, _: of(client, ADA, dry_run="true"),
    "a key of the door": lambda client, _: of(client, ADA, key=door_key(client)),
    "enrol": enrolled,
    "patch": patched,
    "merge": merged,
    "delete": removed,
    "identify": lambda client, number: asked(client, "identify", number),
    "verify": lambda client, number: asked(client, "persons/ada/verify", number),
    "lists": listed,
    "a door": lambda client, number: change(client, "doors/front", name=f"Door {number}"),
    "a membership": lambda client, number: ok(
        client.put(
            f"{HQ}/groups/staff/members/bob", json={"valid_until": f"203{number}-01-01T00:00:00Z"}
        )
    ),
    "a key": lambda client, _: made(client.post("/keys", json={"scopes": ["read"]})),
}


@pytest.mark.parametrize("name", list(REQUESTS))
def test_the_statements_of_a_request_are_compiled_once(
    client: TestClient, clock: FakeClock, compiled: Compiled, name: str
) -> None:
    do = REQUESTS[name]
    for number in (1, 2):
        do(client, number)
        clock.forward(timedelta(minutes=1))
    compiled.clear()
    do(client, 3)
    assert compiled == []


def test_what_is_compiled_each_time_is_found(container: Container, compiled: Compiled) -> None:
    """Else the test above could not fail: rows in a statement make another one of it."""
    with container.database.write() as session:
        for topic in ("a", "b"):
            session.execute(insert(MqttRetained).values([{"topic": topic}]))
    assert [how for how, _ in compiled].count("NO_CACHE_KEY") == 2
