"""Faces are numbered within their collection: a number says nothing of other collections."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.support import enrol, files, identify, made, make_collection, ok, only_face
from tests.support.pictures import picture

pytestmark = pytest.mark.both_databases

TOGETHER = 30


def numbers(answer: dict[str, Any]) -> list[int]:
    return [face["id"] for face in answer["faces"]]


def test_what_others_enrol_shows_in_no_number(client: TestClient, staff: str) -> None:
    other = make_collection(client, "other")
    assert numbers(enrol(client, other, "zoe", picture(7), picture(8), picture(9))) == [1, 2, 3]
    assert numbers(enrol(client, staff, "ada", picture(1))) == [1]
    assert numbers(enrol(client, other, "yan", picture(6))) == [4]
    once = {"Idempotency-Key": "once"}
    path = f"{staff}/persons/ada/faces"
    added = [client.post(path, files=files(picture(2)), headers=once) for _ in range(2)]
    assert [numbers(made(each)) for each in added] == [[2], [2]]
    assert [each["id"] for each in ok(client.get(path))["items"]] == [1, 2]
    for somebody in (1, 2):
        (candidate,) = only_face(identify(client, staff, somebody))["candidates"]
        assert candidate["face_id"] == somebody


def test_a_number_is_of_a_face_of_this_person_in_this_collection(
    client: TestClient, staff: str
) -> None:
    other = make_collection(client, "other")
    enrol(client, other, "ada", *map(picture, (3, 4, 5)))
    enrol(client, staff, "ada", picture(1))
    enrol(client, staff, "bob", picture(2))
    for number in (2, 3, 5):  # Bob's; the other collection's; nobody's, although a fifth face
        answer = client.delete(f"{staff}/persons/ada/faces/{number}")
        assert (answer.status_code, answer.json()["detail"]) == (
            404,
            f"There is no face {number} of the person 'ada'.",
        )
    assert client.delete(f"{staff}/persons/ada/faces/1").status_code == 204
    assert ok(client.get(f"{other}/persons/ada"))["face_count"] == 3
    assert ok(client.get(f"{staff}/persons/bob"))["face_count"] == 1


def test_no_number_is_given_again(client: TestClient, staff: str) -> None:
    enrol(client, staff, "ada", picture(1), picture(2))
    path = f"{staff}/persons/ada/faces"
    assert client.delete(f"{path}/2").status_code == 204
    refused = client.post(path, files=files(picture(1)))  # enrolled already
    assert refused.status_code == 422
    assert numbers(made(client.post(path, files=files(picture(3))))) == [3]
    assert client.delete(f"{staff}/persons/ada").status_code == 204
    assert numbers(enrol(client, staff, "ada", picture(1))) == [4]


def test_those_who_enrol_at_once_get_the_next_numbers_each_its_own(
    client: TestClient, staff: str
) -> None:
    other = make_collection(client, "other")

    def at_once(somebody: int) -> list[int]:
        """Two faces each, in two collections by turns."""
        images = picture(somebody), picture(somebody, 1)
        return numbers(enrol(client, (staff, other)[somebody % 2], f"p-{somebody}", *images))

    with ThreadPoolExecutor(TOGETHER) as pool:
        given = list(pool.map(at_once, range(TOGETHER)))
    for mine in (given[::2], given[1::2]):
        assert sorted(number for each in mine for number in each) == list(range(1, TOGETHER + 1))
        assert all(second == first + 1 for first, second in mine)
