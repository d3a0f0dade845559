"""A key that may ask and not read cannot solve for a similarity by halving a number that it sends,
nor read how alike two enrolled people are off a number that it gets.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from tests.api.support import enrol, files, made, make_collection, ok
from tests.api.test_contract_lookalikes import like
from tests.api.test_own_thresholds import asking, face_of
from tests.support.pictures import picture

QUESTIONS = 24
STEP = 0.05
SHARES = np.linspace(0.1, 0.42, 17)
"""How much of somebody else is in the pictures of p1: all are named p1."""


@pytest.fixture
def door(client: TestClient) -> str:
    """The path of a collection of eight people."""
    path = make_collection(client, "door", target_fpir=0.05, target_fmr=0.01, lookalikes="off")
    for i in range(1, 9):
        enrol(client, path, f"p{i}", picture(i), picture(i, 1))
    return path


def halved(is_named: Callable[[float], bool], low: float, high: float) -> float:
    """The number from which on ``is_named`` is false, as near as the questions show it; the
    low one where it never is true.
    """
    for _ in range(QUESTIONS):
        between = (low + high) / 2
        low, high = (between, high) if is_named(between) else (low, between)
    return low


def solved(client: TestClient, path: str, image: bytes) -> dict[str, float]:
    """For each number that a question may have, the value at which the decision changes."""

    def named(**form: float) -> bool:
        exact = {name: repr(value) for name, value in form.items()}
        return bool(face_of(client, path, image, **exact)["person_id"] == "p1")

    def matches(target: float) -> bool:
        form = {"target_fmr": repr(target)}
        url = f"{path}/persons/p1/verify"
        answer = ok(client.post(url, data=form, files=files(image, field="image")))
        return str(answer["decision"]) == "match"

    return {
        "min_similarity": halved(lambda least: named(min_similarity=least), -1.0, 1.0),
        "target_fpir": halved(lambda power: named(target_fpir=10**-power), 1.0, 9.0),
        "target_fmr": halved(lambda power: matches(10**-power), 1.0, 9.0),
    }


def by_step(client: TestClient, path: str) -> dict[int, list[tuple[float, bytes]]]:
    """Pictures that are named p1 and their similarities, by the step of these."""
    found = defaultdict(list)
    for share in SHARES:
        image = like(1, 77, float(share))
        face = face_of(client, path, image)
        assert face["person_id"] == "p1", (share, face)
        similarity = face["similarity"]
        found[int(similarity / STEP)].append((similarity, image))
    return found


def ends(group: list[tuple[float, bytes]]) -> list[bytes]:
    """The two of a group that are least alike."""
    return [min(group)[1], max(group)[1]]


def test_halving_a_number_shows_the_step_of_a_similarity_and_no_more(
    client: TestClient, door: str
) -> None:
    doorman, manager = asking(client, "identify"), asking(client, "identify", "read")
    separated = Counter[str]()
    for step, group in by_step(client, door).items():
        least, most = (solved(doorman, door, image) for image in ends(group))
        assert least == most
        shown = face_of(doorman, door, group[0][1])["similarity"]
        assert shown == pytest.approx(step * STEP)
        assert least["min_similarity"] == pytest.approx(shown, abs=1e-6)
        if max(group)[0] - min(group)[0] > STEP / 4:  # who may read is answered by the similarity
            low, high = (solved(manager, door, image) for image in ends(group))
            separated.update(name for name in low if abs(high[name] - low[name]) > 0.01)
    assert all(separated[name] >= 2 for name in least), separated


def numbers(answer: object, path: str = "") -> Iterable[tuple[str, object]]:
    """Every number in an answer, and where it is."""
    if isinstance(answer, dict):
        for name, value in answer.items():
            if name not in {"timings_ms", "request_id"}:
                yield from numbers(value, f"{path}.{name}")
    elif isinstance(answer, list):
        for value in answer:
            yield from numbers(value, path)
    elif isinstance(answer, int | float):
        yield path, answer


def all_answers(client: TestClient, path: str) -> dict[str, list[tuple[str, object]]]:
    """The answers that a key gets in a gallery of two, for pictures of neither."""

    def sent(url: str, image: bytes, **form: str) -> object:
        answer = client.post(f"{path}{url}", data=form, files=files(image, field="image"))
        assert answer.status_code in (200, 201, 403), answer.text
        return answer.json() if answer.status_code != 403 else {}

    report = {"person_id": "one", "verdict": "not_them"}
    asked = {
        "identify": sent("/identify", picture(60)),
        "strict": sent("/identify", picture(60), target_fpir="0.00031"),
        "named": sent("/identify", picture(1, 9), min_similarity="0.523"),
        "verify": sent("/persons/one/verify", picture(60)),
        "match": sent("/persons/one/verify", picture(1, 9), target_fmr="0.0003"),
        "feedback": sent("/feedback", picture(61), **report),
    }
    return {name: sorted(numbers(answer), key=str) for name, answer in asked.items()}


def test_no_number_shows_how_alike_two_enrolled_people_are(client: TestClient) -> None:
    alike = {"unlike": picture(2), "somewhat": like(1, 2, 0.8), "much": like(1, 2, 0.7)}
    alike["twice"] = like(1, 2, 0.45)  # counts as one person
    doorman, guard = asking(client, "identify", "enroll"), asking(client, "identify")
    seen: dict[str, Any] = {}
    for name, image in alike.items():
        path = make_collection(client, name, target_fpir=0.01, target_fmr=0.01, lookalikes="off")
        enrol(client, path, "one", picture(1))
        enrol(client, path, "other", image)
        thresholds = ok(client.get(f"{path}/threshold"))["similarity"]
        seen[name] = thresholds, all_answers(doorman, path), all_answers(guard, path)
    own, both, one = (list(each) for each in zip(*seen.values(), strict=True))
    assert len(set(own[:3])) == 3  # each face's own threshold follows it
    assert all(each == both[0] for each in both)
    assert all(each == one[0] for each in one)


def test_what_is_asked_in_addition_names_nobody(client: TestClient) -> None:
    """Two who are ambiguous stay so until neither reaches what was asked for."""
    path = make_collection(client, "twins", target_fpir=0.05, lookalikes="off")
    for i in range(1, 7):
        enrol(client, path, f"p{i}", picture(i))
    enrol(client, path, "twin", picture(1, 1))
    image = picture(1, 9)
    face = face_of(client, path, image)
    assert face["decision"] == "ambiguous"
    first, second = (each["similarity"] for each in face["candidates"][:2])
    assert second < first
    for key in (client, asking(client, "identify")):
        decisions = [
            face_of(key, path, image, min_similarity=repr(float(least)))["decision"]
            for least in [*np.linspace(-1, 1, 41), *np.linspace(second, first, 9)]
        ]
        assert set(decisions) == {"ambiguous", "unknown"}


def test_a_report_shows_a_key_that_may_not_read_no_similarity(
    client: TestClient, door: str
) -> None:
    """Whether a face is nearer to a reported one than to a person is shown where it decides."""
    guard = asking(client, "identify", "enroll")
    stranger = picture(60)
    for share in (0.3, 0.1):  # ever nearer to the stranger
        form = {"person_id": "p1", "verdict": "not_them"}
        image = files(like(60, 61, share), field="image")
        made(guard.post(f"{door}/feedback", data=form, files=image))

    def verified(key: TestClient, image: bytes) -> dict[str, Any]:
        image_files = files(image, field="image")
        return ok(key.post(f"{door}/persons/p1/verify", files=image_files))

    assert verified(client, stranger)["reported_not_them"]
    assert not verified(guard, stranger)["reported_not_them"]
    form = {"person_id": "p1", "verdict": "not_them"}
    made(client.post(f"{door}/feedback", data=form, files=files(picture(1, 9), field="image")))
    for key in (client, guard):
        found = verified(key, picture(1, 9))
        assert (found["decision"], found["reported_not_them"]) == ("no_match", True)


def of_lookalikes(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in answer["warnings"] if each["reason"] == "looks_like_another_person"]


def test_a_warning_of_a_lookalike_has_a_step_and_no_rate(client: TestClient) -> None:
    path = make_collection(client, "desk", target_fpir=0.05)
    for i in range(1, 5):
        enrol(client, path, f"p{i}", picture(i))
    clerk = asking(client, "enroll")
    [shown] = of_lookalikes(enrol(clerk, path, "again", picture(1, 1)))
    ok(client.patch(f"{path}", json={"show_candidates": True}))
    [exact] = of_lookalikes(enrol(clerk, path, "and-again", picture(1, 2)))
    assert shown["fpir"] is None
    assert shown["similarity"] * 20 == pytest.approx(round(shown["similarity"] * 20))
    assert exact["fpir"] > 0
    assert exact["similarity"] * 20 != pytest.approx(round(exact["similarity"] * 20), abs=1e-3)
    answer = clerk.post(f"{path}/persons/again/faces", files=files(picture(2, 1)))
    [added] = of_lookalikes(made(answer))
    assert (added["person_id"], added["fpir"] is None) == ("p2", False)
    ok(client.patch(f"{path}", json={"show_candidates": False}))
    answer = clerk.post(f"{path}/persons/again/faces", files=files(picture(3, 1)))
    [added] = of_lookalikes(made(answer))
    assert (added["person_id"], added["fpir"]) == ("p3", None)
