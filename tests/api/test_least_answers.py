"""A key that may ask and not read gets the decision and the person, and nothing to climb by."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from app.decision.calibration_file import from_json
from app.recognition.climbing import MANY
from tests.api.support import enrol, files, identify, made, make_collection, ok, only_face
from tests.support.fake_bundle import fake_calibration
from tests.support.pictures import picture

SECRETS = ("Ada Lovelace", "badge-4711", "room 7")


@pytest.fixture
def known(client: TestClient) -> str:
    """The path of a collection with Ada, Bob, and Ada's twin."""
    path = make_collection(client, "known", lookalikes="off")
    metadata = json.dumps({"room": SECRETS[2]})
    ada = {"name": SECRETS[0], "external_id": SECRETS[1], "metadata": metadata}
    enrol(client, path, "ada", picture(1), picture(1, 1), **ada)
    enrol(client, path, "bob", picture(2), name="Bob")
    return path


@contextmanager
def holding(client: TestClient, *scopes: str) -> Iterator[str]:
    """The client with another key; its id."""
    key = made(client.post("/keys", json={"scopes": list(scopes)}))
    before = client.headers
    client.headers = httpx.Headers({"Authorization": f"Bearer {key['key']}"})
    yield str(key["id"])
    client.headers = before


def verify(
    client: TestClient, path: str, person: str, somebody: int, **form: str
) -> dict[str, Any]:
    image = files(picture(somebody, 9), field="image")
    return ok(client.post(f"{path}/persons/{person}/verify", data=form, files=image))


def is_step(similarity: float) -> bool:
    return abs(similarity * 20 - round(similarity * 20)) < 1e-9


def test_the_person_is_shown_and_nothing_else_of_anybody(client: TestClient, known: str) -> None:
    with holding(client, "identify", "read"):
        whole = only_face(identify(client, known, 1))
    with holding(client, "identify"):
        answer = identify(client, known, 1)
    face = only_face(answer)
    assert (face["decision"], face["person_id"], face["candidates"]) == ("identified", "ada", [])
    assert is_step(face["similarity"])
    assert face["similarity"] <= whole["similarity"] < face["similarity"] + 0.05
    assert whole["similarity"] == whole["candidates"][0]["similarity"]
    assert whole["candidates"][0]["name"] == SECRETS[0]
    assert not [each for each in SECRETS if each in json.dumps(answer)]


def test_two_unknown_faces_cannot_be_separated_however_near_they_are(
    client: TestClient, known: str
) -> None:
    with holding(client, "identify"):
        answers = [
            identify(client, known, 1, min_similarity=1),  # Ada, and nearly
            identify(client, known, 7),  # a stranger
        ]
    near, far = (
        {name: value for name, value in only_face(each).items() if name != "quality"}
        for each in answers
    )
    assert near == far
    assert (near["decision"], near["similarity"], near["candidates"]) == ("unknown", None, [])


def test_a_match_is_reported_in_steps_and_no_match_without_a_number(
    client: TestClient, known: str
) -> None:
    exact = verify(client, known, "ada", 1)
    with holding(client, "identify"):
        match = verify(client, known, "ada", 1)
        answers = [verify(client, known, person, who) for person, who in (("bob", 1), ("ada", 7))]
    assert match["decision"] == "match"
    assert is_step(match["similarity"])
    assert match["similarity"] <= exact["similarity"] < match["similarity"] + 0.05
    by_the_bundle = from_json(fake_calibration()).typical_rates
    assert match["fmr"] == pytest.approx(by_the_bundle.fmr(match["similarity"]), rel=1e-5)
    assert match["fmr"] != exact["fmr"]
    for answer in answers:
        assert (answer["decision"], answer["similarity"], answer["fmr"]) == ("no_match", None, None)
    assert verify(client, known, "bob", 1)["similarity"] is not None


def test_the_answer_is_the_same_for_all_similarities_of_a_step(
    client: TestClient, known: str
) -> None:
    with holding(client, "identify"):
        similarities = [
            only_face(identify(client, known, 1, shake))["similarity"] for shake in range(9)
        ]
        rates = [verify(client, known, "ada", 1)["fmr"] for _ in range(2)]
    exact = [only_face(identify(client, known, 1, shake))["similarity"] for shake in range(9)]
    assert len(set(exact)) > 1
    assert all(map(is_step, similarities))
    assert len(set(rates)) == 1


def test_a_collection_may_show_candidates_but_no_names(client: TestClient, known: str) -> None:
    ok(client.patch(known, json={"show_candidates": True}))
    whole = identify(client, known, 1)
    exact = [verify(client, known, person, 1)["similarity"] for person in ("ada", "bob")]
    with holding(client, "identify"):
        answer = identify(client, known, 1)
        assert exact == [
            verify(client, known, person, 1)["similarity"] for person in ("ada", "bob")
        ]
    shown, all_of_it = only_face(answer), only_face(whole)
    unnamed = [{**each, "name": None, "external_id": None} for each in all_of_it["candidates"]]
    assert shown["candidates"] == unnamed
    assert shown["similarity"] == all_of_it["similarity"]
    assert not [each for each in (*SECRETS, "Bob") if each in json.dumps(answer)]


def test_feedback_does_not_show_a_key_that_may_not_read_how_near_a_picture_is(
    client: TestClient, known: str
) -> None:
    def report(person: str, somebody: int, shake: int) -> dict[str, Any]:
        form = {"person_id": person, "verdict": "not_them"}
        image = files(picture(somebody, shake), field="image")
        return made(client.post(f"{known}/feedback", data=form, files=image))

    with holding(client, "enroll"):
        assert report("bob", 1, 3)["similarity"] is None
        assert is_step(report("ada", 1, 3)["similarity"])
    assert isinstance(report("bob", 1, 4)["similarity"], float)


@pytest.mark.parametrize("scopes", [["identify"], ["identify", "read"]])
def test_every_key_is_warned_where_the_data_do_not_support_the_rate(
    client: TestClient, scopes: list[str]
) -> None:
    path = make_collection(client, "growing", target_fpir=0.05, lookalikes="off")
    enrol(client, path, "p0", picture(0))
    with holding(client, *scopes):
        few = identify(client, path, 60)["policy"]
        rare = identify(client, path, 60, target_fpir=1e-12)["policy"]
    assert (few["extrapolated"], few["warning"][:19]) == (False, "1 person is enrolle")
    assert (rare["extrapolated"], rare["warning"][:13]) == (True, "The target of")
    for i in range(1, 20):
        enrol(client, path, f"p{i}", picture(i))
    with holding(client, *scopes):
        assert identify(client, path, 60)["policy"]["warning"] is None
    with holding(client, "read"):
        assert "fewer than" not in str(ok(client.get(f"{path}/threshold"))["evidence"]["warning"])


def test_a_rate_below_what_was_measured_is_said_to_be_extrapolated(
    client: TestClient, known: str
) -> None:
    near, far = (verify(client, known, "ada", who) for who in (1, 7))
    assert (near["extrapolated"], far["extrapolated"]) == (True, False)
    for source, target, extrapolated in ((1, 1, True), (1, 7, False)):
        parts = [
            *files(picture(source), field="source"),
            *files(picture(target, 3), field="target"),
        ]
        answer = ok(client.post("/compare", files=parts))
        assert (answer["extrapolated"], answer["fmr"] < 1e-5) == (extrapolated, extrapolated)


def climbs(client: TestClient) -> float:
    lines = client.get("http://kith/metrics").text.splitlines()
    found = [each for each in lines if each.startswith("kith_climbs_suspected_total{")]
    return sum(float(each.split()[-1]) for each in found)


def warned(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    return [line for line in lines if line["event"] == "climb.suspected"]


@pytest.mark.parametrize("question", ["identify", "verify"])
def test_a_key_that_almost_reaches_one_person_again_and_again_is_reported(
    client: TestClient, known: str, caplog: pytest.LogCaptureFixture, question: str
) -> None:
    """A stricter threshold in the request does not hide it."""

    def almost(times: int) -> None:
        for shake in range(times):
            if question == "identify":
                identify(client, known, 1, shake, min_similarity=1)
            else:
                verify(client, known, "ada", 1, target_fmr="1e-9")

    almost(MANY - 1)  # another key's
    with holding(client, "identify") as key_id:
        almost(MANY - 1)
        for shake in range(3):
            identify(client, known, 7, shake)  # a stranger
            identify(client, known, 2, shake, min_similarity=1)  # near somebody else
        assert warned(caplog) == []
        almost(1)
    assert climbs(client) == 1  # the metrics wait for the observers
    (line,) = warned(caplog)
    assert (line["key_id"], line["collection"], line["person"]) == (key_id, "known", "ada")
    assert line["request_id"]


def test_people_who_are_identified_are_no_climb(
    client: TestClient, known: str, caplog: pytest.LogCaptureFixture
) -> None:
    with holding(client, "identify"):
        for shake in range(MANY + 5):
            assert only_face(identify(client, known, 1, shake))["decision"] == "identified"
    assert warned(caplog) == []
