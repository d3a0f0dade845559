"""A removal keeps its promise in a gallery whose vectors are in float32, and in a large one,
which keeps them in two bytes a number: as it grows, by its codes, after a restart, and as it
becomes small again.
"""

from typing import Final

import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import Settings
from tests.api.support import enrol, identify, make_collection, ok, only_face
from tests.support.client import client_of
from tests.support.pictures import picture
from tests.support.waiting import wait_for

PEOPLE: Final = 12


@pytest.mark.parametrize(("large_from", "engine"), [(8, "large"), (50_000, "flat")])
def test_who_is_removed_is_never_found_again_and_everybody_else_is(
    settings: Settings, large_from: int, engine: str
) -> None:
    settings = settings.model_copy(update={"large_from": large_from})  # less than may be asked for
    there = list[str]()
    with client_of(build(settings)) as client:
        staff = make_collection(client)
        for somebody in range(1, PEOPLE + 1):
            enrol(client, staff, f"p{somebody}", picture(somebody))
            there.append(f"p{somebody}")
            assert _found(client, staff, somebody) == there
        _remove(client, staff, 1, there)
        wait_for(lambda: f'engine="{engine}"' in client.get("http://kith/metrics").text)
        _remove(client, staff, 2, there)
        (face,) = ok(client.get(f"{staff}/persons/p3/faces"))["items"]
        assert client.delete(f"{staff}/persons/p3/faces/{face['id']}").status_code == 204
        there.remove("p3")
        assert _found(client, staff, 3) == there
        enrol(client, staff, "p1", picture(1))
        there.insert(0, "p1")
        assert _found(client, staff, 1) == there
    assert len(list((settings.data_dir / "index").glob("*.snapshot"))) == 1
    with client_of(build(settings)) as client:
        assert _found(client, staff, 3) == there
        for person in there[:-1]:
            _remove(client, staff, int(person[1:]), there)


def _remove(client: TestClient, collection: str, somebody: int, there: list[str]) -> None:
    """Somebody goes, and is not there for the next question."""
    assert client.delete(f"{collection}/persons/p{somebody}").status_code == 204
    there.remove(f"p{somebody}")
    assert _found(client, collection, somebody) == there


def _found(client: TestClient, collection: str, somebody: int) -> list[str]:
    """Everybody who is compared with a picture of somebody, by number."""
    face = only_face(identify(client, collection, somebody, max_candidates=100))
    return sorted((each["person_id"] for each in face["candidates"]), key=lambda one: int(one[1:]))
