"""Thresholds move by what people are and what is confirmed, and not by keys that should not."""

import datetime as dt
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.feedback import counts as exposures
from tests.api.support import (
    FakeClock,
    enrol,
    files,
    made,
    make_collection,
    ok,
    only_face,
    write_counts,
)
from tests.api.test_contract_feedback import like
from tests.support.pictures import SIDE, encoded, picture

pytestmark = pytest.mark.both_databases

TARGET = 0.05


@pytest.fixture
def door(client: TestClient) -> str:
    path = make_collection(client, "door", target_fpir=TARGET)
    for i in range(1, 4):
        enrol(client, path, f"p{i}", picture(i), picture(i, 1))
    return path


def key(client: TestClient, *scopes: str) -> dict[str, str]:
    """The header of a new key."""
    new = made(client.post("/keys", json={"scopes": list(scopes)}))
    return {"Authorization": f"Bearer {new['key']}"}


def ask(
    client: TestClient, path: str, image: bytes, headers: dict[str, str], **form: str
) -> dict[str, Any]:
    answer = client.post(
        f"{path}/identify", data=form, files=files(image, field="image"), headers=headers
    )
    return only_face(ok(answer))


def say(client: TestClient, path: str, image: bytes, headers: dict[str, str]) -> dict[str, Any]:
    """Report that the image does not show the person whom the service names for it."""
    person = ask(client, path, image, {})["candidates"][0]["person_id"]
    form = {"person_id": person, "verdict": "not_them"}
    upload = files(image, field="image")
    return made(client.post(f"{path}/feedback", data=form, files=upload, headers=headers))


def threshold(client: TestClient, path: str) -> dict[str, Any]:
    return ok(client.get(f"{path}/threshold"))


@pytest.mark.parametrize("sources", [1, 8])
def test_who_may_only_ask_cannot_cancel_what_was_confirmed(
    client: TestClient, door: str, monkeypatch: pytest.MonkeyPatch, sources: int
) -> None:
    monkeypatch.setattr(exposures, "now", lambda: 0.0)  # all at one moment
    first, second = (like(1 + i % 3, 50 + i) for i in (0, 1))
    asker, reporter = key(client, "identify"), key(client, "enroll")
    for shake in range(24):
        ask(client, door, picture(60 + shake), asker, source=f"camera-{shake % sources}")
    before = threshold(client, door)
    for image in (first, second):
        assert say(client, door, image, reporter)["false_positive"]
    write_counts(client)
    after = threshold(client, door)
    counts = after["evidence"]["feedback"]
    assert counts["probes"] == 26
    assert counts["expected_false_positives"] == pytest.approx(5 * TARGET, rel=0.1)  # two are ours
    assert counts["factor"] > 1
    assert after["similarity"] > before["similarity"]


def test_those_who_come_one_after_the_other_are_standing_of_full(
    client: TestClient, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A door that is asked at the pace of people, by a clock that the test turns."""
    monkeypatch.setattr(exposures, "now", iter(range(0, 10_000, 2)).__next__)
    asker = key(client, "identify")
    for somebody in range(20):
        ask(client, door, picture(somebody), asker)
    write_counts(client)
    counts = threshold(client, door)["evidence"]["feedback"]
    assert counts["expected_false_positives"] == pytest.approx(20 * TARGET, rel=0.1)


def test_a_few_untrue_reports_on_a_young_gallery_lock_nobody_out(client: TestClient) -> None:
    path = make_collection(client, "young", target_fpir=0.001)
    for i in range(1, 4):
        enrol(client, path, f"p{i}", picture(i), picture(i, 1))
    before = threshold(client, path)["similarity"]
    reporter = key(client, "enroll")
    for shake in (5, 6):  # true pictures of one who is enrolled
        assert say(client, path, picture(1, shake), reporter)["false_positive"]
    after = threshold(client, path)
    assert 1 < after["evidence"]["feedback"]["factor"] <= 3
    assert before < after["similarity"] < before + 0.08
    for i in (2, 3):
        assert ask(client, path, picture(i, 9), {})["person_id"] == f"p{i}"


def test_one_key_proves_so_much_and_no_more(client: TestClient) -> None:
    path = make_collection(client, "door", target_fpir=0.001)
    one, other = key(client, "enroll"), key(client, "enroll")
    for somebody in range(26):
        enrol(client, path, f"p{somebody}", picture(somebody))
    said = [say(client, path, picture(somebody, 1), one) for somebody in range(25)]
    assert all(each["false_positive"] for each in said)
    counts = threshold(client, path)["evidence"]["feedback"]
    assert (counts["not_them"], counts["false_positives"]) == (25, 20)
    say(client, path, picture(25, 1), other)
    assert threshold(client, path)["evidence"]["feedback"]["false_positives"] == 21


def unlike(place: int) -> bytes:
    """Pictures that are as unlike each other as can be: stripes of different widths."""
    rows = np.arange(SIDE)
    stripes = (rows[:, None] if place % 2 else rows[None, :]) * (1 + place // 2) * 4 // SIDE % 2
    return encoded(np.broadcast_to(stripes * 255, (SIDE, SIDE)).astype(np.uint8))


def test_who_is_not_valid_moves_no_threshold(timed: TestClient, clock: FakeClock) -> None:
    path = make_collection(timed, "door", target_fpir=TARGET)
    for i in range(1, 4):
        enrol(timed, path, f"p{i}", picture(i), picture(i, 1))
    before = threshold(timed, path)
    for place in range(12):
        enrol(timed, path, f"past-{place}", unlike(place), valid_until="2020-01-01T00:00:00Z")
        enrol(timed, path, f"soon-{place}", unlike(place), valid_from="2026-05-04T13:00:00Z")
    after = threshold(timed, path)
    assert after["similarity"] == pytest.approx(before["similarity"], abs=1e-12)
    assert after["evidence"]["site"] == pytest.approx(before["evidence"]["site"])
    clock.forward(dt.timedelta(hours=1))
    later = threshold(timed, path)
    assert later["gallery_size"] == 15
    assert later["evidence"]["site"]["persons"] == 9  # six of these pictures are almost copies
    assert later["similarity"] != pytest.approx(before["similarity"], abs=1e-3)


def test_people_who_are_picked_to_be_unlike_each_other_let_no_more_strangers_in(
    client: TestClient,
) -> None:
    images = [picture(somebody) for somebody in range(300, 340)]
    faces = np.array(
        [
            ok(client.post("/embeddings", files=files(image, field="image")))["embedding"]
            for image in images
        ]
    )
    picked = [0]
    while len(picked) < 16:
        picked.append(int(np.argmin(np.abs(faces @ faces[picked].T).max(axis=1))))
    path = make_collection(client, "picked", target_fpir=0.1)
    for row in picked:
        enrol(client, path, f"p{row}", images[row])
    seen = threshold(client, path)["evidence"]["site"]
    assert seen["stretch"] < 1
    strangers = [ask(client, path, picture(somebody), {}) for somebody in range(400, 460)]
    assert sum(face["decision"] != "unknown" for face in strangers) <= 12  # 6 are expected
