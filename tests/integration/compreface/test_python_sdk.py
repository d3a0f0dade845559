"""``compreface-sdk`` 0.6.0 as it is on PyPI: every method of its README, at a real server."""

import io
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import pytest

from tests.integration.compreface.conftest import MakeSite, Site, both, collins, hopper, nobody
from tests.support.compreface import CompreFace, RecognitionService, sdk

EVERYTHING = {
    "limit": 0,
    "det_prob_threshold": 0.8,
    "prediction_count": 1,
    "face_plugins": "calculator,age,gender,landmarks",
    "status": "true",
}
"""The options of the README's examples."""
NAME = "Jürgen Müller"


def recognition(site: Site, **options: object) -> RecognitionService:
    made: RecognitionService = sdk(site.url, **options).init_face_recognition(site.key)
    return made


def only(answer: dict[str, Any]) -> dict[str, Any]:
    """The only face of an answer."""
    (face,) = answer["result"]
    found: dict[str, Any] = face
    return found


def test_subjects_are_added_listed_renamed_and_deleted(site: Site) -> None:
    subjects = recognition(site).get_subjects()
    assert subjects.list() == {"subjects": []}
    assert subjects.add(NAME) == {"subject": NAME}
    assert subjects.add("Grace") == {"subject": "Grace"}
    again = subjects.add(NAME)
    assert (again["code"], set(again)) == (43, {"code", "message"})
    assert subjects.list() == {"subjects": [NAME, "Grace"]}
    assert subjects.update(NAME, "Jürgen Maier") == {"updated": True}
    assert subjects.update("Grace", "Grace") == {"updated": False}
    assert subjects.update("nobody", "somebody")["code"] == 42
    assert subjects.update("Grace", "jürgen maier")["code"] == 43
    assert subjects.delete("Grace") == {"subject": "Grace"}
    assert subjects.delete("Grace")["code"] == 42
    assert subjects.list() == {"subjects": ["Jürgen Maier"]}
    assert subjects.delete_all() == {"deleted": 1}
    assert subjects.list() == {"subjects": []}


def test_a_renamed_subject_is_the_same_person_with_the_same_faces(site: Site) -> None:
    service = recognition(site)
    service.get_face_collection().add(collins(), NAME)
    with site.server.client() as admin:
        path = f"/collections/{site.collection}/persons"
        (before,) = admin.get(path).json()["items"]
        assert service.get_subjects().update(NAME, "Eileen") == {"updated": True}
        (after,) = admin.get(path).json()["items"]
    assert (after["id"], after["face_count"]) == (before["id"], 1)
    assert (before["name"], after["name"]) == (NAME, "Eileen")
    assert only(service.recognize(collins(1.1)))["subjects"][0]["subject"] == "Eileen"
    service.get_face_collection().add(hopper(), NAME)  # the name is free again, and the id is not
    assert only(service.recognize(hopper(1.1)))["subjects"][0]["subject"] == NAME


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a file left open
def test_faces_are_added_listed_verified_and_deleted(site: Site, tmp_path: Path) -> None:
    service = recognition(site)
    faces = service.get_face_collection()
    photo = tmp_path / "Collins ü.jpg"
    photo.write_bytes(collins())
    one = faces.add(str(photo), NAME, {"det_prob_threshold": 0.8})
    assert one == {"image_id": str(UUID(one["image_id"])), "subject": NAME}
    two, three = faces.add(collins(0.8), NAME), faces.add(hopper(), "Grace")
    assert faces.add(collins(), NAME) == one  # the same image is the same face
    assert faces.list() == {
        "faces": [one, two, three],
        "page_number": 0,
        "page_size": 20,
        "total_pages": 1,
        "total_elements": 3,
    }
    same, other = (faces.verify(image, one["image_id"]) for image in (collins(1.2), hopper(1.1)))
    assert only(same)["similarity"] >= 0.5
    assert only(same)["subject"] == NAME
    assert only(other)["similarity"] < 0.5
    whole = only(faces.verify(collins(1.2), one["image_id"], EVERYTHING))
    assert set(whole) == {"box", "landmarks", "similarity", "subject", "execution_time"}
    assert faces.delete(two["image_id"]) == two
    assert faces.delete(two["image_id"])["code"] == 11
    assert faces.verify(collins(), two["image_id"])["code"] == 11
    assert faces.delete_all(NAME) == {"deleted": 1}
    assert faces.delete_all("nobody") == {"deleted": 0}
    assert service.get_subjects().list() == {"subjects": [NAME, "Grace"]}
    assert faces.list()["faces"] == [three]


def test_every_face_is_recognised_with_all_options(site: Site) -> None:
    service = recognition(site)
    service.get_face_collection().add(collins(), NAME)
    service.get_face_collection().add(hopper(), "Grace")
    answer = service.recognize(both(), {**EVERYTHING, "prediction_count": 2})
    first, second = answer["result"]
    assert [each["subject"] for each in first["subjects"]] == [NAME, "Grace"]
    assert [each["subject"] for each in second["subjects"]] == ["Grace", NAME]
    for face in (first, second):
        near, far = (each["similarity"] for each in face["subjects"])
        assert near >= 0.5 > far
        assert near == round(near, 5)
        box = face["box"]
        assert 0.8 <= box["probability"] <= 1
        assert box["x_min"] < box["x_max"] <= 768
        assert box["y_min"] < box["y_max"] <= 512
        assert np.shape(face["landmarks"]) == (5, 2)
        assert set(face) == {"box", "landmarks", "subjects", "execution_time"}  # nothing is null
        assert face["execution_time"]["calculator"] > 0
    assert first["box"]["x_max"] < second["box"]["x_min"]
    assert set(answer["plugins_versions"]) == {"detector", "calculator"}
    assert set(service.recognize(both(), {"limit": 1, "status": False})) == {"result"}
    assert len(service.recognize(both(), {"limit": 1})["result"]) == 1
    assert service.recognize(nobody())["code"] == 28
    assert service.recognize(collins(), {"det_prob_threshold": 1.0})["code"] == 28


def test_options_of_the_global_object_count_for_every_call(site: Site) -> None:
    service = recognition(site, limit=1, prediction_count=2, face_plugins="landmarks")
    service.get_face_collection().add(collins(), NAME)
    face = only(service.recognize(both()))
    assert set(face) == {"box", "landmarks", "subjects"}


def test_faces_are_detected(site: Site) -> None:
    detection = sdk(site.url).init_face_detection(site.key)
    answer = detection.detect(both(), EVERYTHING)
    assert [set(each) for each in answer["result"]] == [{"box", "landmarks", "execution_time"}] * 2
    assert set(only(detection.detect(collins()))) == {"box"}
    assert detection.detect(nobody())["code"] == 28
    assert detection.detect(b"no image")["code"] == 21


def test_two_images_are_verified(site: Site) -> None:
    verification = sdk(site.url).init_face_verification(site.key)
    (answer,) = verification.verify(collins(), both(), EVERYTHING)["result"]
    assert set(answer) == {"source_image_face", "face_matches", "plugins_versions"}
    assert set(answer["source_image_face"]) == {"box", "landmarks", "execution_time"}
    same, other = answer["face_matches"]
    assert same["similarity"] >= 0.5 > other["similarity"]
    assert verification.verify(both(), collins())["code"] == 31
    assert verification.verify(nobody(), collins())["code"] == 28
    assert verification.verify(collins(), nobody())["code"] == 28


def test_an_administrator_alone_gets_embeddings(make_site: MakeSite) -> None:
    site = make_site("admin")
    service = recognition(site, face_plugins="calculator")
    service.get_face_collection().add(collins(), NAME)
    found = [
        only(service.recognize(collins(1.1))),
        only(
            sdk(site.url)
            .init_face_detection(site.key)
            .detect(collins(1.1), {"face_plugins": "calculator"})
        ),
    ]
    with site.server.client() as admin:
        image = {"image": collins(1.1)}
        whole = admin.post("/embeddings", files=image).raise_for_status().json()["embedding"]
    for face in found:
        np.testing.assert_allclose(face["embedding"], whole, atol=1e-5)


def test_a_decision_is_that_of_v1_for_the_same_picture(site: Site) -> None:
    """The pin: the same people, candidates and order; the threshold is at 0.5."""
    service = recognition(site, prediction_count=5)
    for image, name in ((collins(), NAME), (hopper(), "Grace")):
        service.get_face_collection().add(image, name)
    for image in (both(), collins(0.5), hopper(1.4)):
        faces = service.recognize(image)["result"]
        asked = httpx.post(
            f"{site.url}/v1/collections/{site.collection}/identify",
            headers={"x-api-key": site.key},
            files={"image": io.BytesIO(image)},
        )
        decided = asked.raise_for_status().json()["faces"]
        assert len(faces) == len(decided)
        for theirs, ours in zip(faces, decided, strict=True):
            box, own = theirs["box"], ours["box"]
            assert (box["x_min"], box["y_min"]) == (own["x"], own["y"])
            assert box["x_max"] - box["x_min"] == own["width"]
            assert [each["subject"] for each in theirs["subjects"]] == [
                each["name"] for each in ours["candidates"]
            ]
            named = [each["subject"] for each in theirs["subjects"] if each["similarity"] >= 0.5]
            identified = [
                each["name"]
                for each in ours["candidates"]
                if each["person_id"] == ours["person_id"]
            ]
            assert named == identified
            assert bool(named) == (ours["decision"] == "identified")


@pytest.mark.parametrize(
    ("scopes", "unknown", "subjects"),
    [
        (["identify", "enroll", "read"], None, 1),
        (["identify", "enroll", "read"], "empty", 0),
        (["identify", "enroll"], None, 0),
    ],
)
def test_a_stranger_has_the_nearest_subject_below_a_half_or_none(
    make_site: MakeSite, scopes: list[str], unknown: str | None, subjects: int
) -> None:
    service = recognition(make_site(*scopes, unknown=unknown))
    service.get_face_collection().add(collins(), NAME)
    found = only(service.recognize(hopper()))["subjects"]
    assert [each["subject"] for each in found] == [NAME] * subjects
    assert all(0 <= each["similarity"] < 0.5 for each in found)


def test_a_key_that_may_not_read_gets_an_id_for_a_name(make_site: MakeSite) -> None:
    service = recognition(make_site("identify", "enroll"))
    service.get_face_collection().add(collins(), "Eileen Collins")
    (subject,) = only(service.recognize(collins(1.1)))["subjects"]
    assert subject["subject"].startswith("Eileen-Collins-")
    assert subject["similarity"] >= 0.5


def test_an_image_of_two_people_is_not_enrolled(site: Site) -> None:
    refused = recognition(site).get_face_collection().add(both(), NAME)
    assert (refused["code"], set(refused)) == (31, {"code", "message"}), refused
    assert recognition(site).get_subjects().list() == {"subjects": []}


def test_the_sdk_with_a_wrong_key_is_refused_as_such(site: Site) -> None:
    service: CompreFace = sdk(site.url)
    answer = service.init_face_recognition("00000000-0000-0000-0000-000000000002").recognize(
        collins()
    )
    assert answer["code"] == 10
