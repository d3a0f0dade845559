"""A client gets a problem that it can read for anything it sends: never a 5xx or a traceback."""

import base64
import json

import httpx
import pytest
from fastapi.testclient import TestClient

from tests.api.bad_images import ADA, BAD_IMAGES, PNG, STAFF
from tests.api.support import (
    PROBLEM,
    files,
    made,
    ok,
    problem,
    wrong_fields,
)

IMAGE_ROUTES = {
    f"{STAFF}/identify": "image",
    f"{ADA}/verify": "image",
    "/detect": "image",
    "/embeddings": "image",
    "/compare": "source",
    f"{ADA}/faces": "images",
}


@pytest.mark.parametrize("path", IMAGE_ROUTES)
class TestEveryRouteWithImages:
    """Each of them reads bodies through one parser; each must say the same."""

    def test_names_a_missing_image(self, service: TestClient, path: str) -> None:
        field = IMAGE_ROUTES[path]
        assert wrong_fields(service.post(path, json={})) == [field]
        form = service.post(path, files={"image_": (None, "x")})
        assert wrong_fields(form) == [field]

    def test_names_a_file_in_an_unknown_field(self, service: TestClient, path: str) -> None:
        assert wrong_fields(service.post(path, files=files(PNG, field="photo"))) == ["photo"]

    def test_names_an_image_sent_as_text(self, service: TestClient, path: str) -> None:
        field = IMAGE_ROUTES[path]
        answer = service.post(path, files={field: (None, "photo.jpg")})
        assert wrong_fields(answer) == [field]
        assert "photo.jpg" not in problem(answer, 422, "invalid_request")["errors"]

    @pytest.mark.parametrize("kind", ["text/plain", "image/jpeg", "application/xml", ""])
    def test_refuses_another_content_type(self, service: TestClient, path: str, kind: str) -> None:
        answer = service.post(path, content=PNG, headers={"Content-Type": kind})
        assert "multipart/form-data" in problem(answer, 415, "unsupported_media_type")["detail"]

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000, b"1" * 5000]
    )
    def test_refuses_what_is_no_json_object(
        self, service: TestClient, path: str, body: bytes
    ) -> None:
        answer = service.post(path, content=body, headers={"Content-Type": "application/json"})
        problem(answer, 422, "invalid_request")

    @pytest.mark.parametrize(
        ("kind", "body"),
        [
            ("multipart/form-data", b"no boundary"),
            ("multipart/form-data; boundary=", b"x"),
            ("multipart/form-data; boundary=x", b""),
            ("multipart/form-data; boundary=x", b"--y\r\n\r\nhello\r\n--y--\r\n"),
            ("multipart/form-data; boundary=x", b"--x\r\nno header\r\n\r\n1\r\n--x--\r\n"),
            ("multipart/form-data; boundary=x", b"--x\r\n\r\n1\r\n--x--\r\n"),
            (
                "multipart/form-data; boundary=x",
                b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--x--\r\n',
            ),
            (
                "multipart/form-data; boundary=x",
                b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\ncut',
            ),
        ],
    )
    def test_refuses_a_malformed_form(
        self, service: TestClient, path: str, kind: str, body: bytes
    ) -> None:
        answer = service.post(path, content=body, headers={"Content-Type": kind})
        problem(answer, 422, "invalid_request")

    @pytest.mark.parametrize(
        "image",
        [None, 7, "aGk=", [], {}, {"base64": 7}, {"base64": None}, {"url": "http://a"}],
    )
    def test_names_an_image_that_is_no_base64_object(
        self, service: TestClient, path: str, image: object
    ) -> None:
        field = IMAGE_ROUTES[path]
        sent = [image] if field == "images" else image
        (named,) = wrong_fields(service.post(path, json={field: sent}))
        assert named == ("images[0]" if field == "images" else field)

    @pytest.mark.parametrize(
        "text", ["*", "a", "aGk==", "aG k", "aGl", "aGk=aGk=", "é", "data:,", "\ud800"]
    )
    def test_names_bad_base64(self, service: TestClient, path: str, text: str) -> None:
        field = IMAGE_ROUTES[path]
        image = {"base64": text}
        body = json.dumps({field: [image] if field == "images" else image})
        answer = service.post(path, content=body, headers={"Content-Type": "application/json"})
        if text == "\ud800":  # half a character: already no JSON
            assert "not valid JSON" in problem(answer, 422, "invalid_request")["detail"]
        elif text == "data:,":  # nothing, well encoded
            problem(answer, 422, "invalid_request" if path == "/compare" else "invalid_image")
        else:
            assert wrong_fields(answer)[0].endswith(".base64")

    def test_refuses_an_unknown_field(self, service: TestClient, path: str) -> None:
        image: object = {"base64": base64.b64encode(PNG).decode()}
        sent = {field: image for field in ("source", "target") if path == "/compare"}
        sent = sent or {IMAGE_ROUTES[path]: [image] if path.endswith("faces") else image}
        assert wrong_fields(service.post(path, json={**sent, "colour": 1})) == ["colour"]


def test_one_image_is_read_where_one_is_meant(service: TestClient) -> None:
    answer = service.post("/detect", files=files(PNG, PNG, field="image"))
    assert wrong_fields(answer) == ["image"]


def test_too_many_files_are_refused(service: TestClient) -> None:
    problem(service.post(f"{ADA}/faces", files=files(*[b""] * 257)), 422, "invalid_request")


def test_a_text_field_of_megabytes_is_refused(service: TestClient) -> None:
    form = {"metadata": (None, "x" * 2_000_000)}
    problem(service.post(f"{STAFF}/persons", files=form), 422, "invalid_request")


JSON_ROUTES = ["/collections", "/keys"]


@pytest.mark.parametrize("path", JSON_ROUTES)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b"1" * 5000, b'{"a"', b"{}x"]
)
def test_bad_json_is_refused(service: TestClient, path: str, body: bytes) -> None:
    answer = service.post(path, content=body, headers={"Content-Type": "application/json"})
    problem(answer, 422, "invalid_request")


@pytest.mark.parametrize("path", JSON_ROUTES)
def test_a_form_is_refused_where_json_is_read(service: TestClient, path: str) -> None:
    assert service.post(path, data={"id": "x"}).status_code == 422
    problem(service.post(path, data={"id": "x"}), 422, "invalid_request")


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    "text",
    [
        '{"metadata": {"a": NaN}}',
        '{"metadata": {"a": Infinity}}',
        '{"metadata": {"a": 1e999}}',
        '{"metadata": {"a": "\\u0000"}}',
        '{"metadata": {"\\u0000": 1}}',
        '{"metadata": {"a": "\\ud800"}}',
        '{"metadata": {"\\udfff": 1}}',
        '{"name": "\\ud800"}',
        '{"name": "\\u0000"}',
        '{"id": "\\ud800"}',
        '{"\\ud800": 1}',
        '{"\\u0000": 1}',
        '{"metadata": {"a": ' + nested(5_000) + "}}",
        '{"metadata": {"a": ' + "9" * 5_000 + "}}",
    ],
)
def test_json_that_nothing_could_store_is_refused(service: TestClient, text: str) -> None:
    headers = {"Content-Type": "application/json"}
    for path in ("/collections", f"{STAFF}/persons"):
        problem(service.post(path, content=text, headers=headers), 422, "invalid_request")
    for path in (STAFF, ADA):
        problem(service.patch(path, content=text, headers=headers), 422, "invalid_request")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 400])
@pytest.mark.parametrize("field", ["target_fpir", "target_fmr", "max_faces_per_person"])
def test_a_number_out_of_every_range_is_named(service: TestClient, field: str, number: str) -> None:
    body = f'{{"{field}": {number}}}'
    headers = {"Content-Type": "application/json"}
    assert wrong_fields(service.post("/collections", content=body, headers=headers)) == [field]
    assert wrong_fields(service.patch(STAFF, content=body, headers=headers)) == [field]


@pytest.mark.parametrize("depth", [50, 100, 150, 200, 250, 300, 400, 600, 900, 1500, 3000])
def test_nested_metadata_is_kept_or_refused(service: TestClient, depth: int) -> None:
    text = '{"metadata": {"a": ' + nested(depth) + "}}"
    headers = {"Content-Type": "application/json", "Idempotency-Key": f"nested-{depth}"}
    answer = service.post(f"{STAFF}/persons", content=text, headers=headers)
    if answer.status_code == 201:
        person = answer.json()["person"]
        assert ok(service.get(f"{STAFF}/persons/{person['id']}")) == person
    else:
        problem(answer, 422, "invalid_request")
    ok(service.get(f"{STAFF}/persons"))


def test_metadata_of_great_numbers_comes_back_whole(service: TestClient) -> None:
    metadata = {"big": 10**300, "small": -(2**63), "float": 1.7976931348623157e308, "tiny": 5e-324}
    person = made(service.post(f"{STAFF}/persons", json={"metadata": metadata}))["person"]
    assert person["metadata"] == metadata
    assert ok(service.get(f"{STAFF}/persons/{person['id']}"))["metadata"] == metadata


@pytest.mark.parametrize("field", ["valid_from", "valid_until"])
@pytest.mark.parametrize(
    "time",
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:01Z",
        "2026-01-01",
        "",
        1e300,
        -1e300,
        True,
        [],
    ],
)
def test_a_time_that_is_none_is_named(service: TestClient, field: str, time: object) -> None:
    assert wrong_fields(service.post(f"{STAFF}/persons", json={field: time})) == [field]
    assert wrong_fields(service.patch(ADA, json={field: time})) == [field]


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
def test_the_first_and_the_last_time_come_back_whole(service: TestClient, time: str) -> None:
    field = "valid_from" if time < "1" else "valid_until"
    person = made(service.post(f"{STAFF}/persons", json={field: time}))["person"]
    assert person[field] == time
    assert ok(service.get(f"{STAFF}/persons/{person['id']}"))[field] == time


@pytest.mark.parametrize("name", ["a%00b", "a%0A", "-a", "%F0%9F%98%80", "a" * 65, "a%20b"])
def test_what_is_no_id_in_a_path_is_refused(service: TestClient, name: str) -> None:
    for path in (f"/collections/{name}", f"{STAFF}/persons/{name}"):
        assert service.get(path).status_code == 422
        problem(service.get(path), 422, "invalid_request")
    problem(service.delete(f"/keys/{name}"), 422, "invalid_request")


@pytest.mark.parametrize("name", ["%ff", "%ed%a0%80"])
def test_a_path_that_is_no_text_leads_nowhere(service: TestClient, name: str) -> None:
    for path in (f"/collections/{name}", f"{STAFF}/persons/{name}", f"/keys/{name}"):
        problem(service.delete(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "http://kith/"),
        ("GET", "http://kith/v1"),
        ("GET", "http://kith/v2/models"),
        ("POST", "/nowhere"),
        ("GET", "/collections/staff/nothing"),
        ("GET", "/collections//persons"),
        ("GET", "http://kith/static-offline-docs/../../etc/passwd"),
        ("GET", "http://kith/static-offline-docs/nothing.js"),
    ],
)
def test_an_unknown_route_is_not_found(service: TestClient, method: str, path: str) -> None:
    problem(service.request(method, path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/collections"),
        ("DELETE", "/collections"),
        ("POST", STAFF),
        ("GET", f"{STAFF}/identify"),
        ("GET", "/compare"),
        ("POST", "/models"),
        ("POST", "/health/live"),
        ("BREW", "/collections"),
        ("PUT", "http://kith/metrics"),
    ],
)
def test_a_wrong_method_says_which_are_right(service: TestClient, method: str, path: str) -> None:
    answer = service.request(method, path)
    problem(answer, 405, "method_not_allowed")
    allowed = answer.headers["allow"].split(", ")
    assert allowed
    assert method not in allowed


def test_a_taken_id_is_a_conflict_before_its_images_cost_anything(service: TestClient) -> None:
    answer = service.post(f"{STAFF}/persons", data={"id": "ada"}, files=files(b"no image"))
    problem(answer, 409, "already_exists")


def test_a_bad_request_of_a_stranger_gets_an_error_about_the_key_alone(service: TestClient) -> None:
    stranger = {"Authorization": "Bearer nobody"}
    requests = [
        service.build_request("POST", f"{STAFF}/identify", content=b"x", headers=stranger),
        service.build_request("POST", "/collections", json={"id": "-"}, headers=stranger),
        service.build_request("GET", "/collections?limit=0", headers=stranger),
        service.build_request("GET", "/collections/-/persons", headers=stranger),
    ]
    for request in requests:
        problem(service.send(request), 401, "unauthenticated")


def test_no_answer_shows_a_traceback_or_a_path_of_the_server(service: TestClient) -> None:
    answers: list[httpx.Response] = [
        service.post("/detect", files=files(BAD_IMAGES["TIFF of nothing"][0], field="image")),
        service.post("/collections", content=b"{", headers={"Content-Type": "application/json"}),
        service.post("/detect", content=b"x", headers={"Content-Type": "multipart/form-data"}),
    ]
    for answer in answers:
        assert answer.headers["content-type"] == PROBLEM
        assert not [word for word in ("Traceback", 'File "', "/app/", ".py") if word in answer.text]
