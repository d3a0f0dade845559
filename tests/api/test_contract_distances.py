"""The distance matrix, as the contract promises it."""

import base64
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray

from tests.api.support import enrol, files, made, ok, problem, wrong_fields
from tests.support.pictures import picture

IMAGES = [picture(1), picture(1, 1), picture(2)]


def embedding(client: TestClient, image: bytes) -> NDArray[np.float64]:
    answer = ok(client.post("/embeddings", files=files(image, field="image")))
    return np.array(answer["embedding"])


def distance(a: NDArray[np.float64], b: NDArray[np.float64], metric: str) -> float:
    """The definition, slowly."""
    if metric == "cosine":
        return 1 - sum(float(x) * float(y) for x, y in zip(a, b, strict=True))
    power = 2 if metric == "euclidean" else 1
    total: float = sum(abs(float(x) - float(y)) ** power for x, y in zip(a, b, strict=True))
    return float(total ** (1 / power))


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
def test_the_matrix_is_what_the_embeddings_definition_gives(
    client: TestClient, staff: str, metric: str
) -> None:
    answer = client.post(f"{staff}/distances", data={"metric": metric}, files=files(*IMAGES))
    body = ok(answer)
    assert set(body) == {"labels", "metric", "matrix", "warnings"}
    assert (body["labels"], body["metric"]) == (["0.png", "1.png", "2.png"], metric)
    vectors = [embedding(client, image) for image in IMAGES]
    expected = [[distance(a, b, metric) for b in vectors] for a in vectors]
    assert np.array(body["matrix"]) == pytest.approx(np.array(expected), abs=1e-5)
    assert [body["matrix"][i][i] for i in range(3)] == [0, 0, 0]
    assert body["matrix"] == [list(row) for row in zip(*body["matrix"], strict=True)]


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
def test_two_of_the_same_image_are_at_no_distance(
    client: TestClient, staff: str, metric: str
) -> None:
    images = [picture(i % 20) for i in range(40)]
    answer = client.post(f"{staff}/distances", data={"metric": metric}, files=files(*images))
    matrix = ok(answer)["matrix"]
    assert [matrix[i][i + 20] for i in range(20)] == [0.0] * 20
    assert min(min(row) for row in matrix) == 0.0


def test_cosine_is_the_default(client: TestClient, staff: str) -> None:
    images = [{"base64": base64.b64encode(image).decode()} for image in IMAGES]
    body = ok(client.post(f"{staff}/distances", json={"images": images}))
    assert (body["metric"], body["labels"]) == ("cosine", ["images[0]", "images[1]", "images[2]"])
    assert body["matrix"][0][1] < 0.1 < body["matrix"][0][2]


@pytest.fixture
def three(client: TestClient, staff: str) -> str:
    for i, person in enumerate(("ada", "bob", "eve")):
        enrol(client, staff, person, picture(i), picture(i, 1))
    return staff


def test_persons_are_compared_in_the_order_asked(client: TestClient, three: str) -> None:
    def matrix(*persons: str) -> dict[str, Any]:
        return ok(client.post(f"{three}/distances", json={"person_ids": persons}))

    one, other = matrix("ada", "bob", "eve"), matrix("eve", "ada", "bob")
    assert other["labels"] == ["eve", "ada", "bob"]
    assert other["matrix"][0][1] == pytest.approx(one["matrix"][2][0], abs=1e-6)


def test_persons_may_be_named_in_a_form(client: TestClient, three: str) -> None:
    form = [("person_ids", (None, "ada")), ("person_ids", (None, "bob"))]
    body = ok(client.post(f"{three}/distances", files=form))
    assert body["labels"] == ["ada", "bob"]


def test_a_field_sent_twice_is_refused_where_one_is_read(client: TestClient, three: str) -> None:
    form = [("metric", (None, "cosine")), ("metric", (None, "euclidean"))]
    persons = [("person_ids", (None, "ada")), ("person_ids", (None, "bob"))]
    answer = client.post(f"{three}/distances", files=[*form, *persons])
    assert wrong_fields(answer) == ["metric"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "images"),
        ({"images": []}, "images"),
        ({"person_ids": []}, "person_ids"),
        ({"person_ids": ["ada"]}, "person_ids"),
        ({"person_ids": [f"p{i}" for i in range(65)]}, "person_ids"),
        ({"person_ids": ["ada", "a b"]}, "person_ids[1]"),
        ({"person_ids": ["ada", "ada"]}, "person_ids"),
        ({"person_ids": ["ada", "bob"], "metric": "hamming"}, "metric"),
    ],
)
def test_what_cannot_be_compared_is_named(
    client: TestClient, three: str, body: dict[str, Any], field: str
) -> None:
    assert wrong_fields(client.post(f"{three}/distances", json=body)) == [field]


@pytest.mark.parametrize("count", [1, 65])
def test_two_to_sixty_four_images_are_compared(client: TestClient, staff: str, count: int) -> None:
    images = files(*(IMAGES[0] for _ in range(count)))
    assert wrong_fields(client.post(f"{staff}/distances", files=images)) == ["images"]


def test_images_and_persons_at_once_are_refused(client: TestClient, three: str) -> None:
    image = {"base64": base64.b64encode(IMAGES[0]).decode()}
    both = {"images": [image, image], "person_ids": ["ada", "bob"]}
    assert wrong_fields(client.post(f"{three}/distances", json=both)) == ["images"]


def test_somebody_unknown_or_without_faces_cannot_be_compared(
    client: TestClient, three: str
) -> None:
    path = f"{three}/distances"
    problem(client.post(path, json={"person_ids": ["ada", "nobody"]}), 404, "not_found")
    made(client.post(f"{three}/persons", json={"id": "blank"}))
    problem(client.post(path, json={"person_ids": ["ada", "blank"]}), 409, "conflict")
    images = files(*IMAGES)
    problem(client.post("/collections/nowhere/distances", files=images), 404, "not_found")
