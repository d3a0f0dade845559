"""Images that are unlike the person for whom they are sent: warned of, or refused, at every way
in."""

import httpx
import pytest
from fastapi.testclient import TestClient

from tests.api.support import enrol, files, made, make_collection, ok, problem
from tests.support.pictures import picture

pytestmark = pytest.mark.both_databases
UNLIKE = "unlike_the_person"


@pytest.fixture
def ada(client: TestClient) -> str:
    """The path of somebody with two faces, in a collection that names no lookalikes."""
    path = make_collection(client, lookalikes="off")
    enrol(client, path, "ada", picture(1), picture(1, 1))
    return f"{path}/persons/ada"


def strange(answer: dict[str, list[dict[str, object]]]) -> list[object]:
    """The places of the images that are warned of."""
    return [each["index"] for each in answer["warnings"] if each["reason"] == UNLIKE]


def test_a_strangers_image_is_enrolled_with_a_warning(client: TestClient, ada: str) -> None:
    answer = made(client.post(f"{ada}/faces", files=files(picture(1, 2), picture(2))))
    assert [len(answer["faces"]), answer["rejected"]] == [2, []]
    (warning,) = answer["warnings"]
    assert warning["detail"].startswith("Enrolled;")
    assert set(warning) == {"index", "filename", "image_sha256", "reason", "similarity", "detail"}
    assert (warning["index"], warning["filename"], warning["reason"]) == (1, "1.png", UNLIKE)
    assert -1 <= warning["similarity"] < 0.6


def test_images_of_a_new_person_are_compared_with_each_other(client: TestClient) -> None:
    path = make_collection(client, lookalikes="off")
    most = enrol(client, path, "bob", picture(1), picture(2), picture(1, 1))
    assert strange(most) == [1]
    half = enrol(client, path, "carl", picture(3), picture(4))
    assert strange(half) == [0, 1]
    assert strange(enrol(client, path, "dora", picture(5))) == []


def test_where_the_collection_says_so_it_is_refused(client: TestClient, ada: str) -> None:
    ok(client.patch("/collections/staff", json={"unlike": "refuse"}))
    answer = made(client.post(f"{ada}/faces", files=files(picture(2), picture(1, 2))))
    assert [len(answer["faces"]), answer["warnings"]] == [1, []]
    (refused,) = answer["rejected"]
    assert (refused["index"], refused["reasons"]) == (0, [UNLIKE])
    assert "(similarity " in refused["detail"]
    (error,) = problem(
        client.post(f"{ada}/faces", files=files(picture(2))), 422, "invalid_request"
    )["errors"]
    assert error["message"].startswith(f"{UNLIKE}: ")


def test_somebody_whose_images_are_of_two_people_is_not_made(client: TestClient, ada: str) -> None:
    path = ada.removesuffix("/persons/ada")
    ok(client.patch(path, json={"unlike": "refuse"}))
    sent = client.post(f"{path}/persons", data={"id": "bob"}, files=files(picture(3), picture(4)))
    problem(sent, 422, "invalid_request")
    problem(client.get(f"{path}/persons/bob"), 404, "not_found")


def test_where_the_collection_says_so_nobody_is_compared(client: TestClient, ada: str) -> None:
    ok(client.patch("/collections/staff", json={"unlike": "off"}))
    assert made(client.post(f"{ada}/faces", files=files(picture(2))))["warnings"] == []


@pytest.mark.parametrize("policy", ["warn", "refuse"])
def test_a_key_that_may_not_read_does_not_learn_how_unlike_it_is(
    client: TestClient, ada: str, policy: str
) -> None:
    ok(client.patch("/collections/staff", json={"unlike": policy}))
    key = made(client.post("/keys", json={"scopes": ["enroll"]}))["key"]
    client.headers = httpx.Headers({"Authorization": f"Bearer {key}"})
    answer = made(client.post(f"{ada}/faces", files=files(picture(2), picture(1, 3))))
    if policy == "warn":
        assert [each["similarity"] for each in answer["warnings"]] == [None]
    else:
        (refused,) = answer["rejected"]
        assert "similarity" not in refused["detail"]


def test_an_image_that_is_there_already_is_not_warned_of(client: TestClient, ada: str) -> None:
    assert strange(made(client.post(f"{ada}/faces", files=files(picture(2))))) == [0]
    again = made(client.post(f"{ada}/faces", files=files(picture(2), picture(1, 4))))
    assert (strange(again), [each["reasons"] for each in again["rejected"]]) == (
        [],
        [["duplicate_image"]],
    )
