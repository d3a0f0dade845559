"""The credentials of a person: set, replaced, looked up, erased, and seen nowhere."""

import json
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.bootstrap import Container, build
from app.core.logging import LogFormat
from app.gallery import credential_repository
from app.gallery.credential_schemas import CredentialField
from app.gallery.models import Credential
from app.gallery.repository import get_collection
from app.settings import Settings
from tests.api.sites import PLACES, make_site, make_webhook
from tests.api.support import files, made, make_collection, ok, problem, wrong_fields
from tests.support.client import client_of
from tests.support.pictures import picture

SECRET: Final = "MARK-4711-0815"
CARD: Final[dict[str, str | None]] = {
    "system": "acs",
    "type": "card",
    "format": "WIEGAND26",
    "value": SECRET,
}
MAIL: Final[dict[str, str | None]] = {
    "system": "2n",
    "type": "email",
    "value": f"{SECRET}@example.com",
}
SHOWN: Final[list[dict[str, str | None]]] = [
    {"system": "acs", "type": "card", "format": "WIEGAND26"},
    {"system": "2n", "type": "email", "format": None},
]
STAFF: Final = "/collections/staff"
PEOPLE: Final = f"{STAFF}/persons"


@pytest.fixture
def service(settings: Settings) -> Container:
    return build(settings.model_copy(update={"log_level": "DEBUG"}))


@pytest.fixture
def client(service: Container) -> Iterator[TestClient]:
    with client_of(service) as client:
        make_collection(client)
        yield client


def holder(service: Container, value: str = SECRET, system: str = "acs") -> str | None:
    """The id of the person whose card this is."""
    with service.database.read() as session:
        owner = get_collection(session, "staff")
        found = credential_repository.holder(
            session, owner, system=system, kind="card", value=value
        )
        return None if found is None else found.id


def rows(service: Container) -> int:
    with service.database.read() as session:
        return session.scalar(select(func.count()).select_from(Credential)) or 0


@pytest.mark.both_databases
def test_a_card_names_one_person_until_it_is_taken_away(
    client: TestClient, service: Container
) -> None:
    ada = made(client.post(PEOPLE, json={"id": "ada", "credentials": [CARD, MAIL]}))["person"]
    assert ada["credentials"] == SHOWN
    assert ok(client.get(f"{PEOPLE}/ada"))["credentials"] == SHOWN
    assert ok(client.get(PEOPLE))["items"][0]["credentials"] == SHOWN
    assert holder(service) == "ada"
    assert holder(service, system="other") is None
    assert holder(service, value=SECRET.lower()) is None
    ok(client.patch(f"{PEOPLE}/ada", json={"name": "Ada"}))
    assert holder(service) == "ada"
    again = ok(client.patch(f"{PEOPLE}/ada", json={"credentials": [MAIL, CARD]}))
    assert again["credentials"] == SHOWN[::-1]
    assert ok(client.patch(f"{PEOPLE}/ada", json={"credentials": None}))["credentials"] == []
    assert (holder(service), rows(service)) == (None, 0)


@pytest.mark.both_databases
def test_a_card_of_one_is_no_card_of_another(client: TestClient, service: Container) -> None:
    made(client.post(PEOPLE, json={"id": "ada", "credentials": [CARD]}))
    other_type = {**CARD, "type": "user_id"}
    made(client.post(PEOPLE, json={"id": "bob", "credentials": [other_type]}))
    for answer in (
        client.post(PEOPLE, json={"id": "cid", "credentials": [MAIL, CARD]}),
        client.patch(f"{PEOPLE}/bob", json={"credentials": [MAIL, {**CARD, "format": None}]}),
    ):
        refused = problem(answer, 409, "already_exists")
        (error,) = refused["errors"]
        assert error["field"] == "credentials[1]"
        assert SECRET not in answer.text
        assert "ada" not in refused["detail"] + error["message"]
    assert client.get(f"{PEOPLE}/cid").status_code == 404
    assert ok(client.get(f"{PEOPLE}/bob"))["credentials"] == [{**SHOWN[0], "type": "user_id"}]
    make_collection(client, "lab")
    made(client.post("/collections/lab/persons", json={"id": "ada", "credentials": [CARD]}))
    ok(client.patch(f"{PEOPLE}/ada", json={"credentials": []}))
    ok(client.patch(f"{PEOPLE}/bob", json={"credentials": [CARD]}))
    assert holder(service) == "bob"


@pytest.mark.both_databases
def test_where_two_come_at_once_the_database_decides_and_says_no_value(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made(client.post(PEOPLE, json={"id": "ada", "credentials": [CARD]}))
    monkeypatch.setattr(credential_repository, "_taken", lambda *_: [])
    answer = client.post(PEOPLE, json={"id": "bob", "credentials": [CARD]})
    problem(answer, 409, "already_exists")
    assert SECRET not in answer.text + capsys.readouterr().err


@pytest.mark.both_databases
def test_who_is_removed_leaves_no_credential(client: TestClient, service: Container) -> None:
    made(client.post(PEOPLE, json={"id": "ada", "credentials": [CARD, MAIL]}))
    make_collection(client, "lab")
    made(client.post("/collections/lab/persons", json={"credentials": [CARD]}))
    assert rows(service) == 3
    assert client.delete(f"{PEOPLE}/ada").status_code == 204
    assert client.delete("/collections/lab?force=true").status_code == 204
    assert rows(service) == 0
    made(client.post(PEOPLE, json={"id": "bob", "credentials": [CARD]}))
    assert holder(service) == "bob"


def test_a_form_has_each_credential_as_json(client: TestClient) -> None:
    sent = [json.dumps(CARD), json.dumps(MAIL)]
    image = files(picture(1))
    ada = made(client.post(PEOPLE, data={"id": "ada", "credentials": sent}, files=image))
    assert ada["person"]["credentials"] == SHOWN
    for wrong in (SECRET, f'["{SECRET}"]', f'{{"value": "{SECRET}"'):
        data = {"credentials": [json.dumps(MAIL), wrong]}
        answer = client.post(PEOPLE, data=data, files=image)
        assert wrong_fields(answer) == ["credentials[1]"]
        assert SECRET not in answer.text


WRONG: Final[list[tuple[Any, str]]] = [
    (SECRET, "credentials"),
    ([SECRET], "credentials[0]"),
    ([{**CARD, "value": SECRET * 20}], "credentials[0].value"),
    ([{**CARD, "value": f"{SECRET}\n"}], "credentials[0].value"),
    ([{**CARD, "value": [SECRET]}], "credentials[0].value"),
    ([{**CARD, "type": SECRET}], "credentials[0].type"),
    ([{**CARD, "system": f"{SECRET} "}], "credentials[0].system"),
    ([{**CARD, "number": SECRET}], "credentials[0].number"),
    ([{"system": "acs", "value": SECRET}], "credentials[0].type"),
    ([CARD, MAIL, CARD], "credentials"),
    ([{**CARD, "value": f"{SECRET}{i}"} for i in range(17)], "credentials"),
]


@pytest.mark.parametrize(("sent", "field"), WRONG)
def test_an_error_names_the_place_and_never_the_value(
    client: TestClient, sent: object, field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made(client.post(PEOPLE, json={"id": "ada"}))
    for answer in (
        client.post(PEOPLE, json={"credentials": sent}),
        client.patch(f"{PEOPLE}/ada", json={"credentials": sent}),
    ):
        assert wrong_fields(answer) == [field]
        assert SECRET not in answer.text
    assert SECRET not in capsys.readouterr().err


def test_a_repeated_creation_is_known_by_its_values_and_shows_none(client: TestClient) -> None:
    once = {"Idempotency-Key": "k"}
    first = client.post(PEOPLE, json={"credentials": [CARD]}, headers=once)
    again = client.post(PEOPLE, json={"credentials": [CARD]}, headers=once)
    assert made(first) == made(again)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert SECRET not in first.text + again.text
    another = {**CARD, "value": f"{SECRET}-2"}
    answer = client.post(PEOPLE, json={"credentials": [another]}, headers=once)
    assert SECRET not in problem(answer, 409, "conflict")["detail"]
    ok(client.patch(f"{PEOPLE}/{made(first)['person']['id']}", json={"credentials": [MAIL]}))
    again = client.post(PEOPLE, json={"credentials": [CARD]}, headers=once)
    assert made(again)["person"]["credentials"] == SHOWN[1:]


def every_get(client: TestClient, places: dict[str, Any]) -> Iterator[httpx.Response]:
    """The answer of each route that has GET, with somebody there, and of the documentation."""
    document = ok(client.get("http://kith/openapi.json"))
    for path, item in document["paths"].items():
        if "get" in item:
            yield client.get(f"http://kith{path}".format(**places))
    yield client.get("http://kith/openapi.json")


def test_no_route_no_log_and_no_receipt_has_a_value(
    client: TestClient, service: Container, capsys: pytest.CaptureFixture[str]
) -> None:
    make_site(client, STAFF)
    once = {"Idempotency-Key": "k"}
    new = {"id": "ada", "name": "Ada", "external_id": "x", "credentials": json.dumps(CARD)}
    image = files(picture(1))
    answers = [client.post(PEOPLE, data=new, files=image, headers=once) for _ in range(2)]
    face = made(answers[0])["faces"][0]["id"]
    answers.append(client.patch(f"{PEOPLE}/ada", json={"credentials": [CARD, MAIL]}))
    answers.append(client.put(f"{STAFF}/groups/staff/members/ada", json={}))
    unlock = {"kind": "http", "url": "https://lock.invalid/open"}
    answers.append(client.put(f"{STAFF}/doors/front/actions/unlock", json=unlock))
    probe = files(picture(1, 2), field="image")
    answers.append(client.post(f"{STAFF}/identify", files=probe))
    answers.append(client.post(f"{PEOPLE}/ada/verify", files=probe))
    answers.append(client.get(PEOPLE, params={"name": "Ada"}))
    assert all(answer.is_success for answer in answers)
    key = made(client.post("/keys", json={"scopes": ["read"]}))["id"]
    names = {"collection_id": "staff", "person_id": "ada", "face_id": face, "key_id": key}
    hook = {"webhook_id": make_webhook(client, "staff")}
    got = list(every_get(client, names | PLACES | hook))
    assert len(got) > 20
    assert [(str(a.url), a.status_code) for a in got if a.status_code != 200] == []
    assert not [str(each.url) for each in answers + got if SECRET in each.text]
    assert holder(service) == "ada"
    logged = capsys.readouterr().err
    assert "person.created" in logged
    assert SECRET not in logged
    dump = json.dumps(receipts(service))
    assert "Ada" in dump
    assert SECRET not in dump


def receipts(service: Container) -> list[list[str]]:
    with service.database.read() as session:
        found = session.connection().exec_driver_sql("SELECT * FROM idempotency_receipts")
        return [[str(value) for value in row] for row in found]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_crash_logs_no_value(
    settings: Settings,
    log_format: LogFormat,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It comes where the value is at hand, and the log has all of its traceback."""

    def crash(*given: object) -> list[int]:
        assert SECRET in str([each.value for each in given[2]])  # type: ignore[attr-defined]
        raise RuntimeError("a surprise")

    changed = settings.model_copy(update={"log_format": log_format})
    with client_of(build(changed)) as client:
        make_collection(client)
        monkeypatch.setattr(credential_repository, "_taken", crash)
        answer = client.post(PEOPLE, json={"credentials": [CARD]})
        assert answer.status_code == 500
    logged = capsys.readouterr().err
    assert "a surprise" in logged
    assert "credential_repository.py" in logged
    assert SECRET not in logged + answer.text


def test_no_text_of_a_credential_in_this_process_has_its_value() -> None:
    field = CredentialField.model_validate(CARD)
    row = Credential(collection_key=1, person_key=1, position=0, **CARD)
    for each in (field, row):
        assert SECRET not in f"{each!r} {each!s}"
    with pytest.raises(ValueError, match="value") as error:
        CredentialField.model_validate({**CARD, "value": f"{SECRET}\n"})
    assert SECRET not in str(error.value)
