"""The metrics of scores over time: by decision, by source, and near the threshold."""

import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.observability.decision_metrics import MOST_SOURCES
from tests.api.support import enrol, files, identify, make_collection, ok, only_face, wrong_fields
from tests.support.pictures import SIDE, encoded, picture

NOISE = 0.01  # the fake bundle's ambiguity margin


@pytest.fixture
def staff(client: TestClient) -> str:
    path = make_collection(client)
    enrol(client, path, "ada", picture(1))
    enrol(client, path, "bob", picture(2))
    return path


def metrics(client: TestClient, name: str, **labels: str) -> float:
    """The value of one series; 0 where there is none."""
    inner = ",".join(f'{key}="{labels[key]}"' for key in sorted(labels))
    for line in client.get("http://kith/metrics").text.splitlines():
        if line.startswith(f"{name}{{{inner}}} "):
            return float(line.rsplit(" ", 1)[1])
    return 0.0


def test_decisions_and_top_similarities_are_reported_by_source(
    client: TestClient, staff: str
) -> None:
    for somebody, source in ((1, "gate-1"), (1, "gate-1"), (9, "gate-1"), (2, "gate-2")):
        identify(client, staff, somebody, source=source)
    for decision, source, count in (
        ("identified", "gate-1", 2),
        ("unknown", "gate-1", 1),
        ("identified", "gate-2", 1),
        ("unknown", "gate-2", 0),
        ("identified", "", 0),
    ):
        labels = {"collection": "staff", "source": source, "decision": decision}
        assert metrics(client, "kith_decisions_total", **labels) == count
        assert metrics(client, "kith_top_similarity_count", **labels) == count


def test_the_histogram_is_of_the_similarity_to_the_nearest_person(
    client: TestClient, staff: str
) -> None:
    labels = {"collection": "staff", "source": "", "decision": "unknown"}
    faces = [only_face(identify(client, staff, stranger)) for stranger in range(100, 110)]
    tops = [face["candidates"][0]["similarity"] for face in faces]
    for bound in ("-0.2", "0.0", "0.1", "0.3", "0.95"):
        seen = metrics(client, "kith_top_similarity_bucket", le=bound, **labels)
        assert seen == sum(top <= float(bound) for top in tops)


def test_a_face_that_was_compared_with_nobody_has_no_similarity(client: TestClient) -> None:
    path = make_collection(client, "empty")
    identify(client, path, 1)
    labels = {"collection": "empty", "source": "", "decision": "unknown"}
    assert metrics(client, "kith_decisions_total", **labels) == 1
    assert metrics(client, "kith_top_similarity_count", **labels) == 0


def test_those_are_near_the_threshold_whom_noise_could_have_decided(
    client: TestClient, staff: str
) -> None:
    """From a picture of Ada to one of a stranger, in many small steps past the threshold."""
    blotches = [np.random.default_rng(each).integers(0, 256, (8, 8)) for each in (1, 77)]
    expected = {"identified": 0, "unknown": 0}
    for share in np.linspace(0.2, 0.6, 101):
        pixels = np.kron((1 - share) * blotches[0] + share * blotches[1], np.ones((SIDE // 8,) * 2))
        image = files(encoded(pixels.astype(np.uint8)), field="image")
        answer = ok(client.post(f"{staff}/identify", files=image))
        face = only_face(answer)
        apart = abs(face["candidates"][0]["similarity"] - face["threshold"])
        expected[face["decision"]] += apart <= NOISE
    assert all(expected.values())
    for decision, count in expected.items():
        labels = {"collection": "staff", "source": "", "decision": decision}
        assert metrics(client, "kith_near_threshold_total", **labels) == count


def test_past_the_hundredth_source_of_a_collection_all_others_are_one(
    client: TestClient, staff: str
) -> None:
    for i in range(MOST_SOURCES + 3):
        identify(client, staff, 1, source=f"camera-{i}")
    identify(client, staff, 1, source="camera-0")
    labels = {"collection": "staff", "decision": "identified"}
    assert metrics(client, "kith_decisions_total", source="camera-0", **labels) == 2
    assert metrics(client, "kith_decisions_total", source="other", **labels) == 3
    other = make_collection(client, "other")
    identify(client, other, 1, source="camera-102")
    labels = {"collection": "other", "decision": "unknown"}
    assert metrics(client, "kith_decisions_total", source="camera-102", **labels) == 1


@pytest.mark.parametrize("source", ["", "a b", "-x", "x" * 65, "é"])
def test_a_source_is_an_id(client: TestClient, staff: str, source: str) -> None:
    image = files(picture(1), field="image")
    answer = client.post(f"{staff}/identify", data={"source": source}, files=image)
    assert wrong_fields(answer) == ["source"]
