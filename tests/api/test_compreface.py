"""The API of CompreFace's clients at its edges: its keys, its errors, and what it records."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.settings import Settings
from tests.api.support import made, ok, problem
from tests.support.client import client_of
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY

FACES = "/api/v1/recognition/faces"
SUBJECTS = "/api/v1/recognition/subjects"
RECOGNIZE = "/api/v1/recognition/recognize"


@pytest.fixture
def service(settings: Settings) -> Iterator[TestClient]:
    """A service that answers them, asked without a key."""
    on = settings.model_copy(update={"compreface": True, "root_path": "/kith"})
    with client_of(build(on), key="", url="http://kith") as client:
        for name in ("hq", "lab"):
            made(client.post("/v1/collections", json={"id": name}, headers=ADMIN))
        yield client


ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}


def key(client: TestClient, *scopes: str, **more: object) -> dict[str, str]:
    """The header of a key that is made for the collection ``hq``."""
    body = {"scopes": scopes or ("identify", "enroll", "read"), "collections": ["hq"], **more}
    return {"x-api-key": made(client.post("/v1/keys", json=body, headers=ADMIN))["key"]}


def enrol(client: TestClient, subject: str, somebody: int, **headers: str) -> httpx.Response:
    answer: httpx.Response = client.post(
        FACES, params={"subject": subject}, files={"file": picture(somebody)}, headers=headers
    )
    return answer


def error(answer: httpx.Response, status: int, code: int) -> str:
    """The message of an error as CompreFace's clients read it."""
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert (answer.status_code, body["code"], set(body)) == (status, code, {"code", "message"})
    assert body["message"]
    message: str = body["message"]
    return message


def test_it_is_off_unless_it_is_switched_on(client: TestClient) -> None:
    for path in (RECOGNIZE, FACES, "/api/v1/detection/detect", "/api/v1/x"):
        problem(client.post(f"http://kith{path}"), 404, "not_found")


def test_it_is_no_part_of_the_documented_api(service: TestClient) -> None:
    paths = ok(service.get("/openapi.json"))["paths"]
    assert not [path for path in paths if path.startswith("/api/")]


def test_a_key_is_for_exactly_one_collection(service: TestClient) -> None:
    mine = key(service)
    assert ok(service.get(SUBJECTS, headers=mine)) == {"subjects": []}
    for other, count in (
        (key(service, collections=None), "every"),
        (key(service, collections=["hq", "lab"]), "more than one"),
    ):
        assert f"for {count} collection" in error(service.get(SUBJECTS, headers=other), 403, 1)
    assert "every" in error(service.get(FACES, headers={"x-api-key": ADMIN_KEY}), 403, 1)
    assert error(service.get(SUBJECTS), 400, 20)
    wrong = {"x-api-key": "00000000-0000-0000-0000-000000000002"}
    assert wrong["x-api-key"] not in error(service.get(SUBJECTS, headers=wrong), 404, 10)
    service.delete("/v1/collections/hq", params={"force": "true"}, headers=ADMIN).raise_for_status()
    assert "deleted" in error(service.get(SUBJECTS, headers=mine), 404, 10)


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("identify", {"recognize"}),
        ("enroll", {"list", "add", "delete"}),
        ("read", {"list"}),
        ("admin", {"recognize", "list", "add", "delete"}),
    ],
)
def test_scopes_count_as_on_the_other_routes(
    service: TestClient, scope: str, allowed: set[str]
) -> None:
    mine = key(service, scope)
    answers = {
        "recognize": service.post(RECOGNIZE, files={"file": picture(1)}, headers=mine),
        "list": service.get(FACES, headers=mine),
        "add": enrol(service, "Ada", 1, **mine),
        "delete": service.delete(FACES, headers=mine),
    }
    assert {name for name, each in answers.items() if each.is_success} == allowed
    for name in answers.keys() - allowed:
        error(answers[name], 403, 1)


def test_a_rate_counts_and_says_when_to_come_again(service: TestClient) -> None:
    mine = key(service, rate=1)
    ok(service.get(SUBJECTS, headers=mine))
    late = service.get(SUBJECTS, headers=mine)
    error(late, 429, 0)
    assert int(late.headers["retry-after"]) > 0


def test_each_error_has_the_number_that_clients_know(service: TestClient) -> None:
    mine = key(service)
    image = {"file": picture(1)}

    def post(path: str, body: object = None, **files: bytes) -> httpx.Response:
        answer: httpx.Response = service.post(
            path, headers=mine, **({"files": files} if files else {"json": body})
        )
        return answer

    assert "'subject'" in error(post(FACES, **image), 400, 33)
    assert "'file'" in error(post(RECOGNIZE, image=picture(1)), 400, 34)
    assert "'file'" in error(post(RECOGNIZE, {"image": ""}), 400, 34)
    error(post(RECOGNIZE, [1]), 400, 34)
    error(post(RECOGNIZE, {"file": "?"}), 400, 36)
    as_json = {"content-type": "application/json", **mine}
    error(service.post(RECOGNIZE, content=b"{", headers=as_json), 400, 26)
    error(post(f"{RECOGNIZE}?limit=x", **image), 400, 36)
    error(post(f"{RECOGNIZE}?prediction_count=0", **image), 400, 26)
    error(post(f"{RECOGNIZE}?det_prob_threshold=1.5", **image), 400, 36)
    error(post(f"{RECOGNIZE}?status=perhaps", **image), 400, 36)
    error(post(RECOGNIZE, file=b"no image"), 400, 21)
    error(post(f"{FACES}?subject=Ada", file=b"no image"), 400, 21)
    error(service.post(RECOGNIZE, data={"a": "b"}, headers=mine), 415, 0)
    error(post(f"{FACES}?subject=%07", **image), 400, 26)
    error(post(SUBJECTS, {"name": "Ada"}), 400, 36)
    error(post(f"{FACES}/delete", {"ids": []}), 400, 36)
    error(service.get("/api/v1/recognition/nothing", headers=mine), 404, 0)
    error(service.put(FACES, headers=mine), 404, 0)
    error(service.delete(f"{SUBJECTS}/a%2Fb", headers=mine), 404, 42)
    error(service.delete(f"{FACES}/a%2Fb", headers=mine), 404, 0)
    error(enrol(service, "../Ada", 1, **mine), 400, 26)
    error(service.post(f"{FACES}?subject=J%FCrgen", files=image, headers=mine), 400, 26)
    error(service.delete(f"{SUBJECTS}/Ada", headers=mine), 404, 42)
    error(service.delete(f"{FACES}/6b135f5b-a365-4522-b1f1-4c9ac2dd0728", headers=mine), 404, 11)
    long = {**as_json, "content-length": str(2**40)}
    error(service.post(RECOGNIZE, content=b"", headers=long), 413, 0)


@pytest.mark.parametrize("path", ["Staff/Ada", "Staff%2FAda", "staff%2fAda", "Staff/Ada/"])
def test_a_subject_may_have_slashes(service: TestClient, path: str) -> None:
    mine = key(service)
    made(enrol(service, "Staff/Ada", 1, **mine))
    for name in ("Staff", "Ada", "Staff/Ada/"):
        made(service.post(SUBJECTS, json={"subject": name}, headers=mine))
    names = ["Staff/Ada", "Staff", "Ada", "Staff/Ada/"]
    body = {"subject": "Visitors/Ada", "api_endpoint": "Staff/Ada"}
    assert ok(service.put(f"{SUBJECTS}/{path}", json=body, headers=mine)) == {"updated": True}
    names[0] = "Visitors/Ada"
    assert ok(service.get(SUBJECTS, headers=mine)) == {"subjects": names}
    ok(service.delete(f"{SUBJECTS}/Staff%2FAda%2F", headers=mine))
    assert ok(service.get(SUBJECTS, headers=mine)) == {"subjects": names[:3]}


@pytest.mark.parametrize("path", ["//", "/%2F", "/Ada%0A", "//Ada"])
def test_a_path_that_names_no_subject_removes_nobody(service: TestClient, path: str) -> None:
    mine = key(service)
    made(service.post(SUBJECTS, json={"subject": "Ada"}, headers=mine))
    assert service.delete(f"{SUBJECTS}{path}", headers=mine).is_client_error
    assert ok(service.get(SUBJECTS, headers=mine)) == {"subjects": ["Ada"]}


@pytest.mark.parametrize(
    "query",
    [
        "?&limit=",
        "?status=False",
        "?face_plugins=undefined",
        "?nothing=1&nothing=2",
        "?limit=0&",
        "",
    ],
)
def test_the_spellings_of_clients_are_read(service: TestClient, query: str) -> None:
    mine = key(service)
    made(enrol(service, "Ada", 1, **mine))
    answer = service.post(f"/kith{RECOGNIZE}{query}", files={"file": picture(1)}, headers=mine)
    (face,) = ok(answer)["result"]
    assert face["subjects"] == [{"subject": "Ada", "similarity": face["subjects"][0]["similarity"]}]


def test_a_repeated_creation_under_its_key_is_answered_again(service: TestClient) -> None:
    mine = {**key(service), "Idempotency-Key": "1"}
    first, again = enrol(service, "Ada", 1, **mine), enrol(service, "Ada", 1, **mine)
    assert made(first) == made(again)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    error(enrol(service, "Bob", 1, **mine), 409, 0)
    other = {**mine, "Idempotency-Key": "2"}
    bodies = [service.post(SUBJECTS, json={"subject": "Zoe"}, headers=other) for _ in range(2)]
    assert [made(each) for each in bodies] == [{"subject": "Zoe"}] * 2


def test_an_image_id_reaches_no_other_collection(service: TestClient) -> None:
    mine, other = key(service), key(service, collections=["lab"])
    face = made(enrol(service, "Ada", 1, **mine))
    theirs = made(enrol(service, "Bob", 2, **other))
    assert face["image_id"] != theirs["image_id"]
    error(service.delete(f"{FACES}/{face['image_id']}", headers=other), 404, 11)
    assert ok(service.get(FACES, headers=other))["faces"] == [theirs]
    service.delete("/v1/collections/hq", params={"force": "true"}, headers=ADMIN).raise_for_status()
    made(service.post("/v1/collections", json={"id": "hq"}, headers=ADMIN))
    later = key(service)
    made(enrol(service, "Ada", 1, **later))
    error(service.delete(f"{FACES}/{face['image_id']}", headers=later), 404, 11)


def test_faces_are_listed_by_pages_and_by_subject(service: TestClient) -> None:
    mine = key(service)
    faces = [made(enrol(service, name, number, **mine)) for number, name in enumerate("aab", 1)]
    page = ok(service.get(FACES, params={"page": 1, "size": 2}, headers=mine))
    assert page == {
        "faces": faces[2:],
        "page_number": 1,
        "page_size": 2,
        "total_pages": 2,
        "total_elements": 3,
    }
    assert ok(service.get(f"{FACES}?subject=A", headers=mine))["faces"] == faces[:2]
    assert ok(service.get(f"{FACES}?subject=c", headers=mine))["faces"] == []


def test_people_of_one_name_are_one_subject_that_must_be_made_several_to_change(
    service: TestClient,
) -> None:
    mine = key(service)
    people = "/v1/collections/hq/persons"
    for person in ({"id": "a", "name": "Ada"}, {"id": "b", "name": "Ada"}, {"id": "Zoe"}):
        made(service.post(people, json=person, headers=ADMIN))
    assert ok(service.get(SUBJECTS, headers=mine)) == {"subjects": ["Ada", "Zoe"]}
    assert "a, b" in error(enrol(service, "Ada", 1, **mine), 400, 26)
    assert "a, b" in error(service.delete(f"{SUBJECTS}/Ada", headers=mine), 400, 26)
    assert made(enrol(service, "zoe", 1, **mine))["subject"] == "zoe"
    assert ok(service.get(f"{people}/Zoe", headers=ADMIN))["face_count"] == 1


def test_what_clients_change_is_in_the_audit_under_their_key(service: TestClient) -> None:
    mine = key(service)
    face = made(enrol(service, "Ada", 1, **mine))
    service.put(f"{SUBJECTS}/Ada", json={"subject": "Bob"}, headers=mine)
    service.delete(f"{FACES}/{face['image_id']}", headers=mine)
    service.delete(f"{SUBJECTS}/Bob", headers=mine)
    rows = ok(service.get("/v1/audit?collection=hq", headers=ADMIN))["items"]
    done = [row["action"] for row in rows if row["actor"]["key_id"] not in (None, "operator")]
    assert done == ["person.created", "person.updated", "face.deleted", "person.deleted"]
