"""Which face of an image is taken, on every route that takes one: with real faces."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray

from app.bootstrap import build
from app.settings import SHIPPED, Settings
from tests.api.scenes import Box, alike, scene, text
from tests.api.support import files, made, make_collection, ok, problem, wrong_fields
from tests.support.client import client_of
from tests.support.pictures import encoded
from tests.support.server import ADMIN_KEY
from tests.unit.inference.faces import admiral, astronaut, resized

RULES = ("only", "largest", "central", "main")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service on the bundle that comes with Kith."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("faces"), model=SHIPPED / "face-mini", admin_key=ADMIN_KEY
    )
    with client_of(build(settings)) as client:
        yield client


@pytest.fixture(scope="module")
def faces(client: TestClient) -> dict[str, Box]:
    """The boxes of the two in their own photographs."""
    found = {}
    for name, photo in (("eileen", astronaut()), ("grace", admiral())):
        answer = client.post("/detect", files=files(encoded(photo), field="image"))
        (face,) = ok(answer)["faces"]
        found[name] = face["box"]
    return found


@pytest.fixture(scope="module")
def sight(faces: dict[str, Box]) -> tuple[bytes, dict[str, Box]]:
    """A subject of 60 pixels next to a bystander of 100."""
    return scene(faces, eileen=60, grace=100)


@pytest.fixture(scope="module")
def rivals(faces: dict[str, Box]) -> bytes:
    return scene(faces, eileen=80, grace=100)[0]


@pytest.fixture
def staff(client: TestClient, request: pytest.FixtureRequest) -> str:
    name = hashlib.sha256(request.node.name.encode()).hexdigest()[:12]
    return make_collection(client, name)


def person_in(client: TestClient, collection: str, photo: NDArray[np.uint8]) -> object:
    answer = client.post(f"{collection}/identify", files=files(encoded(photo), field="image"))
    (face,) = ok(answer)["faces"]
    return face["person_id"]


def test_the_larger_of_two_unlike_faces_is_taken_with_a_warning(
    client: TestClient, staff: str, sight: tuple[bytes, dict[str, Box]]
) -> None:
    image, places = sight
    body = made(client.post(f"{staff}/persons", data={"id": "who"}, files=files(image)))
    (warning,) = body["warnings"]
    assert alike(warning.pop("box"), places["grace"])
    assert "2 faces" in warning.pop("detail")
    assert warning == {
        "index": 0,
        "filename": "0.png",
        "image_sha256": hashlib.sha256(image).hexdigest(),
        "reason": "several_faces",
        "faces_found": 2,
    }
    (face,) = body["faces"]
    assert (face["index"], face["image_sha256"]) == (0, hashlib.sha256(image).hexdigest())
    assert alike(face["box"], places["grace"])
    assert person_in(client, staff, admiral()) == "who"
    assert person_in(client, staff, astronaut()) is None


@pytest.mark.parametrize("given", ["central", "box", "object"])
def test_the_smaller_face_is_taken_where_it_is_meant(
    client: TestClient, staff: str, sight: tuple[bytes, dict[str, Box]], given: str
) -> None:
    image, places = sight
    meant = {
        "central": "central",
        "box": text(places["eileen"]),
        "object": json.dumps(places["eileen"]),
    }[given]
    answer = client.post(
        f"{staff}/persons", data={"id": "who", "subject": meant}, files=files(image)
    )
    body = made(answer)
    assert alike(body["faces"][0]["box"], places["eileen"])
    assert [each["faces_found"] for each in body["warnings"]] == [2]
    assert person_in(client, staff, astronaut()) == "who"
    assert person_in(client, staff, admiral()) is None


def test_a_rival_refuses_the_image_unless_it_is_said_who_is_meant(
    client: TestClient, staff: str, rivals: bytes
) -> None:
    form = {"id": "who"}
    refused = client.post(f"{staff}/persons", data=form, files=files(rivals))
    (error,) = problem(refused, 422, "invalid_request")["errors"]
    assert error["message"].startswith("multiple_faces: 2 faces were found")
    assert "`subject`" in error["message"]
    body = made(
        client.post(f"{staff}/persons", data={**form, "subject": "largest"}, files=files(rivals))
    )
    assert [each["reason"] for each in body["warnings"]] == ["several_faces"]
    more = files(rivals, encoded(admiral()))
    added = made(client.post(f"{staff}/persons/who/faces", data={"subject": "only"}, files=more))
    assert [(each["index"], each["reasons"]) for each in added["rejected"]] == [
        (0, ["multiple_faces"])
    ]
    assert added["rejected"][0]["image_sha256"] == hashlib.sha256(rivals).hexdigest()
    assert ([each["index"] for each in added["faces"]], added["warnings"]) == ([1], [])


def test_a_box_without_a_face_refuses_the_image(
    client: TestClient, staff: str, sight: tuple[bytes, dict[str, Box]]
) -> None:
    form = {"id": "who", "subject": "10,10,80,80"}
    answer = client.post(f"{staff}/persons", data=form, files=files(sight[0]))
    assert "in that box" in problem(answer, 422, "no_face")["detail"]
    problem(client.get(f"{staff}/persons/who"), 404, "not_found")


def test_a_box_belongs_to_one_image(
    client: TestClient, staff: str, sight: tuple[bytes, dict[str, Box]]
) -> None:
    image, places = sight
    form = {"subject": text(places["eileen"])}
    several = files(image, encoded(admiral()))
    assert wrong_fields(client.post(f"{staff}/persons", data=form, files=several)) == ["subject"]


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "both",
        "Largest",
        "box",
        "1,2,3",
        "1,2,3,4,5",
        "a,b,c,d",
        "0,0,0,10",
        "0,0,10,-1",
        "nan,0,10,10",
        "0,0,inf,10",
        "1_0,0,10,10",
        " 1,2,3,4",
        "\uff11,2,3,4",
        "1e3,0,10,10",
        "1.,0,10,10",
        {"x": "1", "y": "2", "width": "3", "height": "4"},
        {"x": 1e308, "y": 0, "width": 1e308, "height": 1e308},
        '{"x": 1}',
        None,
        7,
        True,
        [1, 2, 3, 4],
        {"x": 1, "y": 1, "width": 5},
        {"x": 1, "y": 1, "width": 5, "height": 5, "depth": 5},
        {"x": True, "y": 1, "width": 5, "height": 5},
        {"x": 1, "y": 1, "width": [5], "height": 5},
    ],
)
def test_a_wrong_subject_is_refused_with_the_forms_of_one(
    client: TestClient, staff: str, subject: object
) -> None:
    answer = client.post(f"{staff}/persons", json={"subject": subject})
    (error,) = problem(answer, 422, "invalid_request")["errors"]
    assert error["field"] == "subject"
    assert "only, largest, central" in error["message"]


def test_another_subject_under_the_same_idempotency_key_is_another_request(
    client: TestClient, staff: str, sight: tuple[bytes, dict[str, Box]]
) -> None:
    image, places = sight
    headers = {"Idempotency-Key": f"{staff}-1"}

    def create(subject: str) -> httpx.Response:
        form = {"id": "who", "subject": subject}
        answer: httpx.Response = client.post(
            f"{staff}/persons", data=form, files=files(image), headers=headers
        )
        return answer

    first = made(create(text(places["eileen"])))
    assert made(create(text(places["eileen"]))) == first
    problem(create("largest"), 409, "conflict")


def test_verification_takes_the_face_that_is_meant(
    client: TestClient, staff: str, sight: tuple[bytes, dict[str, Box]], rivals: bytes
) -> None:
    image, places = sight
    photo = files(encoded(astronaut()))
    made(client.post(f"{staff}/persons", data={"id": "eileen"}, files=photo))

    def verify(sent: bytes, **form: str) -> dict[str, Any]:
        path = f"{staff}/persons/eileen/verify"
        return ok(client.post(path, data=form, files=files(sent, field="image")))

    for subject, who, decision in (
        ({}, "grace", "no_match"),
        ({"subject": "central"}, "eileen", "match"),
        ({"subject": text(places["eileen"])}, "eileen", "match"),
    ):
        body = verify(image, **subject)
        assert body["decision"] == decision
        assert alike(body["face"]["box"], places[who])
        (warning,) = body["warnings"]
        assert (warning["reason"], warning["faces_found"]) == ("several_faces", 2)
        assert warning["box"] == body["face"]["box"]
    for sent, form, reason in (
        (rivals, {"subject": "only"}, "multiple_faces"),
        (image, {"subject": "0,0,50,50"}, "no_face"),
    ):
        body = verify(sent, **form)
        assert (body["decision"], body["reasons"], body["face"]) == ("rejected", [reason], None)
        assert (body["similarity"], body["warnings"]) == (None, [])


def test_by_default_the_main_face_is_taken_and_by_feedback_the_largest(
    client: TestClient, staff: str, rivals: bytes
) -> None:
    """Eileen's face, in the middle, has 0.8 of the width of Grace's at the edge."""
    photo = files(encoded(astronaut()))
    made(client.post(f"{staff}/persons", data={"id": "eileen"}, files=photo))
    sent = files(rivals, field="image")
    for form, decision in (({}, "match"), ({"subject": "largest"}, "no_match")):
        verified = ok(client.post(f"{staff}/persons/eileen/verify", data=form, files=sent))
        assert verified["decision"] == decision
        both = files(rivals, field="source") + files(encoded(astronaut()), field="target")
        assert ok(client.post("/compare", data=form, files=both))["decision"] == decision
    images = files(encoded(astronaut()), rivals)
    assert ok(client.post(f"{staff}/distances", files=images))["matrix"][0][1] < 0.4
    verdict = {"person_id": "eileen", "verdict": "them"}
    assert made(client.post(f"{staff}/feedback", data=verdict, files=sent))["similarity"] < 0.4


def test_comparison_takes_the_face_that_is_meant_of_each_image(
    client: TestClient, sight: tuple[bytes, dict[str, Box]], rivals: bytes
) -> None:
    image, places = sight

    def compare(source: bytes, **form: str) -> dict[str, Any]:
        sent = files(source, field="source") + files(encoded(astronaut()), field="target")
        return ok(client.post("/compare", data=form, files=sent))

    assert compare(image)["decision"] == "no_match"
    for form in ({"subject": "central"}, {"source_subject": text(places["eileen"])}):
        body = compare(image, **form)
        assert body["decision"] == "match"
        assert [(each["index"], each["faces_found"]) for each in body["warnings"]] == [(0, 2)]
    refused = compare(rivals, source_subject="only")
    assert (refused["decision"], refused["reasons"]) == ("rejected", ["multiple_faces"])
    assert compare(rivals, target_subject="only")["decision"] == "match"


def test_an_embedding_is_of_the_face_that_is_meant(
    client: TestClient, sight: tuple[bytes, dict[str, Box]], rivals: bytes
) -> None:
    image, places = sight

    def embed(sent: bytes, **form: str) -> httpx.Response:
        sent_as = files(sent, field="image")
        answer: httpx.Response = client.post("/embeddings", data=form, files=sent_as)
        return answer

    for form, who in (({}, "grace"), ({"subject": "central"}, "eileen")):
        body = ok(embed(image, **form))
        assert alike(body["face"]["box"], places[who])
        assert [each["faces_found"] for each in body["warnings"]] == [2]
    answer = problem(embed(rivals, subject="only"), 422, "invalid_request")
    assert "multiple_faces" in answer["errors"][0]["message"]
    body = problem(embed(image, subject="0,0,50,50"), 422, "no_face")
    (error,) = body["errors"]
    assert (error["field"], error["message"]) == ("image", f"no_face: {body['detail']}")


def test_feedback_is_of_the_face_that_is_meant(
    client: TestClient, staff: str, sight: tuple[bytes, dict[str, Box]], rivals: bytes
) -> None:
    photo = files(encoded(astronaut()))
    made(client.post(f"{staff}/persons", data={"id": "eileen"}, files=photo))

    def say(sent: bytes, **form: str) -> httpx.Response:
        verdict = {"person_id": "eileen", "verdict": "them", **form}
        sent_as = files(sent, field="image")
        answer: httpx.Response = client.post(f"{staff}/feedback", data=verdict, files=sent_as)
        return answer

    largest, central = made(say(sight[0])), made(say(sight[0], subject="central"))
    assert central["similarity"] > 0.6 > largest["similarity"]
    assert [each["reason"] for each in largest["warnings"]] == ["several_faces"]
    assert wrong_fields(say(rivals, subject="only")) == ["image"]


@pytest.mark.parametrize("route", ["distances", "clusters"])
def test_of_many_images_the_same_rule_takes_each_face(
    client: TestClient, staff: str, sight: tuple[bytes, dict[str, Box]], rivals: bytes, route: str
) -> None:
    def ask(*images: bytes, **form: str) -> httpx.Response:
        answer: httpx.Response = client.post(f"{staff}/{route}", data=form, files=files(*images))
        return answer

    body = ok(ask(encoded(astronaut()), sight[0], subject="central"))
    assert [(each["index"], each["faces_found"]) for each in body["warnings"]] == [(1, 2)]
    other = ok(ask(encoded(astronaut()), sight[0]))
    if route == "distances":
        assert body["matrix"][0][1] < 0.4 < other["matrix"][0][1]
    else:
        assert (len(body["clusters"]), len(other["clusters"])) == (1, 2)
    assert wrong_fields(ask(sight[0], rivals, subject="only")) == ["images[1]"]
    assert wrong_fields(ask(sight[0], sight[0], subject="1,1,9,9")) == ["subject"]


@pytest.mark.parametrize("route", ["detect", "identify"])
def test_faces_beyond_max_faces_are_counted_and_small_ones_are_not(
    client: TestClient, staff: str, sight: tuple[bytes, dict[str, Box]], route: str
) -> None:
    path = "/detect" if route == "detect" else f"{staff}/identify"

    def ask(**form: object) -> dict[str, Any]:
        fields = {name: str(value) for name, value in form.items()}
        return ok(client.post(path, data=fields, files=files(sight[0], field="image")))

    for form, answered, found in (
        ({}, 2, 2),
        ({"max_faces": 1}, 1, 2),
        ({"min_face_size": 80}, 1, 1),
        ({"min_face_size": 1000}, 0, 0),
    ):
        body = ask(**form)
        assert (len(body["faces"]), body["faces_found"]) == (answered, found)
        assert (body["width"], body["height"]) == (1200, 640)


def test_forty_faces_are_counted(client: TestClient, faces: dict[str, Box]) -> None:
    face = resized(astronaut(), 0.4)[10:110, 50:130]
    canvas = np.full((520, 680, 3), 128, np.uint8)
    for i in range(40):
        row, column = divmod(i, 8)
        top, left = 10 + 102 * row, 10 + 82 * column
        canvas[top : top + face.shape[0], left : left + face.shape[1]] = face
    body = ok(client.post("/detect", files=files(encoded(canvas), field="image")))
    assert (len(body["faces"]), body["faces_found"]) == (10, 40)
