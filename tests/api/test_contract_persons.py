"""Persons, as the contract promises them."""

import datetime as dt
import json

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from app.core.db import Database
from app.gallery.models import Person
from app.settings import Settings
from tests.api.support import (
    FakeClock,
    enrol,
    files,
    identify,
    made,
    make_collection,
    ok,
    only_face,
    problem,
    wrong_fields,
)
from tests.support.pictures import picture

pytestmark = pytest.mark.both_databases

FIELDS = {
    "id",
    "collection_id",
    "name",
    "external_id",
    "metadata",
    "valid_from",
    "valid_until",
    "suspended",
    "suspended_by_sync",
    "credentials",
    "face_count",
    "created_at",
    "updated_at",
}


def test_a_person_made_of_nothing_is_anonymous_and_always_valid(timed: TestClient) -> None:
    staff = make_collection(timed)
    body = made(timed.post(f"{staff}/persons", json={}))
    assert (set(body), body["faces"], body["rejected"]) == (
        {"person", "faces", "rejected", "warnings"},
        [],
        [],
    )
    person = body["person"]
    assert set(person) == FIELDS
    assert person.pop("id").startswith("per-")
    assert person == {
        "collection_id": "staff",
        "name": None,
        "external_id": None,
        "metadata": {},
        "valid_from": None,
        "valid_until": None,
        "suspended": False,
        "suspended_by_sync": False,
        "credentials": [],
        "face_count": 0,
        "created_at": "2026-05-04T12:00:00Z",
        "updated_at": "2026-05-04T12:00:00Z",
    }


GIVEN = {
    "id": "hr-1001",
    "name": "Ada Lovelace",
    "external_id": "badge/1001 ü",
    "metadata": {"team": ["engines"]},
    "valid_from": "2026-01-01T00:00:00Z",
    "valid_until": "2027-01-01T00:00:00Z",
}


def test_a_person_sent_as_json_keeps_what_was_given(client: TestClient, staff: str) -> None:
    person = made(client.post(f"{staff}/persons", json=GIVEN))["person"]
    assert {name: person[name] for name in GIVEN} == GIVEN
    assert ok(client.get(f"{staff}/persons/hr-1001")) == person


def test_a_person_sent_as_a_form_is_the_same(client: TestClient, staff: str) -> None:
    form = {**GIVEN, "metadata": json.dumps(GIVEN["metadata"])}
    answer = client.post(f"{staff}/persons", data=form, files=files(picture(1)))
    person = made(answer)["person"]
    assert {name: person[name] for name in GIVEN} == GIVEN
    assert person["face_count"] == 1


def test_times_of_any_offset_are_reported_in_utc(client: TestClient, staff: str) -> None:
    given = {"valid_from": "2026-01-01T01:30:00+01:30", "valid_until": "2026-06-30T20:00:00-04:00"}
    person = made(client.post(f"{staff}/persons", json=given))["person"]
    assert person["valid_from"] == "2026-01-01T00:00:00Z"
    assert person["valid_until"] == "2026-07-01T00:00:00Z"


@pytest.mark.on_sqlite
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "a b"),
        ("name", ""),
        ("name", 7),
        ("external_id", "x" * 257),
        ("external_id", ""),
        ("metadata", [1]),
        ("valid_from", "2026-01-01T00:00:00"),
        ("valid_from", "yesterday"),
        ("valid_until", "2026-13-01T00:00:00Z"),
        ("face_count", 3),
    ],
)
def test_a_wrong_field_is_named(client: TestClient, staff: str, field: str, value: object) -> None:
    assert wrong_fields(client.post(f"{staff}/persons", json={field: value})) == [field]
    made(client.post(f"{staff}/persons", json={"id": "there"}))
    if field != "id":
        patched = client.patch(f"{staff}/persons/there", json={field: value})
        assert wrong_fields(patched) == [field]


def test_a_validity_that_ends_before_it_begins_is_refused(client: TestClient, staff: str) -> None:
    window = {"valid_from": "2026-02-01T00:00:00Z", "valid_until": "2026-02-01T00:00:00Z"}
    problem(client.post(f"{staff}/persons", json=window), 422, "invalid_request")
    made(client.post(f"{staff}/persons", json={"id": "p", "valid_until": window["valid_until"]}))
    half = {"valid_from": "2026-03-01T00:00:00Z"}
    problem(client.patch(f"{staff}/persons/p", json=half), 422, "invalid_request")
    assert ok(client.get(f"{staff}/persons/p"))["valid_from"] is None


def test_ids_and_external_ids_are_unique_in_their_collection_alone(
    client: TestClient, staff: str
) -> None:
    other = make_collection(client, "other")
    made(client.post(f"{staff}/persons", json={"id": "ada", "external_id": "1"}))
    for taken in ({"id": "ada"}, {"external_id": "1"}, {"id": "ada", "external_id": "2"}):
        problem(client.post(f"{staff}/persons", json=taken), 409, "already_exists")
    unnamed = problem(
        client.post(f"{staff}/persons", json={"external_id": "1"}), 409, "already_exists"
    )
    assert (
        unnamed["detail"]
        == "There is a person with the external id '1' in the collection 'staff' already."
    )
    made(client.post(f"{other}/persons", json={"id": "ada", "external_id": "1"}))
    made(client.post(f"{staff}/persons", json={"id": "bob", "external_id": "2"}))
    renamed = client.patch(f"{staff}/persons/bob", json={"external_id": "1"})
    said = problem(renamed, 409, "already_exists")["detail"]
    assert "with the external id '1'" in said
    assert "bob" not in said  # who is changed is not the one in the way
    assert ok(client.get(f"{staff}/persons/bob"))["external_id"] == "2"


def test_several_persons_may_have_no_external_id(client: TestClient, staff: str) -> None:
    for each in ("a", "b"):
        made(client.post(f"{staff}/persons", json={"id": each, "external_id": None}))
    assert len(ok(client.get(f"{staff}/persons"))["items"]) == 2


def test_with_images_of_which_none_is_usable_nobody_is_made(client: TestClient, staff: str) -> None:
    images = files(b"", b"no image")
    answer = client.post(f"{staff}/persons", data={"id": "ada"}, files=images)
    body = problem(answer, 422, "invalid_image")
    assert [each["field"] for each in body["errors"]] == ["images[0]", "images[1]"]
    problem(client.get(f"{staff}/persons/ada"), 404, "not_found")
    assert ok(client.get(staff))["revision"] == 0


def test_of_several_images_the_usable_ones_are_enrolled(client: TestClient, staff: str) -> None:
    images = files(b"no image", picture(1), picture(1), picture(1, 1))
    body = made(client.post(f"{staff}/persons", data={"id": "ada"}, files=images))
    assert len(body["faces"]) == body["person"]["face_count"] == 2
    refused = [(each["index"], each["filename"], each["reasons"]) for each in body["rejected"]]
    assert refused == [(0, "0.png", ["invalid_image"]), (2, "2.png", ["duplicate_image"])]
    assert all(each["detail"] for each in body["rejected"])


def test_persons_are_listed_page_by_page_oldest_first(client: TestClient, staff: str) -> None:
    ids = ["z", "a", "m"]
    for each in ids:
        made(client.post(f"{staff}/persons", json={"id": each}))
    first = ok(client.get(f"{staff}/persons", params={"limit": 2}))
    assert [each["id"] for each in first["items"]] == ids[:2]
    rest = {"limit": 2, "cursor": first["next_cursor"]}
    second = ok(client.get(f"{staff}/persons", params=rest))
    assert ([each["id"] for each in second["items"]], second["next_cursor"]) == (["m"], None)


def test_a_page_is_neither_doubled_nor_skipped_when_somebody_leaves(
    client: TestClient, staff: str
) -> None:
    for each in "abcd":
        made(client.post(f"{staff}/persons", json={"id": each}))
    first = ok(client.get(f"{staff}/persons", params={"limit": 2}))
    assert client.delete(f"{staff}/persons/b").status_code == 204
    rest = ok(client.get(f"{staff}/persons", params={"cursor": first["next_cursor"]}))
    assert [each["id"] for each in rest["items"]] == ["c", "d"]


def test_persons_are_found_by_exact_name_and_external_id(client: TestClient, staff: str) -> None:
    for person, name, external in (("a", "Ada", "1"), ("b", "Ada", "2"), ("c", "ada", "3")):
        fields = {"id": person, "name": name, "external_id": external}
        made(client.post(f"{staff}/persons", json=fields))

    def found(**filters: str) -> list[str]:
        items = ok(client.get(f"{staff}/persons", params=filters))["items"]
        return [each["id"] for each in items]

    assert found(name="Ada") == ["a", "b"]
    assert found(external_id="3") == ["c"]
    assert found(name="Ada", external_id="2") == ["b"]
    assert found(name="Ada", external_id="3") == []
    assert found(name="Ad") == []
    assert found(name="A%") == []


def test_a_bad_cursor_and_an_empty_filter_are_refused(client: TestClient, staff: str) -> None:
    assert wrong_fields(client.get(f"{staff}/persons", params={"cursor": "x"})) == ["cursor"]
    assert wrong_fields(client.get(f"{staff}/persons", params={"name": ""})) == ["name"]


def test_a_patch_changes_what_it_names_and_nothing_else(
    timed: TestClient, clock: FakeClock
) -> None:
    staff = make_collection(timed)
    before = made(timed.post(f"{staff}/persons", json=GIVEN))["person"]
    clock.forward(dt.timedelta(seconds=1))
    body = ok(timed.patch(f"{staff}/persons/hr-1001", json={"name": "Ada King"}))
    assert body == {**before, "name": "Ada King", "updated_at": "2026-05-04T12:00:01Z"}
    assert ok(timed.get(f"{staff}/persons/hr-1001")) == body


@pytest.mark.parametrize("field", ["name", "external_id", "valid_from", "valid_until"])
def test_null_empties_a_field_and_leaves_the_others(
    client: TestClient, staff: str, field: str
) -> None:
    before = made(client.post(f"{staff}/persons", json=GIVEN))["person"]
    body = ok(client.patch(f"{staff}/persons/hr-1001", json={field: None}))
    assert body == {**before, field: None, "updated_at": body["updated_at"]}


def test_null_empties_the_metadata(client: TestClient, staff: str) -> None:
    made(client.post(f"{staff}/persons", json=GIVEN))
    body = ok(client.patch(f"{staff}/persons/hr-1001", json={"metadata": None}))
    assert body["metadata"] == {}


def test_a_person_cannot_be_given_another_id(client: TestClient, staff: str) -> None:
    made(client.post(f"{staff}/persons", json=GIVEN))
    assert wrong_fields(client.patch(f"{staff}/persons/hr-1001", json={"id": "other"})) == ["id"]


def test_a_removed_person_is_gone_with_all_their_faces(client: TestClient, staff: str) -> None:
    enrol(client, staff, "ada", picture(1), picture(1, 1))
    assert only_face(identify(client, staff, 1))["person_id"] == "ada"
    answer = client.delete(f"{staff}/persons/ada")
    assert (answer.status_code, answer.content) == (204, b"")
    face = only_face(identify(client, staff, 1))
    assert (face["decision"], face["candidates"]) == ("unknown", [])
    for path in (f"{staff}/persons/ada", f"{staff}/persons/ada/faces"):
        problem(client.get(path), 404, "not_found")
    problem(client.delete(f"{staff}/persons/ada"), 404, "not_found")
    assert ok(client.get(staff))["face_count"] == 0


def test_a_person_enrolled_again_under_an_old_id_has_none_of_the_old_faces(
    client: TestClient, staff: str
) -> None:
    enrol(client, staff, "ada", picture(1))
    assert client.delete(f"{staff}/persons/ada").status_code == 204
    enrol(client, staff, "ada", picture(2))
    assert only_face(identify(client, staff, 1))["decision"] == "unknown"
    assert only_face(identify(client, staff, 2))["person_id"] == "ada"


def test_a_person_of_another_collection_is_not_found(client: TestClient, staff: str) -> None:
    other = make_collection(client, "other")
    enrol(client, staff, "ada", picture(1))
    problem(client.get(f"{other}/persons/ada"), 404, "not_found")
    problem(client.patch(f"{other}/persons/ada", json={"name": "Eve"}), 404, "not_found")
    problem(client.delete(f"{other}/persons/ada"), 404, "not_found")
    assert only_face(identify(client, other, 1))["decision"] == "unknown"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/collections/nowhere/persons"),
        ("GET", "/collections/nowhere/persons"),
        ("GET", "/collections/nowhere/persons/ada"),
        ("PATCH", "/collections/nowhere/persons/ada"),
        ("DELETE", "/collections/nowhere/persons/ada"),
        ("GET", "/collections/staff/persons/nobody"),
        ("PATCH", "/collections/staff/persons/nobody"),
        ("DELETE", "/collections/staff/persons/nobody"),
    ],
)
def test_an_unknown_collection_or_person_is_not_found(
    client: TestClient, staff: str, method: str, path: str
) -> None:
    body: dict[str, str] | None = {} if method in ("POST", "PATCH") else None
    problem(client.request(method, path, json=body), 404, "not_found")


def test_a_name_is_found_however_its_accents_are_typed(client: TestClient) -> None:
    make_collection(client)
    nfc, nfd = "Zo\u00eb M\u00fcller", "Zoe\u0308 Mu\u0308ller"
    made = client.post("/collections/staff/persons", json={"id": "zoe", "name": nfd}).json()
    assert made["person"]["name"] == nfc
    assert made["person"]["external_id"] is None
    for name in (nfc, nfd):
        found = client.get("/collections/staff/persons", params={"name": name}).json()["items"]
        assert [each["id"] for each in found] == ["zoe"]
    patched = client.patch("/collections/staff/persons/zoe", json={"external_id": nfd}).json()
    assert patched["external_id"] == nfc
    for taken in (nfc, nfd):
        again = client.post("/collections/staff/persons", json={"external_id": taken})
        assert again.status_code == 409


def test_names_that_an_earlier_kith_stored_in_another_spelling_are_found_and_taken(
    client: TestClient, settings: Settings
) -> None:
    make_collection(client)
    nfc, nfd = "Zo\u00eb", "Zoe\u0308"
    client.post("/collections/staff/persons", json={"id": "zoe", "name": nfc, "external_id": nfc})
    client.post("/collections/staff/persons", json={"id": "bob"})
    database = Database(settings.database)
    with database.write() as session:
        session.execute(update(Person).where(Person.id == "zoe").values(name=nfd, external_id=nfd))
    database.close()
    for field in ("name", "external_id"):
        for spelling in (nfc, nfd):
            found = client.get("/collections/staff/persons", params={field: spelling}).json()[
                "items"
            ]
            assert [each["id"] for each in found] == ["zoe"]
    assert client.post("/collections/staff/persons", json={"external_id": nfc}).status_code == 409
    stolen = client.patch("/collections/staff/persons/bob", json={"external_id": nfc})
    assert stolen.status_code == 409
    own = client.patch("/collections/staff/persons/zoe", json={"external_id": nfc})
    assert (own.status_code, own.json()["external_id"]) == (200, nfc)


def test_a_name_that_grows_in_nfc_is_held_against_the_limit_as_it_is_stored(
    client: TestClient,
) -> None:
    make_collection(client)
    grows = "\ufb2c"  # one character, three in NFC
    refused = client.post("/collections/staff/persons", json={"name": grows * 86})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "name"
    stored = client.post("/collections/staff/persons", json={"name": grows * 85})
    assert stored.status_code == 201
    assert len(stored.json()["person"]["name"]) == 255
