"""A person under two names is one person to everybody else."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.support import enrol, files, make_collection, ok, only_face
from tests.api.test_contract_lookalikes import like
from tests.api.test_own_thresholds import face_of, verified
from tests.support.pictures import picture

pytestmark = pytest.mark.both_databases

PEOPLE = 6


@pytest.fixture
def site(client: TestClient) -> str:
    path = make_collection(client, "site", target_fpir=0.01)
    for i in range(1, PEOPLE + 1):
        enrol(client, path, f"p{i}", picture(i))
    return path


def of_others(client: TestClient, path: str) -> list[Any]:
    """The answers about the others and about strangers, each asked by their own picture."""
    said: list[Any] = []
    for somebody in (*range(2, PEOPLE + 1), 50, 51):
        face = face_of(client, path, picture(somebody, 9), max_candidates="1")
        said.append((face["decision"], face["person_id"], face["threshold"]))
        if face["person_id"]:
            said += face["candidates"]
        answer = verified(client, path, "p2", picture(somebody, 9))
        said.append((answer["decision"], answer["threshold"], answer["fmr"]))
    body = ok(client.get(f"{path}/threshold"))
    evidence = {**body["evidence"], "warning": None}
    del evidence["feedback"]
    return [*said, body["similarity"], body["fpir_interval"], evidence]


def test_to_all_others_it_is_as_if_the_second_name_were_not_there(
    client: TestClient, site: str
) -> None:
    before = of_others(client, site)
    enrol(client, site, "again", like(1, 70, 0.2))
    enrol(client, site, "and-again", like(1, 71, 0.2))
    assert of_others(client, site) == before
    body = ok(client.get(f"{site}/threshold"))
    assert body["gallery_size"] == PEOPLE + 2
    assert body["evidence"]["site"]["persons"] == PEOPLE


def test_the_warning_names_the_pair_until_it_is_mended(client: TestClient, site: str) -> None:
    def warning() -> str:
        return str(ok(client.get(f"{site}/threshold"))["evidence"]["warning"])

    assert "More alike" not in warning()
    enrol(client, site, "again", like(1, 70, 0.2))
    said = warning()
    assert "'p1' and 'again'" in said
    assert "camera" not in said
    ok(client.patch(f"{site}/persons/again", json={"valid_until": "2026-01-01T00:00:00Z"}))
    assert "More alike" not in warning()
    ok(client.patch(f"{site}/persons/again", json={"valid_until": None}))
    assert warning() == said
    assert client.delete(f"{site}/persons/p1").status_code == 204
    assert "More alike" not in warning()


def test_each_name_is_found_and_verified(client: TestClient, site: str) -> None:
    enrol(client, site, "again", like(1, 70, 0.25))
    for name, image in (("p1", like(1, 72, 0.05)), ("again", like(1, 70, 0.22))):
        face = face_of(client, site, image)
        assert face["person_id"] == name
        rates = [each["fpir"] for each in face["candidates"]]
        assert rates == sorted(rates)
        assert {each["person_id"] for each in face["candidates"][:2]} == {"p1", "again"}
        for each in ("p1", "again"):
            assert verified(client, site, each, image)["decision"] == "match"
    for name in ("p1", "again"):
        assert verified(client, site, name, picture(60))["decision"] == "no_match"


def test_a_third_enrolment_is_warned_of_whichever_name_is_nearer(
    client: TestClient, site: str
) -> None:
    enrol(client, site, "again", like(1, 70, 0.25))
    (warning,) = enrol(client, site, "third", like(1, 70, 0.22))["warnings"]
    assert (warning["reason"], warning["person_id"]) == ("looks_like_another_person", "again")


def test_however_many_names_a_person_has_they_are_found(client: TestClient, site: str) -> None:
    for i in range(5):
        enrol(client, site, f"name-{i}", like(1, 70 + i, 0.25))
    for i in range(5):
        image = like(1, 70 + i, 0.2)
        answer = client.post(f"{site}/identify", files=files(image, field="image"))
        assert only_face(ok(answer))["person_id"] == f"name-{i}"
        assert verified(client, site, f"name-{i}", image)["decision"] == "match"
    assert face_of(client, site, picture(2, 9))["person_id"] == "p2"
    assert face_of(client, site, picture(60))["decision"] == "unknown"


def test_probes_that_no_similarity_would_name_expect_no_false_positive(client: TestClient) -> None:
    path = make_collection(client, "strict", target_fpir=1e-6)
    for i in range(3):
        enrol(client, path, f"p{i}", picture(i))
    thresholds = [face_of(client, path, picture(90 + i))["threshold"] for i in range(3)]
    feedback = ok(client.get(f"{path}/threshold"))["evidence"]["feedback"]
    reachable = sum(each <= 1 for each in thresholds)
    assert reachable < 3
    assert feedback["expected_false_positives"] <= reachable * 1e-6 * 1.001
