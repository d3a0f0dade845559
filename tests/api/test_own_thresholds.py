"""Each face has a threshold of its own: it decides, and it is shown to those alone who may know."""

import json
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
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
)
from tests.api.test_contract_lookalikes import like
from tests.support.client import Client, client_of
from tests.support.pictures import picture

TARGET = 0.01
PEOPLE = 8


@pytest.fixture
def door(client: TestClient) -> str:
    """The path of a collection of eight people."""
    path = make_collection(client, "door", target_fpir=TARGET)
    for i in range(1, PEOPLE + 1):
        enrol(client, path, f"p{i}", picture(i), picture(i, 1))
    return path


def face_of(client: TestClient, path: str, image: bytes, **form: str) -> dict[str, Any]:
    answer = client.post(f"{path}/identify", data=form, files=files(image, field="image"))
    return only_face(ok(answer))


def verified(client: TestClient, path: str, person: str, image: bytes) -> dict[str, Any]:
    image_file = files(image, field="image")
    return ok(client.post(f"{path}/persons/{person}/verify", files=image_file))


def asking(client: TestClient, *scopes: str) -> TestClient:
    """A client of the same service with a key of its own."""
    key = made(client.post("/keys", json={"scopes": list(scopes)}))["key"]
    other = Client(client.app)
    other.headers = httpx.Headers({"Authorization": f"Bearer {key}"})
    return other


def lasting(answer: dict[str, Any]) -> str:
    """The part of an answer about the people and the face, byte for byte."""
    left = {name: answer[name] for name in answer.keys() - {"request_id", "timings_ms", "revision"}}
    return json.dumps(left, sort_keys=True)


def test_a_face_is_named_from_its_own_threshold_on(client: TestClient, door: str) -> None:
    """Pictures that are more and more another person's, past the threshold in small steps."""
    near, thresholds = {"identified": 0, "unknown": 0}, set()
    for share in np.linspace(0.2, 0.7, 101):
        face = face_of(client, door, like(1, 77, share))
        above = face["candidates"][0]["similarity"] - face["threshold"]
        if abs(above) < 1e-4:  # as shown, both are rounded
            continue
        assert face["decision"] == ("identified" if above > 0 else "unknown"), share
        near[face["decision"]] += abs(above) < 0.02
        thresholds.add(face["threshold"])
    assert all(near.values()), near
    assert len(thresholds) > 20


def test_at_the_threshold_the_rate_is_the_target(client: TestClient, door: str) -> None:
    low, high = 0.2, 0.7
    for _ in range(14):
        face = face_of(client, door, like(1, 77, (low + high) / 2))
        if face["decision"] == "identified":
            low = (low + high) / 2
        else:
            high = (low + high) / 2
    best = face["candidates"][0]
    assert best["similarity"] == pytest.approx(face["threshold"], abs=2e-3)
    assert best["fpir"] == pytest.approx(TARGET, rel=0.05)


def test_a_stricter_target_raises_a_faces_threshold(client: TestClient, door: str) -> None:
    limits = [
        face_of(client, door, picture(1, 9), target_fpir=target)["threshold"]
        for target in ("0.01", "0.001", "0.0001")
    ]
    assert limits == sorted(set(limits))
    least = face_of(client, door, picture(1, 9), min_similarity="0.999")
    assert least["threshold"] == 0.999


def test_the_rates_of_candidates_rise_as_they_are_less_alike(client: TestClient, door: str) -> None:
    for somebody in (1, 2, *range(50, 70)):
        face = face_of(client, door, picture(somebody, 9), max_candidates="8")
        rates = [each["fpir"] for each in face["candidates"]]
        assert rates == sorted(rates)
        assert (rates[0] <= TARGET) == (face["decision"] != "unknown")


def test_a_key_that_may_not_read_gets_one_threshold_for_every_face(
    client: TestClient, door: str
) -> None:
    evidence = ok(client.get(f"{door}/threshold"))["evidence"]
    impersonal = round(evidence["bundle"]["similarity"], 4)
    doorman, manager = asking(client, "identify"), asking(client, "identify", "read")
    images = [picture(1, 9), picture(2, 9), picture(60), like(3, 70, 0.3)]
    own = {face_of(manager, door, image)["threshold"] for image in images}
    assert len(own) == len(images)
    for image in images:
        answer = ok(doorman.post(f"{door}/identify", files=files(image, field="image")))
        assert answer["policy"]["threshold"] == impersonal
        assert (only_face(answer)["threshold"], only_face(answer)["candidates"]) == (None, [])
    policies = [
        ok(doorman.post(f"{door}/identify", files=files(image, field="image")))["policy"]
        for image in images
    ]
    assert policies == policies[:1] * len(images)


def test_nor_does_a_verification_show_such_a_key_a_face(client: TestClient, door: str) -> None:
    doorman, manager = asking(client, "identify"), asking(client, "identify", "read")
    images = [picture(1, 9), picture(1, 10), picture(60), like(3, 70, 0.3)]
    said = [verified(doorman, door, "p1", image) for image in images]
    own = [verified(manager, door, "p1", image) for image in images]
    assert len({each["threshold"] for each in said}) == 1
    assert len({each["threshold"] for each in own}) == len(images)
    assert [each["decision"] for each in said] == [each["decision"] for each in own]
    first, second = said[:2]
    assert first["decision"] == second["decision"] == "match"
    assert (first["similarity"], first["fmr"]) == (second["similarity"], second["fmr"])


def test_nor_does_feedback(client: TestClient, door: str) -> None:
    guard = asking(client, "enroll")
    images = [picture(60), like(3, 70, 0.3), picture(61)]

    def said(other: TestClient) -> list[dict[str, Any]]:
        form = {"person_id": "p1", "verdict": "not_them"}
        return [
            made(
                other.post(f"{door}/feedback", data=form, files=files(image, field="image")),
            )
            for image in images
        ]

    assert len({each["threshold"] for each in said(guard)}) == 1
    assert len({each["threshold"] for each in said(client)}) == len(images)


@pytest.mark.parametrize("others", [4, 8, 20])
@pytest.mark.parametrize("names", [2, 3])
def test_other_names_of_one_person_are_in_nobodys_way(
    client: TestClient, names: int, others: int
) -> None:
    path = make_collection(client, "door", target_fpir=TARGET)
    for i in range(others):
        enrol(client, path, f"p{i}", picture(i))
    probes = [picture(i, 9) for i in range(others)]
    before = [face_of(client, path, probe)["threshold"] for probe in probes]
    for name in range(names):
        enrol(client, path, f"alias-{name}", picture(90, 1 + name))
    faces = [face_of(client, path, probe) for probe in probes]
    assert [face["person_id"] for face in faces] == [f"p{i}" for i in range(others)]
    after = [face["threshold"] for face in faces]
    assert np.mean(after) < np.mean(before) + 0.1  # a little, for N rises
    themselves = face_of(client, path, picture(90, 9))
    assert themselves["decision"] in ("identified", "ambiguous")
    assert themselves["threshold"] < 0.9
    assert {each["person_id"] for each in themselves["candidates"][:names]} == {
        f"alias-{name}" for name in range(names)
    }
    assert all(each["fpir"] <= TARGET for each in themselves["candidates"][:names])
    for name in range(names):
        assert verified(client, path, f"alias-{name}", picture(90, 9))["decision"] == "match"
    assert verified(client, path, "p1", picture(90, 9))["decision"] == "no_match"
    strangers = [face_of(client, path, picture(200 + i)) for i in range(40)]
    assert sum(face["decision"] != "unknown" for face in strangers) <= 2


@pytest.mark.parametrize("names", [2, 3])
@pytest.mark.parametrize("others", [4, 20])
def test_other_names_of_one_person_are_found(client: TestClient, names: int, others: int) -> None:
    path = make_collection(client, "door", target_fpir=0.001)
    for i in range(others):
        enrol(client, path, f"p{i}", picture(i))
    enrol(client, path, "alias-0", picture(90, 1))
    warned = [
        enrol(client, path, f"alias-{name}", picture(90, 1 + name))["warnings"]
        for name in range(1, names)
    ]
    assert [len(each) for each in warned] == [1] * (names - 1)
    items = ok(client.get(f"{path}/lookalikes"))["items"]
    pairs = [{each["person_id"] for each in item["persons"]} for item in items]
    expected = [{f"alias-{i}", f"alias-{j}"} for i in range(names) for j in range(i)]
    assert sorted(map(sorted, pairs)) == sorted(map(sorted, expected))
    images = files(*(picture(90, shake) for shake in (7, 8)), picture(91), picture(92))
    groups = ok(client.post(f"{path}/clusters", files=images))["clusters"]
    assert [each["indices"] for each in groups] == [[0, 1], [2], [3]]


@pytest.mark.both_databases
def test_who_is_not_valid_changes_no_answer_about_others(
    timed: TestClient, clock: FakeClock
) -> None:
    path = make_collection(timed, "door", target_fpir=TARGET)
    for i in range(1, 4):
        enrol(timed, path, f"p{i}", picture(i), picture(i, 1))
    probes = [*range(1, 4), *range(50, 56)]

    def answers() -> list[str]:
        return [lasting(identify(timed, path, each)) for each in probes]

    before = answers()
    for i in range(1, 4):  # of the same faces, and of others
        enrol(timed, path, f"past-{i}", picture(i, 3), valid_until="2020-01-01T00:00:00Z")
        enrol(timed, path, f"soon-{i}", picture(70 + i), valid_from="2030-01-01T00:00:00Z")
    assert answers() == before
    found = ok(
        timed.post(f"{path}/persons/past-1/verify", files=files(picture(1, 9), field="image"))
    )
    assert (found["decision"], found["reasons"]) == ("rejected", ["person_not_valid"])


@pytest.mark.both_databases
def test_replicas_answer_alike_to_the_last_digit(settings: Settings, clock: FakeClock) -> None:
    """The order in which people came and went does not matter, nor does a restart."""
    probes = [*range(6), *range(40, 44)]

    def answers(client: TestClient, path: str) -> list[str]:
        return [lasting(identify(client, path, each)) for each in probes]

    with client_of(build(settings, clock)) as one, client_of(build(settings, clock)) as other:
        path = make_collection(one, "door", target_fpir=TARGET)
        for i in range(6):
            enrol((one, other)[i % 2], path, f"p{i}", picture(i), picture(i, 1))
            identify((other, one)[i % 2], path, i)  # both follow step by step
            enrol((other, one)[i % 2], path, f"gone-{i}", picture(60 + i))
            assert one.delete(f"{path}/persons/gone-{i}").status_code == 204
        ok(other.patch(f"{path}/persons/p1", json={"valid_until": "2026-05-04T13:00:00Z"}))
        first, second = answers(one, path), answers(other, path)
    with client_of(build(settings, clock)) as again:
        assert first == second == answers(again, path)
        backwards = make_collection(again, "backwards", target_fpir=TARGET)
        for i in reversed(range(6)):
            enrol(again, backwards, f"p{i}", picture(i, 1), picture(i))
        ok(again.patch(f"{backwards}/persons/p1", json={"valid_until": "2026-05-04T13:00:00Z"}))

        def decided(path: str) -> list[Any]:
            found = [identify(again, path, each) for each in probes]
            for answer in found:
                for candidate in only_face(answer)["candidates"]:
                    del candidate["face_id"]  # counts in the order of enrolment
            return [(answer["policy"], answer["faces"]) for answer in found]

        assert decided(backwards) == decided(path)
