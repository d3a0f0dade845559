"""A request that was cut off does nothing, on every route that the OpenAPI document has."""

import base64
import io
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.bootstrap import build
from app.settings import Settings
from tests.api import sites
from tests.api.support import enrol, made, make_collection, ok, problem
from tests.support.client import client_of
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY

FORM, JSON = "multipart/form-data", "application/json"
PLACES: Final = {"collection_id": "staff", "person_id": "ada", "external_id": "x/1", **sites.PLACES}
VALUES: Final[dict[str, Any]] = {
    "person_id": "ada",
    "verdict": "not_them",
    "faces": "best",
    "identifiers": "drop",
    "person_ids": ["ada", "bob"],
    "metric": "euclidean",
    "metadata": {"badge": 7},
    "scopes": ["read"],
    "lookalikes": "off",
    "unlike": "off",
    "max_faces_per_person": 50,
    "subject": "largest",
    "source_subject": "largest",
    "target_subject": "central",
    "valid_from": "2026-01-01T00:00:00Z",
    "valid_until": "2027-01-01T00:00:00Z",
    "mode": "decide",
    "direction": "in",
    "ref": {"acs": "R-1"},
    "time_zone": "Europe/Berlin",
    "week": [],
    "special_days": [],
    "kind": "http",
    "url": "https://93.184.216.34/open",
    "method": "POST",
    "on": ["granted"],
    "body": "{}",
    "content_type": "application/json",
    "headers": {},
    "auth": {},
    "groups": ["staff"],
    "credentials": [{"system": "acs", "type": "card", "value": "4711"}],
    "captured_at": ["2026-05-04T12:00:00Z", "2026-05-04T12:00:01Z"],
    "frames": {"min_used": 2},
    "second_face": "refuse",
    "liveness": "off",
    "block_after": {"spoofs": 3},
    "reveal": ["card"],
    "collection_id": "staff",
    "types": ["person.created"],
    "secrets": ["KITH_SECRET_UNSET"],
    "all": True,
    "state": "no_picture",
    "detail": "timeout",
    "unknown": "empty",
    "include": ["name"],
    **sites.PLACES,
}
LEFT_OUT: Final = {
    "give_feedback": {"probe_id"},
    "distances": {"person_ids"},
    "put_person_by_external_id": {"id"},
    "sync_persons": {"credentials"},
    "cluster": {"stored_probes"},
    "create_key": {"collections", "doors", "expires_at"},
    "create_schedule": {"week_icalendar", "special_days_icalendar"},
    "update_schedule": {"week_icalendar", "special_days_icalendar"},
    "put_action": {"topic", "tls", "expect"},
    "create_webhook": {"tls", "doors"},
    "update_webhook": {"tls", "doors"},
    "replay_webhook": {"event_id", "from"},
    "create_rule": {"zone_id"},
    "update_rule": {"zone_id"},
    "decide_at_door": {"credential", "person_id"},
}
"""Fields that do not go together with the others."""


def tiny(somebody: int) -> bytes:
    """A picture of few bytes."""
    stream = io.BytesIO()
    with Image.open(io.BytesIO(picture(somebody))) as image:
        image.resize((16, 16)).convert("L").save(stream, "JPEG", quality=30)
    return stream.getvalue()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, fake_bundle: Path) -> Iterator[TestClient]:
    """One service for all of this file, on SQLite."""
    folder = tmp_path_factory.mktemp("cut-off")
    settings = Settings(data_dir=folder, model=fake_bundle, admin_key=ADMIN_KEY)
    container = build(settings)
    with client_of(container) as client:
        container.services.webhooks.sender.stop()  # the database is read for what requests write
        make_collection(client, lookalikes="off")
        enrol(client, "/collections/staff", "ada", picture(1))
        enrol(client, "/collections/staff", "bob", picture(2))
        enrol(client, "/collections/staff", "cid", picture(6))
        sites.make_site(client, "/collections/staff")
        sites.make_webhook(client, "staff")
        client.headers["x-data"] = str(folder)
        client.headers["If-Match"] = "*"
        yield client


def rows(service: TestClient) -> list[str]:
    """All that the database holds."""
    with sqlite3.connect(Path(service.headers["x-data"]) / "kith.db") as connection:
        return list(connection.iterdump())


def requests(service: TestClient) -> Iterator[tuple[str, str, str, bytes]]:
    """Id, method, path and body of every operation with a body, for each way to send it."""
    document = ok(service.get("http://kith/openapi.json"))
    places = PLACES | sites.webhook_places(service)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                schema = content["schema"]
                if "$ref" in schema:
                    schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
                values = dict(_values(schema, operation["operationId"], kind))
                body = _form(values) if kind == FORM else json.dumps(values).encode()
                where = path.removeprefix("/v1").format(**places)
                yield f"{operation['operationId']} {kind}", method, where, body


def _values(schema: dict[str, Any], operation: str, kind: str) -> Iterator[tuple[str, Any]]:
    for name, field in schema["properties"].items():
        if name in LEFT_OUT.get(operation, ()):
            continue
        if _is_image(field):
            one: Any = tiny(3)
            one = one if kind == FORM else {"base64": base64.b64encode(one).decode()}
            two: Any = tiny(4)
            two = two if kind == FORM else {"base64": base64.b64encode(two).decode()}
            yield name, [one, two] if field["type"] == "array" else one
        else:
            yield name, VALUES[name] if name in VALUES else _example(field)


def _is_image(field: dict[str, Any]) -> bool:
    one = field.get("items", field)
    return one.get("format") == "binary" or "base64" in one.get("properties", {})


def _example(field: dict[str, Any]) -> object:
    field = next((each for each in field.get("anyOf", []) if each.get("type") != "null"), field)
    match field.get("type"):
        case "integer":
            return field.get("minimum", 1)
        case "number":
            return 0.01
        case "boolean":
            return True
        case _:
            return "some-text"


def _form(values: dict[str, Any]) -> bytes:
    """The form as clients write it, with one field for each value of a list."""
    body = b""
    for name, value in values.items():
        for each in value if isinstance(value, list) else [value]:
            file = '; filename="a.jpg"' if isinstance(each, bytes) else ""
            text = each if isinstance(each, str | bytes) else json.dumps(each)
            data = text if isinstance(text, bytes) else text.encode()
            head = f'--b0undary\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
            body += head.encode() + data + b"\r\n"
    return body + b"--b0undary--"


def _send(service: TestClient, name: str, method: str, path: str, body: bytes) -> httpx.Response:
    kind = f"{FORM}; boundary=b0undary" if FORM in name else name.partition(" ")[2]
    headers = {"Content-Type": kind}
    answer: httpx.Response = service.request(method, path, content=body, headers=headers)
    return answer


def _cuts(body: bytes) -> list[int]:
    """Every length near the start of a part, near its data's and near the end, and some between."""
    marks = [i for i in range(len(body)) if body.startswith((b"\r\n--", b"\r\n\r\n", b'",'), i)]
    near = {mark + shift for mark in marks for shift in (-1, 0, 1, 2, 4, 13)}
    some = set(range(0, len(body), max(len(body) // 12, 1))) | set(range(len(body) - 4, len(body)))
    return sorted(each for each in near | some if 0 <= each < len(body))


def test_every_way_to_send_a_body_is_tried(service: TestClient) -> None:
    found = [name for name, *_ in requests(service)]
    assert len(found) == len(set(found)) >= 24
    assert {each.partition(" ")[0] for each in found} >= {"create_person", "create_key", "identify"}


def test_a_body_that_was_cut_off_anywhere_does_nothing(service: TestClient) -> None:
    before = rows(service)
    for name, method, path, body in requests(service):
        for length in _cuts(body):
            answer = _send(service, name, method, path, body[:length])
            detail = problem(answer, 422, "invalid_request")["detail"]
            assert detail, (name, length)
    assert rows(service) == before


def test_the_same_bodies_do_something_when_they_are_whole(service: TestClient) -> None:
    for name, method, path, body in requests(service):
        answer = _send(service, name, method, path, body)
        again = "duplicate_image" in answer.text  # the form was sent first
        assert again or answer.status_code in (200, 201, 409), (name, answer.text)


@pytest.mark.parametrize("kind", [f"{FORM}; boundary=b0undary", JSON])
def test_an_empty_body_does_nothing(service: TestClient, kind: str) -> None:
    before = rows(service)
    for name, method, path, _ in requests(service):
        for body in (b"", b"\r\n", b"--b0undary--\r\n", b"\r\n--b0undary--"):
            answer = service.request(method, path, content=body, headers={"Content-Type": kind})
            wanted = 415 if "x-ndjson" in name else 422
            assert answer.status_code == wanted, (name, answer.text)
    assert rows(service) == before


def test_nobody_is_enrolled_for_ever_by_a_form_that_lost_its_end(service: TestClient) -> None:
    before = rows(service)
    fields = {"id": "eve", "valid_until": "2026-01-02T00:00:00Z"}
    whole = _form({"images": [tiny(5)], **fields})
    for lost in (2, 16, 20, 60, 80):
        answer = _send(service, FORM, "post", "/collections/staff/persons", whole[:-lost])
        assert "cut off" in problem(answer, 422, "invalid_request")["detail"]
    assert rows(service) == before
    assert made(_send(service, FORM, "post", "/collections/staff/persons", whole))["person"]["id"]


def test_a_person_of_nothing_is_made_by_json_that_says_so(service: TestClient) -> None:
    assert made(service.post("/collections/staff/persons", json={}))["person"]["id"]


@pytest.mark.parametrize("stated", ["1", "100000"])
def test_a_body_is_as_long_as_its_head_says(service: TestClient, stated: str) -> None:
    before = rows(service)
    for name, method, path, body in requests(service):
        kind = f"{FORM}; boundary=b0undary" if FORM in name else name.partition(" ")[2]
        headers = {"Content-Type": kind, "Content-Length": stated}
        answer = service.request(method, path, content=body, headers=headers)
        assert answer.status_code == 422, (name, answer.text)
        assert "Content-Length" in answer.json()["detail"]
    assert rows(service) == before


def test_a_member_or_a_field_that_comes_twice_is_refused(service: TestClient) -> None:
    before = rows(service)
    for name, method, path, body in requests(service):
        if FORM in name:
            first, part, rest = body.partition(b"--b0undary\r\n")
            once = first + part + rest.partition(b"--b0undary\r\n")[0]
            if any(name in once for name in (b"image", b"source", b"person_ids", b"captured")):
                continue  # of some of these several are read
            twice = once + body
        else:
            member = body[1 : body.index(b": ")]
            twice = b"{" + member + b": null, " + body[1:]
        answer = _send(service, name, method, path, twice)
        detail = problem(answer, 422, "invalid_request")["detail"]
        assert "twice" in detail or "2 times" in detail, (name, detail)
    assert rows(service) == before


@pytest.mark.parametrize(
    "coding", ["gzip", "br", "deflate", "zstd", "gzip, identity", "aws-chunked"]
)
def test_a_coded_body_is_refused_with_the_reason(service: TestClient, coding: str) -> None:
    before = rows(service)
    for name, method, path, body in requests(service):
        kind = f"{FORM}; boundary=b0undary" if FORM in name else JSON
        headers = {"Content-Type": kind, "Content-Encoding": coding}
        answer = service.request(method, path, content=body, headers=headers)
        assert "Content-Encoding" in problem(answer, 415, "unsupported_encoding")["detail"], name
        assert answer.headers["accept-encoding"] == "identity"
    assert rows(service) == before


def test_a_body_that_says_that_it_is_not_coded_is_read(service: TestClient) -> None:
    answer = service.post(
        "/collections/staff/persons", json={}, headers={"Content-Encoding": "identity"}
    )
    made(answer)


@pytest.mark.parametrize("charset", ["utf-16", "undefined", "punycode", "latin-1", "idna", "x"])
def test_every_charset_but_utf_8_is_refused(service: TestClient, charset: str) -> None:
    before = rows(service)
    for name, method, path, body in requests(service):
        kind = f"{FORM}; boundary=b0undary" if FORM in name else JSON
        headers = {"Content-Type": f"{kind}; charset={charset}"}
        answer = service.request(method, path, content=body, headers=headers)
        assert charset in problem(answer, 415, "unsupported_media_type")["detail"], name
    assert rows(service) == before
