"""Faces, as the contract promises them."""

import base64
import hashlib
import io

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from tests.api.support import (
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
    "person_id",
    "image_sha256",
    "box",
    "detection_score",
    "quality",
    "turned_degrees",
    "contract_id",
    "created_at",
}


@pytest.fixture
def ada(client: TestClient, staff: str) -> str:
    """The path of somebody without faces."""
    made(client.post(f"{staff}/persons", json={"id": "ada"}))
    return f"{staff}/persons/ada"


def test_a_face_shows_where_it_was_found_and_never_its_embedding(
    client: TestClient, ada: str
) -> None:
    body = made(client.post(f"{ada}/faces", files=files(picture(1))))
    assert set(body) == {"faces", "rejected", "warnings"}
    (face,) = body["faces"]
    assert face.pop("index") == 0
    assert set(face) == FIELDS
    assert face["image_sha256"] == hashlib.sha256(picture(1)).hexdigest()
    assert face["person_id"] == "ada"
    assert face["box"] == {"x": 0, "y": 0, "width": 64, "height": 64}
    assert face["detection_score"] == 1.0
    assert face["quality"] is None
    assert face["contract_id"].startswith("fake-")
    assert ok(client.get(f"{ada}/faces")) == {"items": [face], "next_cursor": None}


def test_images_come_as_base64_too(client: TestClient, staff: str, ada: str) -> None:
    encoded = [{"base64": base64.b64encode(picture(1, shake)).decode()} for shake in (0, 1)]
    body = made(client.post(f"{ada}/faces", json={"images": [*encoded, encoded[0]]}))
    assert len(body["faces"]) == 2
    (refused,) = body["rejected"]
    assert (refused["index"], refused["filename"]) == (2, None)
    assert only_face(identify(client, staff, 1))["person_id"] == "ada"


def test_a_data_url_is_base64_with_a_prefix(client: TestClient, ada: str) -> None:
    url = "data:image/png;base64," + base64.b64encode(picture(1)).decode()
    assert len(made(client.post(f"{ada}/faces", json={"images": [{"base64": url}]}))["faces"]) == 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"])
def test_every_format_of_the_contract_is_read(
    client: TestClient, staff: str, ada: str, kind: str
) -> None:
    stream = io.BytesIO()
    Image.open(io.BytesIO(picture(1))).save(stream, kind)
    assert made(client.post(f"{ada}/faces", files=files(stream.getvalue())))["rejected"] == []
    assert only_face(identify(client, staff, 1))["person_id"] == "ada"


def test_a_turned_camera_is_turned_back(client: TestClient, staff: str, ada: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    turned = Image.open(io.BytesIO(picture(1))).transpose(Image.Transpose.ROTATE_90)
    turned.save(stream, "JPEG", exif=exif, quality=95)
    made(client.post(f"{ada}/faces", files=files(stream.getvalue())))
    assert only_face(identify(client, staff, 1))["person_id"] == "ada"


def test_partial_success_is_success(client: TestClient, ada: str) -> None:
    images = files(picture(1), b"", picture(1)[:100], b"GIF no, text", picture(1, 1))
    body = made(client.post(f"{ada}/faces", files=images))
    assert [each["index"] for each in body["faces"]] == [0, 4]
    sent = [hashlib.sha256(data).hexdigest() for _, (_, data, _) in images]
    assert [each["image_sha256"] for each in body["faces"]] == [sent[0], sent[4]]
    assert [each["image_sha256"] for each in body["rejected"]] == sent[1:4]
    assert [(each["index"], each["reasons"]) for each in body["rejected"]] == [
        (1, ["invalid_image"]),
        (2, ["invalid_image"]),
        (3, ["invalid_image"]),
    ]


def test_an_image_that_the_person_has_already_is_a_duplicate(
    client: TestClient, staff: str, ada: str
) -> None:
    made(client.post(f"{ada}/faces", files=files(picture(1))))
    again = problem(client.post(f"{ada}/faces", files=files(picture(1))), 422, "invalid_request")
    assert again["errors"][0]["field"] == "images[0]"
    assert again["errors"][0]["message"].startswith("duplicate_image")
    body = made(client.post(f"{ada}/faces", files=files(picture(1), picture(1, 1))))
    assert [each["reasons"] for each in body["rejected"]] == [["duplicate_image"]]
    assert ok(client.get(staff))["face_count"] == 2


def test_the_same_image_may_belong_to_two_persons(client: TestClient, staff: str, ada: str) -> None:
    made(client.post(f"{ada}/faces", files=files(picture(1))))
    assert enrol(client, staff, "twin", picture(1))["rejected"] == []


def test_past_the_collections_limit_faces_are_refused(client: TestClient) -> None:
    path = make_collection(client, "few", max_faces_per_person=2)
    images = [picture(1, shake) for shake in range(4)]
    body = enrol(client, path, "ada", *images[:3])
    assert (len(body["faces"]), len(body["rejected"])) == (2, 1)
    assert body["rejected"][0]["reasons"] == ["face_limit_reached"]
    full = client.post(f"{path}/persons/ada/faces", files=files(images[3]))
    assert "face_limit_reached" in problem(full, 422, "invalid_request")["errors"][0]["message"]
    ok(client.patch(path, json={"max_faces_per_person": 3}))
    assert len(made(client.post(f"{path}/persons/ada/faces", files=files(images[3])))["faces"]) == 1


def test_a_place_that_a_removed_face_leaves_can_be_taken(client: TestClient) -> None:
    path = make_collection(client, "few", max_faces_per_person=1)
    (face,) = enrol(client, path, "ada", picture(1))["faces"]
    assert client.delete(f"{path}/persons/ada/faces/{face['id']}").status_code == 204
    made(client.post(f"{path}/persons/ada/faces", files=files(picture(1))))


@pytest.mark.parametrize(
    ("image", "status", "code"),
    [
        (b"", 422, "invalid_image"),
        (b"text", 415, "unsupported_image"),
        (picture(1)[:100], 422, "invalid_image"),
    ],
    ids=["empty", "text", "truncated"],
)
def test_with_no_usable_image_nothing_is_added(
    client: TestClient, ada: str, image: bytes, status: int, code: str
) -> None:
    body = problem(client.post(f"{ada}/faces", files=files(image)), status, code)
    assert [each["field"] for each in body["errors"]] == ["images[0]"]
    assert ok(client.get(f"{ada}/faces"))["items"] == []


def test_faces_need_an_image(client: TestClient, ada: str) -> None:
    assert wrong_fields(client.post(f"{ada}/faces", json={})) == ["images"]
    assert wrong_fields(client.post(f"{ada}/faces", json={"images": []})) == ["images"]
    assert wrong_fields(client.post(f"{ada}/faces", files=files(picture(1), field="image"))) == [
        "image"
    ]


def test_faces_are_listed_page_by_page_oldest_first(client: TestClient, ada: str) -> None:
    added = made(client.post(f"{ada}/faces", files=files(*(picture(1, i) for i in range(5)))))
    seen: list[object] = []
    cursor: str | None = None
    for _ in range(3):
        more = {"cursor": cursor} if cursor else {}
        page = ok(client.get(f"{ada}/faces", params={"limit": 2, **more}))
        seen += page["items"]
        cursor = page["next_cursor"]
    assert seen == [{name: face[name] for name in FIELDS} for face in added["faces"]]
    assert cursor is None
    assert wrong_fields(client.get(f"{ada}/faces", params={"cursor": "x"})) == ["cursor"]


def test_on_a_removed_face_no_decision_rests(client: TestClient, staff: str, ada: str) -> None:
    body = made(client.post(f"{ada}/faces", files=files(picture(1), picture(2))))
    one, two = (each["id"] for each in body["faces"])
    answer = client.delete(f"{ada}/faces/{one}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert [each["id"] for each in ok(client.get(f"{ada}/faces"))["items"]] == [two]
    assert only_face(identify(client, staff, 1))["decision"] == "unknown"
    found = only_face(identify(client, staff, 2))
    assert (found["person_id"], found["candidates"][0]["face_id"]) == ("ada", two)
    problem(client.delete(f"{ada}/faces/{one}"), 404, "not_found")


def test_the_last_face_takes_its_person_out_of_the_gallery(
    client: TestClient, staff: str, ada: str
) -> None:
    (face,) = made(client.post(f"{ada}/faces", files=files(picture(1))))["faces"]
    assert client.delete(f"{ada}/faces/{face['id']}").status_code == 204
    assert identify(client, staff, 1)["policy"]["gallery_size"] == 0
    assert ok(client.get(ada))["face_count"] == 0


def test_a_face_of_somebody_else_cannot_be_removed_here(
    client: TestClient, staff: str, ada: str
) -> None:
    (face,) = enrol(client, staff, "bob", picture(2))["faces"]
    problem(client.delete(f"{ada}/faces/{face['id']}"), 404, "not_found")
    assert ok(client.get(f"{staff}/persons/bob"))["face_count"] == 1


@pytest.mark.on_sqlite
@pytest.mark.parametrize("face", ["0", "-1", "one", "9223372036854775808", "1.5"])
def test_what_is_no_face_id_is_refused(client: TestClient, ada: str, face: str) -> None:
    assert wrong_fields(client.delete(f"{ada}/faces/{face}")) == ["face_id"]


@pytest.mark.parametrize(
    "path", ["/collections/nowhere/persons/ada", "/collections/staff/persons/x"]
)
def test_faces_of_an_unknown_collection_or_person_are_not_found(
    client: TestClient, staff: str, path: str
) -> None:
    problem(client.get(f"{path}/faces"), 404, "not_found")
    problem(client.post(f"{path}/faces", files=files(picture(1))), 404, "not_found")
    problem(client.delete(f"{path}/faces/1"), 404, "not_found")
