"""Identification and verification, as the contract promises them."""

import base64

import pytest
from fastapi.testclient import TestClient

from tests.api.support import (
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
from tests.support.pictures import picture

SAMPLE = {"box", "landmarks", "detection_score", "quality"}


@pytest.fixture
def known(client: TestClient) -> str:
    """The path of a collection with Ada (two faces) and Bob (one)."""
    path = make_collection(client, "known")
    enrol(client, path, "ada", picture(1), picture(1, 1), name="Ada", external_id="1001")
    enrol(client, path, "bob", picture(2))
    return path


def probe(somebody: int, shake: int = 9) -> list[tuple[str, tuple[str, bytes, str]]]:
    return files(picture(somebody, shake), field="image")


def test_somebody_enrolled_is_named_with_everything_the_contract_promises(
    client: TestClient, known: str
) -> None:
    body = identify(client, known, 1)
    assert set(body) == {
        "request_id",
        "contract_id",
        "revision",
        "stale",
        "policy",
        "width",
        "height",
        "faces_found",
        "faces",
        "timings_ms",
    }
    assert body["stale"] is False
    assert body["revision"] == 2
    assert set(body["policy"]) == {
        "target_fpir",
        "threshold",
        "gallery_size",
        "extrapolated",
        "warning",
    }
    assert (body["policy"]["target_fpir"], body["policy"]["gallery_size"]) == (0.001, 2)
    assert set(body["timings_ms"]) == {"decode", "detect", "embed", "search", "total"}
    face = only_face(body)
    assert set(face) == SAMPLE | {
        "decision",
        "person_id",
        "similarity",
        "threshold",
        "probe_id",
        "reasons",
        "not_valid",
        "candidates",
    }
    assert face["box"] == {"x": 0, "y": 0, "width": 64, "height": 64}
    assert (face["decision"], face["person_id"], face["reasons"]) == ("identified", "ada", [])
    best = face["candidates"][0]
    assert set(best) == {
        "extrapolated",
        "person_id",
        "external_id",
        "name",
        "similarity",
        "fpir",
        "face_id",
        "reported_not_them",
    }
    assert (best["person_id"], best["external_id"], best["name"]) == ("ada", "1001", "Ada")


def test_candidates_are_one_row_a_person_best_first_whatever_the_decision(
    client: TestClient, known: str
) -> None:
    for somebody, decision in ((1, "identified"), (3, "unknown")):
        face = only_face(identify(client, known, somebody))
        assert face["decision"] == decision
        rows = face["candidates"]
        assert {row["person_id"] for row in rows} == {"ada", "bob"}
        assert rows[0]["similarity"] >= rows[1]["similarity"]
        assert rows[0]["fpir"] <= rows[1]["fpir"]


def test_a_candidate_names_its_nearest_face(client: TestClient, known: str) -> None:
    faces = ok(client.get(f"{known}/persons/ada/faces"))["items"]
    again = ok(client.post(f"{known}/identify", files=files(picture(1, 1), field="image")))
    assert only_face(again)["candidates"][0]["face_id"] == faces[1]["id"]


def test_the_request_id_of_the_answer_is_the_headers(client: TestClient, known: str) -> None:
    answer = client.post(
        f"{known}/identify", files=probe(1), headers={"X-Request-Id": "door-7/4711"}
    )
    assert ok(answer)["request_id"] == answer.headers["x-request-id"] == "door-7/4711"


def test_an_image_may_come_as_base64(client: TestClient, known: str) -> None:
    image = {"base64": base64.b64encode(picture(1, 9)).decode()}
    answer = client.post(f"{known}/identify", json={"image": image, "max_candidates": 1})
    face = only_face(ok(answer))
    assert (face["person_id"], len(face["candidates"])) == ("ada", 1)


def test_in_an_empty_collection_everybody_is_unknown(client: TestClient, staff: str) -> None:
    body = identify(client, staff, 1)
    assert body["policy"]["gallery_size"] == 0
    assert (only_face(body)["decision"], only_face(body)["candidates"]) == ("unknown", [])


def test_at_most_max_candidates_are_shown(client: TestClient, known: str) -> None:
    assert len(only_face(identify(client, known, 1, max_candidates=1))["candidates"]) == 1
    assert len(only_face(identify(client, known, 1, max_candidates=100))["candidates"]) == 2


def test_two_persons_with_the_same_picture_cannot_be_separated(
    client: TestClient, known: str
) -> None:
    enrol(client, known, "alias", picture(1), picture(1, 1))
    for asked in (1, 5):
        face = only_face(identify(client, known, 1, max_candidates=asked))
        assert (face["decision"], face["person_id"]) == ("ambiguous", None)
        assert {row["person_id"] for row in face["candidates"][:2]} == {"ada", "alias"}
    assert client.delete(f"{known}/persons/alias").status_code == 204
    assert only_face(identify(client, known, 1))["person_id"] == "ada"


def test_a_target_fpir_can_only_make_the_decision_stricter(client: TestClient, known: str) -> None:
    default = identify(client, known, 1)["policy"]
    stricter = identify(client, known, 1, target_fpir=1e-6)["policy"]
    assert stricter["threshold"] > default["threshold"]
    assert (stricter["target_fpir"], stricter["extrapolated"]) == (1e-6, True)
    assert identify(client, known, 1, target_fpir=0.5)["policy"] == default


def test_a_min_similarity_can_only_make_the_decision_stricter(
    client: TestClient, known: str
) -> None:
    default = identify(client, known, 1)["policy"]
    assert identify(client, known, 1, min_similarity=-1)["policy"] == default
    strict = identify(client, known, 1, min_similarity=1)
    assert strict["policy"]["threshold"] == 1
    assert only_face(strict)["decision"] == "unknown"
    assert only_face(strict)["candidates"][0]["person_id"] == "ada"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("max_candidates", "0"),
        ("max_candidates", "101"),
        ("max_candidates", "few"),
        ("max_faces", "0"),
        ("max_faces", "101"),
        ("target_fpir", "0"),
        ("target_fpir", "1"),
        ("target_fpir", "nan"),
        ("min_similarity", "1.01"),
        ("min_similarity", "-1.01"),
        ("min_similarity", "nan"),
        ("threshold", "0.1"),
    ],
)
def test_a_wrong_option_is_named(client: TestClient, known: str, option: str, value: str) -> None:
    answer = client.post(f"{known}/identify", data={option: value}, files=probe(1))
    assert wrong_fields(answer) == [option]


def test_the_threshold_shows_what_it_promises_and_rests_on(client: TestClient, known: str) -> None:
    body = ok(client.get(f"{known}/threshold"))
    assert set(body) == {
        "similarity",
        "target_fpir",
        "gallery_size",
        "face_count",
        "fpir_interval",
        "extrapolated",
        "contract_id",
        "evidence",
    }
    assert (body["gallery_size"], body["face_count"]) == (2, 3)
    low, high = body["fpir_interval"]
    assert low < body["target_fpir"] < high
    evidence = body["evidence"]
    assert set(evidence) == {
        "bundle",
        "site",
        "feedback",
        "fpir_ratio",
        "fpir_ratio_interval",
        "fits_bundle",
        "warning",
    }
    assert evidence["bundle"]["calibration"] == {"data": "made up"}
    assert evidence["site"]["persons"] == 2
    assert round(body["similarity"], 4) == identify(client, known, 1)["policy"]["threshold"]


def test_the_threshold_rises_and_falls_with_the_gallery(client: TestClient, staff: str) -> None:
    thresholds = [ok(client.get(f"{staff}/threshold"))["similarity"]]
    for i in range(12):
        enrol(client, staff, f"p{i}", picture(10 + i))
        thresholds.append(identify(client, staff, 10)["policy"]["threshold"])
    alone = thresholds[1]
    assert thresholds[0] == pytest.approx(alone, abs=1e-4)
    assert alone < min(thresholds[4], thresholds[12])  # it follows from their likeness, too
    for i in range(11):
        assert client.delete(f"{staff}/persons/p{i}").status_code == 204
    assert identify(client, staff, 10)["policy"]["threshold"] == alone


def verify(client: TestClient, known: str, somebody: int, **options: str) -> dict[str, object]:
    path = f"{known}/persons/ada/verify"
    return ok(client.post(path, data=options, files=probe(somebody)))


def test_somebody_is_verified_against_themselves(client: TestClient, known: str) -> None:
    body = verify(client, known, 1)
    assert set(body) == {
        "request_id",
        "contract_id",
        "decision",
        "reasons",
        "not_valid",
        "similarity",
        "threshold",
        "target_fmr",
        "fmr",
        "extrapolated",
        "reported_not_them",
        "stale",
        "face",
        "warnings",
    }
    assert body["stale"] is False
    assert (body["decision"], body["reasons"], body["target_fmr"]) == ("match", [], 1e-4)
    assert isinstance(body["similarity"], float)
    assert isinstance(body["threshold"], float)
    assert body["similarity"] > body["threshold"]
    face = body["face"]
    assert isinstance(face, dict)
    assert set(face) == SAMPLE


def test_somebody_else_is_no_match_however_well_enrolled(client: TestClient, known: str) -> None:
    body = verify(client, known, 2)
    assert body["decision"] == "no_match"
    assert isinstance(body["fmr"], float)
    assert body["fmr"] > 1e-4


def test_a_target_fmr_can_only_make_a_verification_stricter(client: TestClient, known: str) -> None:
    default, stricter = verify(client, known, 1), verify(client, known, 1, target_fmr="1e-7")
    loose = verify(client, known, 1, target_fmr="0.9")
    assert (loose["threshold"], loose["target_fmr"]) == (default["threshold"], 1e-4)
    assert stricter["target_fmr"] == 1e-7
    assert str(stricter["threshold"]) > str(default["threshold"])


def test_somebody_without_faces_cannot_be_verified(client: TestClient, staff: str) -> None:
    made(client.post(f"{staff}/persons", json={"id": "ada"}))
    answer = client.post(f"{staff}/persons/ada/verify", files=probe(1))
    assert "'ada'" in problem(answer, 409, "conflict")["detail"]


def test_two_images_are_compared(client: TestClient) -> None:
    def compare(one: int, other: int, **options: str) -> dict[str, object]:
        images = files(picture(one), field="source") + files(picture(other, 5), field="target")
        return ok(client.post("/compare", data=options, files=images))

    body = compare(1, 1)
    assert set(body) == {
        "request_id",
        "contract_id",
        "decision",
        "reasons",
        "similarity",
        "threshold",
        "target_fmr",
        "fmr",
        "extrapolated",
        "source",
        "target",
        "warnings",
    }
    assert (body["decision"], body["target_fmr"]) == ("match", 1e-4)
    assert compare(1, 2)["decision"] == "no_match"
    assert compare(1, 1, target_fmr="0.01")["target_fmr"] == 0.01


def test_two_images_may_be_compared_as_base64(client: TestClient) -> None:
    source, target = ({"base64": base64.b64encode(picture(1, shake)).decode()} for shake in (1, 2))
    body = ok(client.post("/compare", json={"source": source, "target": target}))
    assert body["decision"] == "match"


def test_detection_shows_faces_and_no_identities(client: TestClient, known: str) -> None:
    body = ok(client.post("/detect", data={"max_faces": "1"}, files=probe(1)))
    assert set(body) == {"request_id", "contract_id", "width", "height", "faces_found", "faces"}
    assert (body["width"], body["height"], body["faces_found"]) == (64, 64, 1)
    assert [set(face) for face in body["faces"]] == [SAMPLE]


def test_an_embedding_is_of_unit_length(client: TestClient) -> None:
    body = ok(client.post("/embeddings", files=probe(1)))
    assert set(body) == {"request_id", "contract_id", "dimension", "embedding", "face", "warnings"}
    assert body["dimension"] == len(body["embedding"]) == 32
    assert sum(x * x for x in body["embedding"]) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    "path",
    ["/collections/nowhere/identify", "/collections/nowhere/persons/ada/verify"],
)
def test_an_unknown_collection_is_not_found(client: TestClient, path: str) -> None:
    problem(client.post(path, files=probe(1)), 404, "not_found")
    problem(client.get("/collections/nowhere/threshold"), 404, "not_found")


def test_an_unknown_person_is_not_verified(client: TestClient, known: str) -> None:
    problem(client.post(f"{known}/persons/nobody/verify", files=probe(1)), 404, "not_found")
