"""Collections, as the contract promises them."""

import datetime as dt

import pytest
from fastapi.testclient import TestClient

from tests.api.support import (
    FakeClock,
    enrol,
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
    "name",
    "target_fpir",
    "target_fmr",
    "max_faces_per_person",
    "lookalikes",
    "unlike",
    "keep_probes",
    "keep_crops",
    "show_candidates",
    "min_face_size",
    "metadata",
    "contract_id",
    "revision",
    "person_count",
    "face_count",
    "created_at",
    "updated_at",
}


def test_a_collection_made_of_nothing_has_the_contracts_defaults(timed: TestClient) -> None:
    body = made(timed.post("/collections", json={}))
    assert set(body) == FIELDS
    assert body.pop("id").startswith("col-")
    assert body.pop("contract_id").startswith("fake-")
    assert body == {
        "name": None,
        "target_fpir": 0.001,
        "target_fmr": 1e-4,
        "max_faces_per_person": 20,
        "lookalikes": "warn",
        "unlike": "warn",
        "keep_probes": 0,
        "keep_crops": False,
        "show_candidates": False,
        "min_face_size": 0,
        "metadata": {},
        "revision": 0,
        "person_count": 0,
        "face_count": 0,
        "created_at": "2026-05-04T12:00:00Z",
        "updated_at": "2026-05-04T12:00:00Z",
    }


def test_a_collection_keeps_what_it_was_given(client: TestClient) -> None:
    given = {
        "id": "Staff.2-x_9",
        "name": "Die Belegschaft 🏢",
        "target_fpir": 0.02,
        "target_fmr": 0.003,
        "max_faces_per_person": 7,
        "lookalikes": "refuse",
        "unlike": "off",
        "keep_probes": 12,
        "keep_crops": True,
        "show_candidates": True,
        "min_face_size": 80,
        "metadata": {"site": {"floors": [1, 2.5, None, True, "ü"]}},
    }
    body = made(client.post("/collections", json=given))
    assert {name: body[name] for name in given} == given
    assert ok(client.get("/collections/Staff.2-x_9")) == body


def test_the_counts_and_the_revision_follow_the_enrolments(client: TestClient, staff: str) -> None:
    enrol(client, staff, "ada", picture(1), picture(1, 1))
    enrol(client, staff, "bob", picture(2))
    made(client.post(f"{staff}/persons", json={"id": "no-face"}))
    body = ok(client.get(staff))
    assert (body["person_count"], body["face_count"], body["revision"]) == (3, 3, 2)


def test_a_taken_id_is_refused(client: TestClient, staff: str) -> None:
    problem(client.post("/collections", json={"id": "staff"}), 409, "already_exists")


@pytest.mark.on_sqlite
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""),
        ("id", "-starts-with-a-dash"),
        ("id", "a" * 65),
        ("id", "a/b"),
        ("id", "line\n"),
        ("id", 7),
        ("name", ""),
        ("name", "n" * 257),
        ("target_fpir", 0),
        ("target_fpir", 1),
        ("target_fpir", -0.1),
        ("target_fpir", "often"),
        ("target_fpir", None),
        ("target_fmr", 0),
        ("target_fmr", 1),
        ("max_faces_per_person", 0),
        ("max_faces_per_person", 101),
        ("max_faces_per_person", 1.5),
        ("lookalikes", "tell"),
        ("unlike", "tell"),
        ("lookalikes", None),
        ("keep_probes", -1),
        ("keep_probes", 1001),
        ("keep_probes", "all"),
        ("keep_probes", False),
        ("keep_crops", "yes"),
        ("show_candidates", "yes"),
        ("show_candidates", None),
        ("min_face_size", -1),
        ("min_face_size", 100_001),
        ("min_face_size", None),
        ("keep_crops", 1),
        ("keep_crops", None),
        ("metadata", []),
        ("metadata", "not JSON"),
        ("metadata", {"much": "x" * 16_384}),
        ("colour", "red"),
    ],
)
def test_a_wrong_field_is_named(client: TestClient, field: str, value: object) -> None:
    assert wrong_fields(client.post("/collections", json={field: value})) == [field]
    made(client.post("/collections", json={"id": "there"}))
    if field != "id":
        assert wrong_fields(client.patch("/collections/there", json={field: value})) == [field]


def test_the_list_goes_through_all_pages_oldest_first(client: TestClient) -> None:
    ids = [f"c{i}" for i in (3, 1, 4, 5, 9)]
    for each in ids:
        make_collection(client, each)
    seen, sizes, cursor = [], [], None
    while True:
        page = ok(
            client.get(
                "/collections", params={"limit": 2, **({"cursor": cursor} if cursor else {})}
            )
        )
        assert set(page) == {"items", "next_cursor"}
        sizes.append(len(page["items"]))
        seen += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert (seen, sizes) == (ids, [2, 2, 1])


def test_a_full_last_page_has_no_next_cursor(client: TestClient) -> None:
    for each in ("a", "b"):
        make_collection(client, each)
    assert ok(client.get("/collections", params={"limit": 2}))["next_cursor"] is None
    assert ok(client.get("/collections"))["next_cursor"] is None


@pytest.mark.on_sqlite
@pytest.mark.parametrize("limit", ["0", "1001", "-1", "ten", ""])
def test_a_limit_out_of_range_is_refused(client: TestClient, limit: str) -> None:
    assert wrong_fields(client.get("/collections", params={"limit": limit})) == ["limit"]


@pytest.mark.on_sqlite
@pytest.mark.parametrize(
    "cursor", ["", "k1", "aw", "a2", "!!!!", "azE=x", "é", "azEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2"]
)
def test_a_cursor_that_was_never_given_is_refused(client: TestClient, cursor: str) -> None:
    assert wrong_fields(client.get("/collections", params={"cursor": cursor})) == ["cursor"]


def test_a_patch_changes_what_it_names_and_nothing_else(
    timed: TestClient, clock: FakeClock
) -> None:
    made(timed.post("/collections", json={"id": "c", "name": "C", "metadata": {"a": 1, "b": 2}}))
    before = ok(timed.get("/collections/c"))
    clock.forward(dt.timedelta(minutes=5))
    body = ok(timed.patch("/collections/c", json={"target_fpir": 0.01, "metadata": {"b": 3}}))
    assert body == {
        **before,
        "target_fpir": 0.01,
        "metadata": {"b": 3},
        "updated_at": "2026-05-04T12:05:00Z",
    }
    assert ok(timed.get("/collections/c")) == body


def test_null_empties_the_name_and_the_metadata(client: TestClient) -> None:
    path = make_collection(client, name="Staff", metadata={"a": 1})
    body = ok(client.patch(path, json={"name": None, "metadata": None}))
    assert (body["name"], body["metadata"]) == (None, {})


def test_an_empty_patch_changes_nothing(client: TestClient) -> None:
    path = make_collection(client, name="Staff", target_fpir=0.5, metadata={"a": 1})
    before, after = ok(client.get(path)), ok(client.patch(path, json={}))
    assert {**before, "updated_at": after["updated_at"]} == after


def test_a_new_target_fpir_moves_the_threshold_at_once(client: TestClient, staff: str) -> None:
    enrol(client, staff, "ada", picture(1))
    before = ok(client.get(f"{staff}/threshold"))
    ok(client.patch(staff, json={"target_fpir": 1e-6}))
    after = ok(client.get(f"{staff}/threshold"))
    assert after["similarity"] > before["similarity"]
    assert after["target_fpir"] == 1e-6
    assert identify(client, staff, 1)["policy"]["target_fpir"] == 1e-6


def test_an_empty_collection_is_deleted(client: TestClient, staff: str) -> None:
    answer = client.delete(staff)
    assert (answer.status_code, answer.content) == (204, b"")
    problem(client.get(staff), 404, "not_found")
    problem(client.delete(staff), 404, "not_found")


def test_a_collection_with_somebody_in_it_is_deleted_by_force_alone(
    client: TestClient, staff: str
) -> None:
    made(client.post(f"{staff}/persons", json={"id": "ada"}))
    assert "force=true" in problem(client.delete(staff), 409, "conflict")["detail"]
    problem(client.delete(staff, params={"force": "false"}), 409, "conflict")
    assert ok(client.get(staff))["person_count"] == 1
    assert client.delete(staff, params={"force": "true"}).status_code == 204
    problem(client.get(f"{staff}/persons/ada"), 404, "not_found")


def test_a_collection_made_again_under_an_old_id_knows_nobody(
    client: TestClient, staff: str
) -> None:
    enrol(client, staff, "ada", picture(1))
    assert only_face(identify(client, staff, 1))["person_id"] == "ada"
    assert client.delete(staff, params={"force": "true"}).status_code == 204
    make_collection(client)
    answer = identify(client, staff, 1)
    assert (answer["policy"]["gallery_size"], answer["revision"]) == (0, 0)
    assert (only_face(answer)["decision"], only_face(answer)["candidates"]) == ("unknown", [])
    assert ok(client.get(f"{staff}/persons"))["items"] == []


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_unknown_collection_is_not_found(client: TestClient, method: str) -> None:
    body: dict[str, str] | None = {} if method == "PATCH" else None
    found = problem(client.request(method, "/collections/nowhere", json=body), 404, "not_found")
    assert "nowhere" in found["detail"]
