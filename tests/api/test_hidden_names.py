"""Names of one person are not strangers to each other, with anybody else near to the probe."""

from itertools import combinations
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.support import enrol, files, make_collection, ok, only_face
from tests.api.test_contract_lookalikes import like, pairs
from tests.support.pictures import picture

pytestmark = pytest.mark.both_databases

GONE = 30  # more than are looked at once, and more than once


@pytest.fixture
def site(client: TestClient) -> str:
    """Eight strangers, one person under two names, and nearer ones of theirs that have expired."""
    path = make_collection(client, "site", target_fpir=0.01)
    for i in range(2, 10):
        enrol(client, path, f"p{i}", picture(i))
    for i, other in enumerate((70, 71)):
        enrol(client, path, f"here-{i}", like(1, other))
    for i in range(1, GONE + 1):
        enrol(client, path, f"gone-{i}", picture(1, i), valid_until="2026-01-01T00:00:00Z")
    return path


def verified(client: TestClient, path: str, person: str, image: bytes) -> dict[str, Any]:
    image_file = files(image, field="image")
    return ok(client.post(f"{path}/persons/{person}/verify", files=image_file))


def test_a_second_name_behind_expired_ones_keeps_nobody_from_being_verified(
    client: TestClient, site: str
) -> None:
    for name in ("here-0", "here-1"):
        assert verified(client, site, name, picture(1))["decision"] == "match"
        assert verified(client, site, name, picture(60))["decision"] == "no_match"


def test_nor_from_being_named(client: TestClient, site: str) -> None:
    image = files(like(1, 70, 0.24), field="image")
    answer = client.post(f"{site}/identify", data={"max_candidates": "1"}, files=image)
    assert only_face(ok(answer))["person_id"] == "here-0"


def test_nor_from_being_seen_when_somebody_is_enrolled_once_more(
    client: TestClient, site: str
) -> None:
    (warning,) = enrol(client, site, "alias", picture(1))["warnings"]
    assert warning["reason"] == "looks_like_another_person"
    assert warning["person_id"].startswith("gone-")
    assert client.delete(f"{site}/persons/alias").status_code == 204
    assert enrol(client, site, "stranger", picture(60))["warnings"] == []


def test_nor_from_being_known_in_a_group_of_photos(client: TestClient, site: str) -> None:
    images = files(like(1, 70, 0.24), like(1, 70, 0.23))
    (group,) = ok(client.post(f"{site}/clusters", files=images))["clusters"]
    assert group["indices"] == [0, 1]
    assert group["person"]["person_id"] == "here-0"


@pytest.mark.parametrize("others", [1, 3, 30])
def test_five_names_of_one_person_are_each_verified_and_named(
    client: TestClient, others: int
) -> None:
    path = make_collection(client, "many", target_fpir=0.01)
    for i in range(2, 2 + others):
        enrol(client, path, f"p{i}", picture(i))
    for i in range(5):
        enrol(client, path, f"name-{i}", like(1, 70 + i, 0.3))
    for i in range(5):
        image = like(1, 70 + i, 0.25)
        assert verified(client, path, f"name-{i}", image)["decision"] == "match"
        answer = client.post(f"{path}/identify", files=files(image, field="image"))
        assert only_face(ok(answer))["person_id"] == f"name-{i}"
    assert verified(client, path, "name-0", picture(60))["decision"] == "no_match"


def test_however_many_names_a_person_has_all_are_in_the_report(client: TestClient) -> None:
    path = make_collection(client, "many", target_fpir=0.001)
    for i in range(2, 6):
        enrol(client, path, f"p{i}", picture(i))
    for i in range(8):
        enrol(client, path, f"name-{i}", picture(1))
    found = pairs(client, path)
    assert {kind for _, kind in found} == {"probable_duplicate"}
    assert {frozenset(names) for names, _ in found} == {
        frozenset((f"name-{one}", f"name-{other}")) for one, other in combinations(range(8), 2)
    }
