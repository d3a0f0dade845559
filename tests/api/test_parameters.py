"""Parameters of addresses and heads: those that a route has, each once, read strictly. Every route
of the OpenAPI document is asked.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import Settings
from tests.api import sites
from tests.api.support import enrol, files, make_collection, ok, problem, wrong_fields
from tests.support.client import client_of
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY

STAFF = "/collections/staff"
PLACES = {
    "collection_id": "staff",
    "person_id": "ada",
    "face_id": "1",
    "key_id": "k",
    "external_id": "x/1",
    **sites.PLACES,
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, fake_bundle: Path) -> Iterator[TestClient]:
    """One service for all of this file."""
    folder = tmp_path_factory.mktemp("parameters")
    settings = Settings(data_dir=folder, model=fake_bundle, admin_key=ADMIN_KEY)
    with client_of(build(settings)) as client:
        make_collection(client)
        enrol(client, STAFF, "ada", picture(1), name="Ada Lovelace", external_id="a+b")
        yield client


def operations(service: TestClient) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every operation."""
    for path, item in ok(service.get("http://kith/openapi.json"))["paths"].items():
        for method, operation in item.items():
            yield method, "http://kith" + path.format(**PLACES), operation


def test_every_route_refuses_a_parameter_that_it_does_not_have(service: TestClient) -> None:
    count = 0
    for method, path, operation in operations(service):
        known = [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]
        answer = service.request(method, f"{path}?extid=1")
        (error,) = problem(answer, 422, "invalid_request")["errors"]
        assert error["field"] == "extid"
        assert all(name in error["message"] for name in known), (method, path)
        count += 1
    assert count > 25
    assert ok(service.get(STAFF))["person_count"] == 1


def test_a_field_of_the_body_is_not_taken_from_the_address(service: TestClient) -> None:
    image = files(picture(1), field="image")
    answer = service.post(f"{STAFF}/identify?min_similarity=0.9", files=image)
    (error,) = problem(answer, 422, "invalid_request")["errors"]
    assert error["field"] == "min_similarity"
    assert "field of the body" in error["message"]
    answer = service.patch(f"{STAFF}?target_fpir=0.1", json={})
    assert "field of the body" in problem(answer, 422, "invalid_request")["detail"]


def test_every_parameter_is_sent_once(service: TestClient) -> None:
    values = {"limit": "5", "cursor": "azE", "name": "a", "external_id": "a", "force": "false"}
    values["dismissed"] = "true"
    values |= {
        "after": "a",
        "collection": "a",
        "door": "a",
        "person": "a",
        "reason": "granted",
        "format": "json",
        "types": "door.decision",
        "from": "2026-01-01T00:00:00Z",
        "to": "2026-01-01T00:00:00Z",
    }
    values |= {"dry_run": "true", "missing": "keep", "max_change": "0.1"}
    count = 0
    for method, path, operation in operations(service):
        for each in operation.get("parameters", []):
            if each["in"] == "query":
                value = values[each["name"]]
                query = f"{each['name']}={value}&{each['name']}={value}"
                assert wrong_fields(service.request(method, f"{path}?{query}")) == [each["name"]]
                count += 1
            if each["in"] == "header":
                twice = [(each["name"], "a"), (each["name"], "a")]
                answer = service.request(method, path, headers=twice)
                assert wrong_fields(answer) == [each["name"]]
                count += 1
    assert count > 12


@pytest.mark.parametrize(
    "value", ["1_000", "%205", "5%20", "5.0", "%2B5", "05", "%D9%A5", "1e1", ""]
)
def test_every_number_of_an_address_is_of_decimal_digits(service: TestClient, value: str) -> None:
    for path in ("/collections", "/keys", f"{STAFF}/persons", f"{STAFF}/persons/ada/faces"):
        assert wrong_fields(service.get(f"{path}?limit={value}")) == ["limit"]
    if value:
        answer = service.delete(f"{STAFF}/persons/ada/faces/{value}")
        assert wrong_fields(answer) == ["face_id"]


@pytest.mark.parametrize("value", ["1", "on", "yes", "True", "TRUE", "t", ""])
def test_force_is_true_or_false(service: TestClient, value: str) -> None:
    assert wrong_fields(service.delete(f"{STAFF}?force={value}")) == ["force"]


@pytest.mark.parametrize(
    "query", ["name=%ff", "name=%ed%a0%80", "name=%zz", "name=%", "name=a%2", "name=%C3%28"]
)
def test_a_query_that_is_no_utf_8_is_refused(service: TestClient, query: str) -> None:
    request = service.build_request("GET", f"{STAFF}/persons")
    request.url = httpx.URL(str(request.url)).copy_with(query=query.encode())
    problem(service.send(request), 422, "invalid_request")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("name=Ada+Lovelace", 1),
        ("name=Ada%20Lovelace", 1),
        ("external_id=a%2Bb", 1),
        ("external_id=a+b", 0),
        ("&name=Ada+Lovelace&", 1),
    ],
)
def test_a_plus_is_a_blank_as_forms_write_it(service: TestClient, query: str, count: int) -> None:
    assert len(ok(service.get(f"{STAFF}/persons?{query}"))["items"]) == count


@pytest.mark.parametrize("path", ["staff%2Fpersons", "staff%2fpersons%2Fada", "..%2Fmodels"])
def test_an_encoded_slash_leads_to_no_other_route(service: TestClient, path: str) -> None:
    for method in ("GET", "DELETE"):
        answer = service.request(method, f"/collections/{path}")
        assert "%2F" in problem(answer, 404, "not_found")["detail"]
    assert ok(service.get(STAFF))["person_count"] == 1


@pytest.mark.parametrize("change", ["azE=", "azF", "aze", "azAx", "a2E", "azE\n", "k1", "", "AAAA"])
def test_a_cursor_that_was_changed_is_refused(service: TestClient, change: str) -> None:
    answer = service.get(f"{STAFF}/persons", params={"cursor": change})
    assert wrong_fields(answer) == ["cursor"]


@pytest.mark.parametrize("key", ["é", "a\tb", "x" * 256, ""])
def test_an_idempotency_key_is_of_printable_ascii(service: TestClient, key: str) -> None:
    answer = service.post("/collections", json={}, headers=[("Idempotency-Key", key.encode())])
    assert wrong_fields(answer) == ["Idempotency-Key"]


@pytest.mark.parametrize("given", ["x" * 129, "a b", "é", ""])
def test_a_request_id_that_cannot_be_logged_is_replaced(service: TestClient, given: str) -> None:
    answer = service.get("/models", headers=[("X-Request-Id", given.encode())])
    assert answer.headers["x-request-id"].startswith("req-")


WITH = {"Authorization": f"Bearer {ADMIN_KEY}"}


@pytest.mark.parametrize(
    "headers",
    [
        [("Authorization", f"bearer {ADMIN_KEY}")],
        [("Authorization", f"BEARER   {ADMIN_KEY} ")],
        [("X-API-Key", ADMIN_KEY), ("Authorization", f"Bearer {ADMIN_KEY}")],
        [("X-API-Key", ADMIN_KEY), ("Authorization", "Basic YTpi")],
        [("X-API-Key", f" {ADMIN_KEY} ")],
    ],
)
def test_a_key_is_read_as_http_writes_it(
    service: TestClient, headers: list[tuple[str, str]]
) -> None:
    assert _asked(service, headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        [("Authorization", f"Bearer {ADMIN_KEY}"), ("X-API-Key", "another")],
        [("Authorization", "Bearer another"), ("X-API-Key", ADMIN_KEY)],
        [("Authorization", f"Bearer {ADMIN_KEY}"), ("Authorization", "Bearer another")],
        [("X-API-Key", ADMIN_KEY), ("X-API-Key", "another")],
        [("Authorization", f"Basic {ADMIN_KEY}")],
        [("Authorization", ADMIN_KEY)],
        [("Authorization", f"Bearer {ADMIN_KEY} x")],
        [("Authorization", "Bearer ")],
        [("Authorization", f"Bearer\t{ADMIN_KEY}")],
    ],
)
def test_two_keys_or_half_a_key_open_nothing(
    service: TestClient, headers: list[tuple[str, str]]
) -> None:
    problem(_asked(service, headers), 401, "unauthenticated")


def _asked(service: TestClient, headers: list[tuple[str, str]]) -> httpx.Response:
    request = service.build_request("GET", "/models")
    del request.headers["authorization"]
    request.headers = httpx.Headers([*request.headers.multi_items(), *headers])
    answer: httpx.Response = service.send(request)
    return answer
