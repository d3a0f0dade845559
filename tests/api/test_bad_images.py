"""A file that is no good image is refused by every route, by the same code."""

import base64

import pytest
from fastapi.testclient import TestClient

from tests.api.bad_images import ADA, BAD_IMAGES, PNG, STAFF
from tests.api.support import (
    files,
    ok,
    problem,
)


@pytest.mark.parametrize("name", BAD_IMAGES)
@pytest.mark.parametrize(
    "path", [f"{STAFF}/identify", f"{ADA}/verify", "/detect", "/embeddings", "/compare"]
)
def test_a_bad_image_is_refused_by_its_code(service: TestClient, path: str, name: str) -> None:
    image, status, code = BAD_IMAGES[name]
    fields = ("source", "target") if path == "/compare" else ("image",)
    form = [part for field in fields for part in files(image, field=field)]
    body = problem(service.post(path, files=form), status, code)
    (error,) = body["errors"]
    assert error == {"field": fields[0], "message": f"invalid_image: {body['detail']}"}
    encoded = {field: {"base64": base64.b64encode(image).decode()} for field in fields}
    again = problem(service.post(path, json=encoded), status, code)
    assert (again["detail"], again["errors"]) == (body["detail"], body["errors"])


def test_a_bad_target_is_named(service: TestClient) -> None:
    form = files(PNG, field="source") + files(b"text", field="target")
    body = problem(service.post("/compare", files=form), 415, "unsupported_image")
    assert [each["field"] for each in body["errors"]] == ["target"]


@pytest.mark.parametrize("name", BAD_IMAGES)
def test_a_bad_image_is_not_enrolled(service: TestClient, name: str) -> None:
    image, status, code = BAD_IMAGES[name]
    for path in (f"{STAFF}/persons", f"{ADA}/faces"):
        body = problem(service.post(path, files=files(image)), status, code)
        assert body["errors"][0]["message"].startswith("invalid_image")
    assert ok(service.get(STAFF))["face_count"] == 1


def test_several_images_that_fail_alike_fail_as_one_does(service: TestClient) -> None:
    heic, text = BAD_IMAGES["HEIC"][0], BAD_IMAGES["text"][0]
    for path in (f"{STAFF}/persons", f"{ADA}/faces"):
        alike = problem(service.post(path, files=files(heic, heic)), 415, "unsupported_image")
        assert "Most Compatible" in alike["detail"]
        problem(service.post(path, files=files(heic, text)), 415, "unsupported_image")
        problem(service.post(path, files=files(heic, b"")), 422, "invalid_image")


@pytest.mark.parametrize("name", BAD_IMAGES)
def test_a_bad_image_gets_the_same_status_on_every_other_route(
    service: TestClient, name: str
) -> None:
    image, status, code = BAD_IMAGES[name]
    for path in (f"{STAFF}/distances", f"{STAFF}/clusters"):
        body = problem(service.post(path, files=files(image, image)), status, code)
        assert [each["field"] for each in body["errors"]] == ["images[0]"]
    report = {"person_id": "ada", "verdict": "them"}
    answer = service.post(f"{STAFF}/feedback", data=report, files=files(image, field="image"))
    body = problem(answer, status, code)
    assert [each["field"] for each in body["errors"]] == ["image"]


def test_a_bad_image_among_others_stops_a_distance_matrix(service: TestClient) -> None:
    answer = service.post(f"{STAFF}/distances", files=files(PNG, b"text"))
    body = problem(answer, 415, "unsupported_image")
    assert [each["field"] for each in body["errors"]] == ["images[1]"]
