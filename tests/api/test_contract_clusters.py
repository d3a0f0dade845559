"""Groups of images, and of unknown faces that a collection keeps."""

import datetime as dt
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.bootstrap import build
from app.core.db import Database
from app.feedback.models import Probe
from app.settings import Settings
from tests.api.support import (
    FakeClock,
    assert_nowhere,
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
from tests.support.client import client_of
from tests.support.fake_bundle import DIMENSION
from tests.support.pictures import picture

pytestmark = pytest.mark.both_databases


@pytest.fixture
def street(client: TestClient) -> str:
    """A collection with Ada, that keeps the last six unknown faces."""
    path = make_collection(client, "street", target_fpir=0.01, keep_probes=6)
    enrol(client, path, "ada", picture(1), picture(1, 1), name="Ada")
    return path


def stored(client: TestClient, path: str) -> dict[str, Any]:
    return ok(client.post(f"{path}/clusters", json={"stored_probes": True}))


def test_images_are_gathered_by_person_and_the_known_are_named(
    client: TestClient, street: str
) -> None:
    seen = [(1, 5), (8, 1), (9, 1), (8, 2), (1, 6), (8, 3)]
    images = files(*(picture(*each) for each in seen))
    body = ok(client.post(f"{street}/clusters", files=images))
    assert set(body) == {"labels", "max_fmr", "clusters", "warnings"}
    assert body["labels"] == [f"{i}.png" for i in range(6)]
    assert body["max_fmr"] == pytest.approx(1 - 0.99 ** (1 / 5))
    assert [each["indices"] for each in body["clusters"]] == [[1, 3, 5], [0, 4], [2]]
    first, second, alone = body["clusters"]
    assert first["labels"] == ["1.png", "3.png", "5.png"]
    assert (first["person"], alone["person"], alone["cohesion"]) == (None, None, None)
    assert 0.9 < first["cohesion"] < 1
    assert set(second["person"]) == {"person_id", "external_id", "name", "similarity", "fpir"}
    assert (second["person"]["person_id"], second["person"]["name"]) == ("ada", "Ada")
    assert second["person"]["fpir"] < 0.01
    assert (first["first_seen"], first["last_seen"]) == (None, None)


def test_unknown_faces_are_kept_where_the_collection_says_so(
    client: TestClient, street: str
) -> None:
    for somebody in (8, 9, 8, 1, 8):
        face = only_face(identify(client, street, somebody, somebody))
        assert (face["probe_id"] is None) is (somebody == 1)
    ids = stored(client, street)["labels"]
    assert len(set(ids)) == len(ids) == 4
    assert all(each.startswith("prb-") for each in ids)
    groups = stored(client, street)["clusters"]
    assert [each["indices"] for each in groups] == [[0, 2, 3], [1]]


def test_when_they_were_seen_is_reported(timed: TestClient, clock: FakeClock) -> None:
    path = make_collection(timed, keep_probes=9)
    for _ in range(3):
        identify(timed, path, 8)
        clock.forward(dt.timedelta(hours=1))
    (group,) = stored(timed, path)["clusters"]
    assert group["first_seen"] == "2026-05-04T12:00:00Z"
    assert group["last_seen"] == "2026-05-04T14:00:00Z"


def test_by_default_nobody_is_kept(client: TestClient) -> None:
    path = make_collection(client)
    assert only_face(identify(client, path, 8))["probe_id"] is None
    assert stored(client, path) == {
        "labels": [],
        "max_fmr": 0.001,
        "clusters": [],
        "warnings": [],
    }


def test_the_oldest_are_forgotten_beyond_the_number_and_when_it_is_lowered(
    client: TestClient, street: str
) -> None:
    ids = [only_face(identify(client, street, 20 + i))["probe_id"] for i in range(8)]
    assert stored(client, street)["labels"] == ids[2:]
    ok(client.patch(street, json={"keep_probes": 2}))
    assert stored(client, street)["labels"] == ids[6:]
    ok(client.patch(street, json={"keep_probes": 0}))
    ok(client.patch(street, json={"keep_probes": 6}))
    assert stored(client, street)["labels"] == []


def test_a_stored_probe_can_be_named_by_feedback(client: TestClient, street: str) -> None:
    probe = only_face(identify(client, street, 8))["probe_id"]
    form = {"person_id": "ada", "verdict": "not_them", "probe_id": probe}
    body = made(client.post(f"{street}/feedback", json=form))
    assert (body["verdict"], body["false_positive"]) == ("not_them", False)
    missing = client.post(f"{street}/feedback", json={**form, "probe_id": "prb-never"})
    problem(missing, 404, "not_found")
    both = files(picture(8), field="image")
    answer = client.post(f"{street}/feedback", data=form, files=both)
    assert wrong_fields(answer) == ["image"]


def test_another_collections_probe_is_not_found(client: TestClient, street: str) -> None:
    probe = only_face(identify(client, street, 8))["probe_id"]
    other = make_collection(client, "other")
    enrol(client, other, "ada", picture(1))
    form = {"person_id": "ada", "verdict": "them", "probe_id": probe}
    problem(client.post(f"{other}/feedback", json=form), 404, "not_found")


def test_probes_go_with_the_collection_and_no_image_is_kept(settings: Settings) -> None:
    with client_of(build(settings)) as client:
        path = make_collection(client, keep_probes=5)
        image = picture(8)
        ok(client.post(f"{path}/identify", files=files(image, field="image")))
        assert len(stored(client, path)["labels"]) == 1
        database = Database(settings.database)
        with database.read() as session:
            assert [len(row.embedding) for row in session.scalars(select(Probe))] == [4 * DIMENSION]
        assert client.delete(path).status_code == 204
        with database.read() as session:
            assert session.scalars(select(Probe)).all() == []
        database.close()
    assert_nowhere(image, settings.data_dir.parent)


@pytest.mark.parametrize("count", [1, 65])
def test_two_to_sixty_four_images_are_grouped(client: TestClient, street: str, count: int) -> None:
    images = files(*(picture(1) for _ in range(count)))
    assert wrong_fields(client.post(f"{street}/clusters", files=images)) == ["images"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "images"),
        ({"images": []}, "images"),
        ({"stored_probes": False}, "images"),
        ({"stored_probes": "some"}, "stored_probes"),
        ({"probes": True}, "probes"),
    ],
)
def test_what_cannot_be_grouped_is_named(
    client: TestClient, street: str, body: dict[str, Any], field: str
) -> None:
    assert wrong_fields(client.post(f"{street}/clusters", json=body)) == [field]


def test_images_and_probes_at_once_or_nowhere_are_refused(client: TestClient, street: str) -> None:
    images = files(picture(1), picture(2))
    both = client.post(f"{street}/clusters", data={"stored_probes": "true"}, files=images)
    assert wrong_fields(both) == ["images"]
    nowhere = client.post("/collections/nowhere/clusters", files=images)
    problem(nowhere, 404, "not_found")
    broken = client.post(f"{street}/clusters", files=files(picture(1), b"no image"))
    problem(broken, 415, "unsupported_image")
