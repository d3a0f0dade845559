"""Operators' feedback is kept, compared with the stated rate, and deleted with the person."""

from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.bootstrap import build
from app.core.db import Database
from app.decision.reports import Reports
from app.errors import NotReady
from app.feedback.models import Feedback
from app.inference.embedder import Embeddings, OnnxEmbedder
from app.settings import Settings
from app.vision.types import AlignedCrop
from tests.api.support import (
    assert_nowhere,
    enrol,
    files,
    made,
    make_collection,
    ok,
    only_face,
    problem,
    write_counts,
    wrong_fields,
)
from tests.support.client import client_of
from tests.support.fake_bundle import DIMENSION
from tests.support.pictures import SIDE, encoded, picture

pytestmark = pytest.mark.both_databases

TARGET = 0.05


def like(somebody: int, own: int) -> bytes:
    """A picture of a stranger who looks so much like somebody as to be named."""
    both = [np.random.default_rng(each).integers(0, 256, (8, 8)) for each in (somebody, own)]
    pixels = np.kron(0.7 * both[0] + 0.3 * both[1], np.ones((SIDE // 8, SIDE // 8)))
    return encoded(pixels.astype(np.uint8))


@pytest.fixture
def door(client: TestClient) -> str:
    path = make_collection(client, "door", target_fpir=TARGET)
    for i in range(1, 4):
        enrol(client, path, f"p{i}", picture(i), picture(i, 1))
    return path


def identified(client: TestClient, path: str, image: bytes) -> dict[str, Any]:
    return only_face(ok(client.post(f"{path}/identify", files=files(image, field="image"))))


def say(client: TestClient, path: str, person: str, verdict: str, image: bytes) -> dict[str, Any]:
    form = {"person_id": person, "verdict": verdict}
    return made(client.post(f"{path}/feedback", data=form, files=files(image, field="image")))


def feedback(client: TestClient, path: str) -> dict[str, Any]:
    view = ok(client.get(f"{path}/threshold"))["evidence"]["feedback"]
    assert isinstance(view, dict)
    return view


def stored(settings: Settings) -> list[tuple[str, bytes]]:
    """Every verdict and embedding in the database."""
    database = Database(settings.database)
    with database.read() as session:
        rows = [(row.verdict, row.embedding) for row in session.scalars(select(Feedback))]
    database.close()
    return rows


def test_a_verdict_is_kept_with_what_it_was_about(client: TestClient, door: str) -> None:
    stranger = like(1, 50)
    face = identified(client, door, stranger)
    assert (face["decision"], face["person_id"]) == ("identified", "p1")
    form = {"person_id": "p1", "verdict": "not_them", "source": "gate-1"}
    answer = client.post(f"{door}/feedback", data=form, files=files(stranger, field="image"))
    body = made(answer)
    assert body.pop("id").startswith("fb-")
    assert body.pop("created_at")
    assert body.pop("contract_id") == ok(client.get(door))["contract_id"]
    assert body.pop("threshold") == pytest.approx(
        ok(client.get(f"{door}/threshold"))["similarity"], abs=0.3
    )
    assert body == {
        "person_id": "p1",
        "verdict": "not_them",
        "false_positive": True,
        "similarity": face["candidates"][0]["similarity"],
        "revision": 3,
        "source": "gate-1",
        "warnings": [],
    }


def test_who_was_reported_is_not_named_as_that_person_again(client: TestClient, door: str) -> None:
    stranger = like(1, 50)
    say(client, door, "p1", "not_them", stranger)
    ok(client.patch(door, json={"target_fpir": 0.4}))  # whatever the threshold
    face = identified(client, door, stranger)
    assert face["person_id"] != "p1"
    shown = next(each for each in face["candidates"] if each["person_id"] == "p1")
    assert shown["reported_not_them"] is True
    verified = client.post(f"{door}/persons/p1/verify", files=files(stranger, field="image"))
    assert (ok(verified)["decision"], ok(verified)["reported_not_them"]) == ("no_match", True)
    themselves = identified(client, door, picture(1, 9))
    assert (themselves["person_id"], themselves["decision"]) == ("p1", "identified")
    assert [each["reported_not_them"] for each in themselves["candidates"]] == [False] * 3


def test_others_are_still_found_behind_whom_it_is_not(client: TestClient, door: str) -> None:
    """Also where one candidate is asked for, and where the two behind are ambiguous."""
    for alias in ("alias", "second-alias", "third-alias"):
        enrol(client, door, alias, picture(1), picture(1, 1))
    probe = picture(1, 9)

    def face() -> dict[str, Any]:
        image = files(probe, field="image")
        form = {"max_candidates": "1"}
        return only_face(ok(client.post(f"{door}/identify", data=form, files=image)))

    for refuted in ("p1", "alias"):
        say(client, door, refuted, "not_them", probe)
        found = face()
        possible = [each for each in found["candidates"] if not each["reported_not_them"]]
        assert (found["decision"], len(possible)) == ("ambiguous", 2)
    say(client, door, "second-alias", "not_them", probe)
    assert face()["person_id"] == "third-alias"


def test_a_later_verdict_on_the_same_image_replaces_the_first(
    client: TestClient, door: str
) -> None:
    image = picture(1, 5)
    first = say(client, door, "p1", "not_them", image)
    assert identified(client, door, image)["person_id"] is None
    assert [feedback(client, door)[name] for name in ("not_them", "them")] == [1, 0]
    second = say(client, door, "p1", "them", image)
    assert (second["id"], second["verdict"], second["false_positive"]) == (
        first["id"],
        "them",
        False,
    )
    assert identified(client, door, image)["person_id"] == "p1"
    counts = feedback(client, door)
    assert [counts[name] for name in ("not_them", "them", "false_positives")] == [0, 1, 0]


def test_more_false_positives_than_stated_make_the_threshold_stricter(
    client: TestClient, door: str
) -> None:
    before = ok(client.get(f"{door}/threshold"))
    assert before["evidence"]["feedback"]["factor"] == 1
    seen = [like(1 + i % 3, 50 + i) for i in range(12)]
    named = [image for image in seen if identified(client, door, image)["person_id"]]
    assert len(named) >= 8
    for image in named:
        who = identified(client, door, image)["candidates"][0]["person_id"]
        say(client, door, who, "not_them", image)
    after = ok(client.get(f"{door}/threshold"))
    counts = after["evidence"]["feedback"]
    assert (counts["false_positives"], counts["not_them"]) == (len(named), len(named))
    expected = max(counts["expected_false_positives"], len(named) * TARGET)
    assert counts["factor"] == pytest.approx(Reports(len(named), expected).factor)
    assert counts["factor"] > 2
    assert after["similarity"] > before["similarity"]
    assert after["evidence"]["bundle"] == before["evidence"]["bundle"]


def test_what_was_never_named_is_no_false_positive_and_raises_nothing(
    client: TestClient, door: str
) -> None:
    before = ok(client.get(f"{door}/threshold"))["similarity"]
    assert say(client, door, "p1", "not_them", picture(2, 9))["false_positive"] is False
    assert say(client, door, "p1", "not_them", picture(77))["false_positive"] is False
    assert ok(client.get(f"{door}/threshold"))["similarity"] == pytest.approx(before, abs=1e-9)
    assert feedback(client, door)["false_positives"] == 0
    assert identified(client, door, picture(2, 9))["person_id"] == "p2"


def test_confirmations_are_counted_and_change_nothing(client: TestClient, door: str) -> None:
    before = ok(client.get(f"{door}/threshold"))["similarity"]
    for shake in range(5, 9):
        assert say(client, door, "p1", "them", picture(1, shake))["false_positive"] is False
    assert feedback(client, door)["them"] == 4
    assert ok(client.get(f"{door}/threshold"))["similarity"] == pytest.approx(before, abs=1e-9)


def test_the_same_image_said_of_twice_counts_once(client: TestClient, door: str) -> None:
    stranger = like(1, 50)
    first, second = (say(client, door, "p1", "not_them", stranger) for _ in range(2))
    assert first["id"] == second["id"]
    assert feedback(client, door)["false_positives"] == 1


def test_replicas_on_unlike_processors_see_the_same_image_in_it(
    client: TestClient, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each rounds a network's numbers in its own way."""
    embed, rng = OnnxEmbedder.embed, np.random.default_rng(0)

    def rounded(self: OnnxEmbedder, crops: Sequence[AlignedCrop]) -> Embeddings:
        rows = embed(self, crops)
        return (rows * (1 + 1e-6 * rng.uniform(-1, 1, rows.shape))).astype(np.float32)

    monkeypatch.setattr(OnnxEmbedder, "embed", rounded)
    stranger = like(1, 50)
    reports = [say(client, door, "p1", "not_them", stranger) for _ in range(4)]
    assert len({report["id"] for report in reports}) == 1
    assert feedback(client, door)["false_positives"] == 1
    for _ in range(8):  # as near to itself as to nobody else, however it is rounded
        assert identified(client, door, stranger)["person_id"] is None


def test_probes_are_counted_at_the_rate_that_was_stated(settings: Settings) -> None:
    with client_of(build(settings)) as client:
        path = make_collection(client, "door", target_fpir=TARGET)
        enrol(client, path, "ada", picture(1))
        enrol(client, path, "bob", picture(2))
        for somebody in range(10):
            identified(client, path, picture(somebody))
        form = {"min_similarity": "1"}
        image = files(picture(1), field="image")
        ok(client.post(f"{path}/identify", data=form, files=image))
        assert feedback(client, path)["probes"] == 0  # not written yet
    with client_of(build(settings)) as client:
        counts = feedback(client, path)
        assert counts["probes"] == 11
        # Ten at the collection's own rate, and one at a threshold that hardly anybody reaches.
        assert counts["expected_false_positives"] == pytest.approx(10 * TARGET, rel=1e-3)


def test_counts_that_cannot_be_written_are_kept(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **counts: object) -> None:
        monkeypatch.undo()
        raise OperationalError("UPDATE", None, Exception("the disk is full"))

    monkeypatch.setattr("app.feedback.repository.add_probe_counts", fail)
    with client_of(build(settings)) as client:
        path = make_collection(client, "door", target_fpir=TARGET)
        enrol(client, path, "ada", picture(1))
        assert identified(client, path, picture(1, 3))["person_id"] == "ada"
        with pytest.raises(NotReady):
            write_counts(client)
        assert feedback(client, path)["probes"] == 0
        identified(client, path, picture(1, 4))
        write_counts(client)
        assert feedback(client, path)["probes"] == 2


def test_the_feedback_of_somebody_removed_is_removed(
    settings: Settings,
) -> None:
    with client_of(build(settings)) as client:
        path = make_collection(client, "door", target_fpir=TARGET)
        for i in range(1, 4):
            enrol(client, path, f"p{i}", picture(i), picture(i, 1))
        say(client, path, "p1", "not_them", like(1, 50))
        say(client, path, "p1", "them", picture(1, 5))
        say(client, path, "p2", "them", picture(2, 5))
        assert feedback(client, path)["false_positives"] == 1
        assert client.delete(f"{path}/persons/p1").status_code == 204
        counts = feedback(client, path)
        names = ("false_positives", "not_them", "them", "factor")
        assert [counts[name] for name in names] == [0, 0, 1, 1]
        enrol(client, path, "p1", picture(1))
        assert identified(client, path, like(1, 50))["candidates"][0]["reported_not_them"] is False
        assert client.delete(path, params={"force": "true"}).status_code == 204
        assert stored(settings) == []


def test_no_image_is_kept(settings: Settings) -> None:
    stranger = like(1, 50)
    with client_of(build(settings)) as client:
        path = make_collection(client, "door", target_fpir=TARGET)
        enrol(client, path, "p1", picture(1))
        say(client, path, "p1", "not_them", stranger)
    ((verdict, embedding),) = stored(settings)
    assert (verdict, len(embedding)) == ("not_them", 4 * DIMENSION)
    assert_nowhere(stranger, settings.data_dir.parent)


def test_a_repeated_request_gets_its_first_answer(client: TestClient, door: str) -> None:
    form = {"person_id": "p1", "verdict": "them"}
    headers = {"Idempotency-Key": "once"}

    def give(shake: int) -> httpx.Response:
        image = files(picture(1, shake), field="image")
        answer: httpx.Response = client.post(
            f"{door}/feedback", data=form, files=image, headers=headers
        )
        return answer

    assert made(give(5)) == made(give(5))
    problem(give(6), 409, "conflict")


@pytest.mark.on_sqlite
@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"verdict": "them"}, "person_id"),
        ({"person_id": "p1"}, "verdict"),
        ({"person_id": "p1", "verdict": "perhaps"}, "verdict"),
        ({"person_id": "a b", "verdict": "them"}, "person_id"),
        ({"person_id": "p1", "verdict": "them", "source": "a b"}, "source"),
        ({"person_id": "p1", "verdict": "them", "why": "because"}, "why"),
    ],
)
def test_a_wrong_field_is_named(
    client: TestClient, door: str, form: dict[str, str], field: str
) -> None:
    image = files(picture(1), field="image")
    answer = client.post(f"{door}/feedback", data=form, files=image)
    assert wrong_fields(answer) == [field]


def test_what_there_is_not_cannot_be_spoken_of(client: TestClient, door: str) -> None:
    form = {"person_id": "p1", "verdict": "them"}
    image = files(picture(1), field="image")
    nowhere = client.post("/collections/nowhere/feedback", data=form, files=image)
    problem(nowhere, 404, "not_found")
    nobody = client.post(f"{door}/feedback", data={**form, "person_id": "no"}, files=image)
    problem(nobody, 404, "not_found")
    made(client.post(f"{door}/persons", json={"id": "faceless"}))
    faceless = client.post(f"{door}/feedback", data={**form, "person_id": "faceless"}, files=image)
    problem(faceless, 409, "conflict")
    assert wrong_fields(client.post(f"{door}/feedback", json=form)) == ["image"]
    broken = client.post(f"{door}/feedback", data=form, files=files(b"no image", field="image"))
    problem(broken, 415, "unsupported_image")


def test_counts_are_of_two_services_together(settings: Settings) -> None:
    with client_of(build(settings)) as one, client_of(build(settings)) as other:
        path = make_collection(one, "door", target_fpir=TARGET)
        for i in range(1, 4):
            enrol(one, path, f"p{i}", picture(i), picture(i, 1))
        for client in (one, other):
            identified(client, path, picture(1, 5))
        say(one, path, "p1", "not_them", like(1, 50))
        say(other, path, "p2", "not_them", like(2, 51))
        counts = [feedback(client, path) for client in (one, other)]
        assert counts[0] == counts[1]
        assert (counts[0]["probes"], counts[0]["not_them"]) == (2, 2)
        thresholds = [ok(each.get(f"{path}/threshold"))["similarity"] for each in (one, other)]
        assert thresholds[0] == pytest.approx(thresholds[1], abs=1e-9)
