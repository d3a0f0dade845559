"""The service reads the standards that the contract refers to as those standards say."""

import base64
import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from app.bootstrap import Container, build
from app.core.db import Database
from app.gallery.models import Person
from app.settings import Settings
from tests.api.support import enrol, files, made, make_collection, ok, problem, wrong_fields
from tests.support.client import client_of
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY

STAFF, ADA = "/collections/staff", "/collections/staff/persons/ada"
JSON = {"Content-Type": "application/json"}
COMPOSED = "Zoë Müller"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory, fake_bundle: Path) -> Container:
    folder = tmp_path_factory.mktemp("standards")
    return build(Settings(data_dir=folder, model=fake_bundle, admin_key=ADMIN_KEY))


@pytest.fixture(scope="module")
def service(container: Container) -> Iterator[TestClient]:
    """One service for all of this file."""
    with client_of(container) as client:
        make_collection(client)
        enrol(client, STAFF, "ada", picture(1))
        yield client


def sent(text: str) -> dict[str, Any]:
    return {"image": {"base64": text}}


ONE = base64.b64encode(picture(1)).decode()
LONG = base64.b64encode(bytes(range(256)) * 10).decode()


@pytest.mark.parametrize(
    "text",
    [
        ONE.rstrip("="),
        ONE.replace("+", "-").replace("/", "_"),
        base64.encodebytes(picture(1)).decode(),
        "\r\n".join([ONE[:76], ONE[76:], ""]),
        f"data:image/png;base64,{ONE}",
        f"DATA:image/jpeg;name=x.jpg;BASE64,{ONE}",
        "data:image/png," + "".join(f"%{byte:02x}" for byte in picture(1)),
    ],
)
def test_an_image_is_read_however_its_base64_is_written(service: TestClient, text: str) -> None:
    faces = ok(service.post("/detect", json=sent(ONE)))["faces"]
    assert ok(service.post("/detect", json=sent(text)))["faces"] == faces


@pytest.mark.parametrize("place", [0, 100, 1020, 2000])
def test_base64_that_is_none_is_refused_with_the_place(service: TestClient, place: int) -> None:
    text = LONG[:place] + "*" + LONG[place:]
    answer = service.post("/detect", json=sent(text))
    (error,) = problem(answer, 422, "invalid_request")["errors"]
    assert error["field"] == "image.base64"
    assert f"character {place + 1:,} ('*')" in error["message"]


def test_json_may_begin_with_a_byte_order_mark(service: TestClient) -> None:
    body = "\ufeff" + json.dumps(sent(ONE))
    ok(service.post("/detect", content=body.encode(), headers=JSON))
    made(service.post("/collections", content="\ufeff{}".encode(), headers=JSON))


@pytest.mark.parametrize("path", ["/collections", "/keys", "/detect", f"{STAFF}/persons"])
@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_json_of_another_encoding_is_refused_with_the_reason(
    service: TestClient, path: str, codec: str
) -> None:
    answer = service.post(path, content='{"name": "a"}'.encode(codec), headers=JSON)
    assert "UTF-8" in problem(answer, 422, "invalid_request")["detail"]


NUMBERS = [
    ("/collections", "target_fpir", 0.01),
    ("/collections", "max_faces_per_person", 5),
    ("/collections", "keep_probes", 5),
]
NUMBERS_OF_FORMS = [
    (f"{STAFF}/identify", "max_candidates", 5),
    (f"{STAFF}/identify", "max_faces", 5),
    (f"{STAFF}/identify", "min_similarity", 0.5),
    (f"{STAFF}/identify", "target_fpir", 0.0001),
    ("/detect", "max_faces", 5),
    (f"{ADA}/verify", "target_fmr", 0.0001),
]


@pytest.mark.parametrize(("path", "field", "value"), [*NUMBERS, *NUMBERS_OF_FORMS])
def test_a_number_in_json_is_a_number(
    service: TestClient, path: str, field: str, value: float
) -> None:
    image = {} if path == "/collections" else sent(ONE)
    for wrong in (str(value), True, [value], {"value": value}, "NaN"):
        answer = service.post(path, json={**image, field: wrong})
        assert wrong_fields(answer)[0].partition("[")[0] == field, wrong
    assert service.post(path, json={**image, field: value}).status_code in (200, 201)
    if isinstance(value, int):
        assert wrong_fields(service.post(path, json={**image, field: value + 0.5})) == [field]
        assert service.post(path, json={**image, field: float(value)}).status_code in (200, 201)


@pytest.mark.parametrize(("path", "field", "value"), NUMBERS_OF_FORMS)
def test_a_number_in_a_form_is_written_as_in_json(
    service: TestClient, path: str, field: str, value: float
) -> None:
    image = files(picture(1), field="image")
    text = f"{value}"
    for wrong in (
        f" {text}",
        f"{text} ",
        f"+{text}",
        f"0{text}",
        "1_0",
        "\u0665",
        "inf",
        "nan",
        "",
        "0x1",
        "null",
        "true",
    ):
        assert wrong_fields(service.post(path, data={field: wrong}, files=image)) == [field], wrong
    ok(service.post(path, data={field: text}, files=image))


@pytest.mark.parametrize("text", ["1", "on", "yes", "True", "TRUE", " true", "null", ""])
def test_a_switch_in_a_form_is_true_or_false(service: TestClient, text: str) -> None:
    answer = service.post(f"{STAFF}/clusters", files={"stored_probes": (None, text)})
    assert wrong_fields(answer) == ["stored_probes"]
    for wrong in ("true", 1, 0):
        answer = service.post(f"{STAFF}/clusters", json={"stored_probes": wrong})
        assert wrong_fields(answer) == ["stored_probes"]


@pytest.mark.parametrize("metadata", ['"{}"', "[]", "1", '"text"'])
def test_metadata_is_an_object_in_json_and_in_a_form(service: TestClient, metadata: str) -> None:
    people = f"{STAFF}/persons"
    body = f'{{"metadata": {metadata}}}'
    assert wrong_fields(service.post(people, content=body, headers=JSON)) == ["metadata"]
    for text in (metadata, "null", "{", '{"a": 1, "a": 2}', '{"a": NaN}', "{}{}"):
        answer = service.post(people, files={"metadata": (None, text)})
        assert wrong_fields(answer) == ["metadata"]
    empty = service.post(people, files={"metadata": (None, "")}).json()
    assert empty["detail"] == "metadata: must be a JSON object: it is empty."


@pytest.mark.parametrize("field", ["valid_from", "valid_until"])
@pytest.mark.parametrize(
    "value",
    [1_790_000_000, "1790000000", "2026-09-01", "2026-09-01 00:00:00Z", "2026-09-01T00:00Z"],
)
def test_only_rfc_3339_is_taken_for_a_time(service: TestClient, field: str, value: object) -> None:
    people = f"{STAFF}/persons"
    assert wrong_fields(service.post(people, json={field: value})) == [field]
    assert wrong_fields(service.post(people, files={field: (None, str(value))})) == [field]
    assert wrong_fields(service.patch(ADA, json={field: value})) == [field]


def test_a_time_is_answered_in_utc(service: TestClient) -> None:
    times = {"valid_from": "2026-09-01T02:30:00.25+02:30", "valid_until": "2026-12-31t23:59:60z"}
    for person in (
        made(service.post(f"{STAFF}/persons", json=times))["person"],
        made(service.post(f"{STAFF}/persons", files={k: (None, v) for k, v in times.items()}))[
            "person"
        ],
    ):
        assert person["valid_from"] == "2026-09-01T00:00:00.250000Z"
        assert person["valid_until"] == "2027-01-01T00:00:00Z"


def test_names_are_kept_and_found_in_their_normal_form(service: TestClient) -> None:
    people = f"{STAFF}/persons"
    body = {"id": "zoe", "name": DECOMPOSED, "external_id": DECOMPOSED}
    person = made(service.post(people, json=body))["person"]
    assert (person["name"], person["external_id"]) == (COMPOSED, COMPOSED)
    for field in ("name", "external_id"):
        for text in (COMPOSED, DECOMPOSED):
            (found,) = ok(service.get(people, params={field: text}))["items"]
            assert found["id"] == "zoe"
    for text in (COMPOSED, DECOMPOSED):
        problem(service.post(people, json={"external_id": text}), 409, "already_exists")
        problem(service.patch(ADA, json={"external_id": text}), 409, "already_exists")
    assert ok(service.patch(STAFF, json={"name": DECOMPOSED}))["name"] == COMPOSED
    key = made(service.post("/keys", json={"name": DECOMPOSED, "scopes": ["read"]}))
    assert key["name"] == COMPOSED


def test_names_that_were_kept_otherwise_before_are_found(
    service: TestClient, container: Container
) -> None:
    people = f"{STAFF}/persons"
    made(service.post(people, json={"id": "old", "name": "x", "external_id": "x"}))
    old = unicodedata.normalize("NFD", "Åse")
    database: Database = container.database
    with database.write() as session:
        session.execute(update(Person).where(Person.id == "old").values(name=old, external_id=old))
    for field in ("name", "external_id"):
        for text in ("Åse", old):
            (found,) = ok(service.get(people, params={field: text}))["items"]
            assert found["id"] == "old"
    problem(service.post(people, json={"external_id": "Åse"}), 409, "already_exists")


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "\u202eadmin", "\ufeffAda", "a\x85b", "a\u2028b"])
def test_text_that_hides_what_it_says_is_refused(service: TestClient, text: str) -> None:
    for field in ("name", "external_id"):
        for answer in (
            service.post(f"{STAFF}/persons", json={field: text}),
            service.patch(ADA, json={field: text}),
            service.get(f"{STAFF}/persons", params={field: text}),
        ):
            assert wrong_fields(answer) == [field]
    assert wrong_fields(service.post("/collections", json={"name": text})) == ["name"]
    assert wrong_fields(service.post("/keys", json={"name": text, "scopes": ["read"]})) == ["name"]


def test_metadata_comes_back_as_it_was_sent(service: TestClient) -> None:
    metadata = {DECOMPOSED: [DECOMPOSED, "\ufeff\n\u202e"], "base64": ONE[:3000]}
    for answer in (
        service.post(f"{STAFF}/persons", json={"metadata": metadata}),
        service.post(f"{STAFF}/persons", files={"metadata": (None, json.dumps(metadata))}),
        service.post(
            f"{STAFF}/persons",
            json={
                "metadata": metadata,
                "images": [{"base64": base64.b64encode(picture(9)).decode()}],
            },
        ),
    ):
        assert made(answer)["person"]["metadata"] == metadata


@pytest.mark.parametrize(
    "kind",
    [
        "application/json; charset=UTF-8",
        'APPLICATION/JSON;charset="utf-8"',
        "application/json;",
        "application/json; version=1",
    ],
)
def test_a_content_type_is_read_with_its_parameters(service: TestClient, kind: str) -> None:
    for path in ("/collections", f"{STAFF}/persons"):
        made(service.post(path, content=b"{}", headers={"Content-Type": kind}))


@pytest.mark.parametrize(
    "kind",
    [
        "application/merge-patch+json",
        "application/problem+json",
        "text/json",
        "application/json, text/plain",
        "application/json; charset",
        "application/x-www-form-urlencoded",
        "application/json/x",
        "",
    ],
)
def test_another_content_type_is_refused(service: TestClient, kind: str) -> None:
    for method, path in (
        ("POST", "/collections"),
        ("PATCH", STAFF),
        ("PATCH", ADA),
        ("POST", f"{STAFF}/persons"),
    ):
        answer = service.request(method, path, content=b"{}", headers={"Content-Type": kind})
        assert answer.status_code in (415, 422), answer.text
        assert answer.json()["code"] in ("unsupported_media_type", "invalid_request")


def test_two_content_types_are_refused(service: TestClient) -> None:
    headers = [("Content-Type", "application/json"), ("Content-Type", "application/json")]
    problem(
        service.post("/collections", content=b"{}", headers=headers), 415, "unsupported_media_type"
    )
