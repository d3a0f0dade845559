"""The report of faces that are unlike their person, and whom they are near instead."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.gallery import kept_reports
from tests.api.support import enrol, files, made, make_collection, ok, problem
from tests.support.pictures import picture

pytestmark = pytest.mark.both_databases


@pytest.fixture
def crowd(client: TestClient) -> str:
    """A collection of eight people with two faces each, which compares nobody at enrolment."""
    path = make_collection(client, "crowd", target_fpir=0.01, lookalikes="off", unlike="off")
    for i in range(1, 9):
        enrol(client, path, f"p{i}", picture(i), picture(i, 1))
    return path


def add(client: TestClient, path: str, person: str, *images: bytes) -> list[int]:
    """The numbers of the faces that were added."""
    answer = made(client.post(f"{path}/persons/{person}/faces", files=files(*images)))
    return [face["id"] for face in answer["faces"]]


def odd(client: TestClient, path: str, **query: object) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = ok(client.get(f"{path}/odd-faces", params=query))["items"]
    return items


def listed(client: TestClient, path: str) -> list[tuple[str, int, str | None]]:
    """Person, face, and whom it is near."""
    return [
        (
            each["person"]["person_id"],
            each["face_id"],
            each["near"]["person"]["person_id"] if each["near"] else None,
        )
        for each in odd(client, path)
    ]


def test_among_right_faces_none_is_odd(client: TestClient, crowd: str) -> None:
    enrol(client, crowd, "lone", picture(40))
    made(client.post(f"{crowd}/persons", json={"id": "faceless"}))
    assert ok(client.get(f"{crowd}/odd-faces")) == {"items": [], "next_cursor": None}


def test_strangers_and_others_faces_are_listed_with_whom_they_are_near(
    client: TestClient, crowd: str
) -> None:
    ok(client.patch(f"{crowd}/persons/p3", json={"name": "Eve", "external_id": "77"}))
    (stranger,) = add(client, crowd, "p1", picture(50))
    (eves,) = add(client, crowd, "p2", picture(3, 5))
    assert sorted(listed(client, crowd)) == [("p1", stranger, None), ("p2", eves, "p3")]
    items = odd(client, crowd)
    assert [set(each) for each in items] == [{"person", "face_id", "similarity", "near"}] * 2
    assert items[0]["similarity"] <= items[1]["similarity"] < 0.6
    (near,) = [each["near"] for each in items if each["near"]]
    assert near["person"] == {"person_id": "p3", "name": "Eve", "external_id": "77"}
    assert near["similarity"] > 0.9


def test_of_two_faces_that_differ_both_are_listed(client: TestClient, crowd: str) -> None:
    enrol(client, crowd, "both", picture(60), picture(61))
    assert [person for person, _, _ in listed(client, crowd)] == ["both", "both"]


def test_the_report_follows_every_change_and_goes_through_its_pages(
    client: TestClient, crowd: str
) -> None:
    faces = [add(client, crowd, f"p{i}", picture(90 + i))[0] for i in range(1, 6)]
    first = ok(client.get(f"{crowd}/odd-faces", params={"limit": 2}))
    seen, page = list(first["items"]), first
    while page["next_cursor"]:
        query = {"limit": 2, "cursor": page["next_cursor"]}
        page = ok(client.get(f"{crowd}/odd-faces", params=query))
        seen += page["items"]
    assert seen == odd(client, crowd)
    assert sorted(each["face_id"] for each in seen) == faces
    assert client.delete(f"{crowd}/persons/p1/faces/{faces[0]}").status_code == 204
    assert sorted(each["face_id"] for each in odd(client, crowd)) == faces[1:]


def test_nothing_removed_is_in_a_report_that_is_kept(
    client: TestClient, crowd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_reports, "CHANGED_SHARE", 1.0)
    (one,) = add(client, crowd, "p1", picture(50))
    add(client, crowd, "p2", picture(51))
    (eves,) = add(client, crowd, "p4", picture(3, 5))
    assert len(listed(client, crowd)) == 3
    assert client.delete(f"{crowd}/persons/p1/faces/{one}").status_code == 204
    assert client.delete(f"{crowd}/persons/p2").status_code == 204
    assert client.delete(f"{crowd}/persons/p3").status_code == 204
    assert listed(client, crowd) == [("p4", eves, None)]


def test_of_a_deleted_collection_no_report_is_kept(client: TestClient, crowd: str) -> None:
    add(client, crowd, "p1", picture(50))
    assert len(odd(client, crowd)) == 1
    assert client.delete(crowd, params={"force": "true"}).status_code == 204
    make_collection(client, "crowd")
    assert odd(client, crowd) == []
    problem(client.get("/collections/nowhere/odd-faces"), 404, "not_found")
