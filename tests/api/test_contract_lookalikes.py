"""Persons who look alike: warned of at enrolment, refused where the collection says so, and
reported."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.core import reports
from app.gallery import kept_reports, lookalikes
from app.gallery.resemblance import Resemblances
from app.index.base import Vectors
from app.index.pairs import nearest_other
from app.settings import Settings
from tests.api.support import enrol, files, identify, made, make_collection, ok, only_face, problem
from tests.support.client import client_of
from tests.support.pictures import SIDE, encoded, picture


def like(somebody: int, own: int, share: float = 0.25) -> bytes:
    """A picture of somebody else, ``own``, who looks much like ``somebody``."""
    both = [np.random.default_rng(each).integers(0, 256, (8, 8)) for each in (somebody, own)]
    pixels = np.kron((1 - share) * both[0] + share * both[1], np.ones((SIDE // 8, SIDE // 8)))
    return encoded(pixels.astype(np.uint8))


def pairs(client: TestClient, path: str, **query: object) -> list[tuple[set[str], str]]:
    items = ok(client.get(f"{path}/lookalikes", params=query))["items"]
    return [({each["person_id"] for each in item["persons"]}, item["kind"]) for item in items]


def named(client: TestClient, path: str) -> set[str]:
    """The second person of each pair."""
    found = {name for names, _ in pairs(client, path) for name in names}
    return {name for name in found if name.startswith("alias")}


@pytest.fixture
def crowd(client: TestClient) -> str:
    """A collection of strangers."""
    path = make_collection(client, "crowd", target_fpir=0.01, unlike="off")
    for i in range(1, 9):
        enrol(client, path, f"p{i}", picture(i))
    return path


def test_among_strangers_nobody_looks_alike(client: TestClient, crowd: str) -> None:
    assert ok(client.get(f"{crowd}/lookalikes")) == {"items": [], "next_cursor": None}


def test_lookalikes_and_second_names_are_reported_nearest_first(
    client: TestClient, crowd: str
) -> None:
    enrol(client, crowd, "alias", picture(1), name="A. Lias", external_id="77")
    enrol(client, crowd, "sister", like(2, 50))
    items = ok(client.get(f"{crowd}/lookalikes"))["items"]
    assert pairs(client, crowd) == [
        ({"p1", "alias"}, "probable_duplicate"),
        ({"p2", "sister"}, "lookalike"),
    ]
    shown = {"persons", "similarity", "fmr", "kind", "dismissal"}
    assert [set(item) for item in items] == [shown] * 2
    alias = next(each for each in items[0]["persons"] if each["person_id"] == "alias")
    assert alias == {"person_id": "alias", "name": "A. Lias", "external_id": "77"}
    assert items[0]["similarity"] == pytest.approx(1, abs=1e-4)
    assert items[0]["similarity"] > items[1]["similarity"]
    assert 0 < items[0]["fmr"] < items[1]["fmr"] < 0.01 / 8


def test_the_report_follows_every_change(client: TestClient, crowd: str) -> None:
    enrol(client, crowd, "alias", picture(1))
    assert len(pairs(client, crowd)) == 1
    enrol(client, crowd, "sister", like(2, 50))
    assert len(pairs(client, crowd)) == 2
    assert client.delete(f"{crowd}/persons/alias").status_code == 204
    assert pairs(client, crowd) == [({"p2", "sister"}, "lookalike")]
    ok(client.patch(crowd, json={"target_fpir": 1e-6}))
    assert pairs(client, crowd) == []


def test_who_is_not_valid_is_reported_as_well(client: TestClient, crowd: str) -> None:
    enrol(client, crowd, "alias", picture(1), valid_until="2020-01-01T00:00:00Z")
    assert pairs(client, crowd) == [({"p1", "alias"}, "probable_duplicate")]


def test_the_report_goes_through_all_its_pages(client: TestClient, crowd: str) -> None:
    for i in range(1, 6):
        enrol(client, crowd, f"alias-{i}", picture(i))
    first = ok(client.get(f"{crowd}/lookalikes", params={"limit": 2}))
    seen, page, sizes = list(first["items"]), first, [2]
    while page["next_cursor"]:
        query = {"limit": 2, "cursor": page["next_cursor"]}
        page = ok(client.get(f"{crowd}/lookalikes", params=query))
        sizes.append(len(page["items"]))
        seen += page["items"]
    assert sizes == [2, 2, 1]
    assert seen == ok(client.get(f"{crowd}/lookalikes"))["items"]


@pytest.mark.parametrize("persons", [0, 1])
def test_without_two_persons_there_is_no_pair(client: TestClient, persons: int) -> None:
    path = make_collection(client)
    for i in range(persons):
        enrol(client, path, f"p{i}", picture(i))
    made(client.post(f"{path}/persons", json={"id": "faceless"}))
    assert pairs(client, path) == []


def test_an_unknown_collection_has_no_report(client: TestClient) -> None:
    problem(client.get("/collections/nowhere/lookalikes"), 404, "not_found")


def test_by_default_somebody_who_looks_like_another_is_enrolled_with_a_warning(
    client: TestClient, crowd: str
) -> None:
    answer = enrol(client, crowd, "alias", picture(1, 5), picture(60))
    assert [len(answer["faces"]), answer["rejected"]] == [2, []]
    (warning,) = answer["warnings"]
    assert warning["detail"].startswith("Enrolled;")
    assert {name: warning[name] for name in ("index", "filename", "reason", "person_id")} == {
        "index": 0,
        "filename": "0.png",
        "reason": "looks_like_another_person",
        "person_id": "p1",
    }
    assert warning["similarity"] > 0.9
    assert 0 < warning["fpir"] < 0.01


def test_a_persons_own_faces_are_no_lookalikes(client: TestClient, crowd: str) -> None:
    answer = made(
        client.post(f"{crowd}/persons/p1/faces", files=files(picture(1, 1), picture(1, 2)))
    )
    assert answer["warnings"] == []
    other = made(client.post(f"{crowd}/persons/p1/faces", files=files(picture(2, 1))))
    assert [warning["person_id"] for warning in other["warnings"]] == ["p2"]


def test_an_image_that_is_refused_is_not_warned_of(client: TestClient, crowd: str) -> None:
    enrol(client, crowd, "alias", picture(1, 5))
    again = client.post(f"{crowd}/persons/alias/faces", files=files(picture(1, 5), picture(1, 6)))
    answer = made(again)
    assert [each["index"] for each in answer["rejected"]] == [0]
    assert [each["index"] for each in answer["warnings"]] == [1]


def test_where_the_collection_says_so_such_an_image_is_refused(
    client: TestClient, crowd: str
) -> None:
    assert ok(client.patch(crowd, json={"lookalikes": "refuse"}))["lookalikes"] == "refuse"
    answer = enrol(client, crowd, "eve", picture(60), picture(1, 5))
    assert (len(answer["faces"]), answer["warnings"]) == (1, [])
    (refused,) = answer["rejected"]
    assert (refused["index"], refused["reasons"]) == (1, ["looks_like_another_person"])
    assert "'p1'" in refused["detail"]
    added = client.post(f"{crowd}/persons/eve/faces", files=files(picture(2, 5)))
    (error,) = problem(added, 422, "invalid_request")["errors"]
    assert error["message"].startswith("looks_like_another_person: ")


def test_somebody_whose_images_are_all_refused_is_not_made(client: TestClient, crowd: str) -> None:
    ok(client.patch(crowd, json={"lookalikes": "refuse"}))
    form = {"id": "alias"}
    images = files(picture(1, 5), picture(2, 5))
    answer = client.post(f"{crowd}/persons", data=form, files=images)
    body = problem(answer, 422, "invalid_request")
    assert [each["field"] for each in body["errors"]] == ["images[0]", "images[1]"]
    problem(client.get(f"{crowd}/persons/alias"), 404, "not_found")


def test_where_the_collection_says_so_nobody_is_compared(client: TestClient, crowd: str) -> None:
    ok(client.patch(crowd, json={"lookalikes": "off"}))
    assert enrol(client, crowd, "alias", picture(1, 5))["warnings"] == []


def test_the_person_of_the_warning_is_who_would_have_been_named(
    client: TestClient, crowd: str
) -> None:
    for somebody in (*range(1, 9), *range(70, 80)):
        face = only_face(identify(client, crowd, somebody, 3))
        answer = enrol(client, crowd, f"q{somebody}", picture(somebody, 3))
        warned_of = [each["person_id"] for each in answer["warnings"]]
        assert warned_of == ([face["person_id"]] if face["person_id"] else [])
        assert client.delete(f"{crowd}/persons/q{somebody}").status_code == 204


def test_two_who_are_enrolled_at_once_are_found_by_the_report(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check opens no transaction, so that another may slip in after it."""
    check = Resemblances.of
    container = build(settings)
    with client_of(container) as client:
        path = make_collection(client, lookalikes="refuse", target_fpir=0.01)
        for i in range(2, 9):
            enrol(client, path, f"p{i}", picture(i))

        def interrupted(self: Resemblances, *args: object, **options: object) -> object:
            seen = check(self, *args, **options)  # type: ignore[arg-type]
            monkeypatch.setattr(Resemblances, "of", check)
            enrol(client, path, "first", picture(1))
            return seen

        monkeypatch.setattr(Resemblances, "of", interrupted)
        assert enrol(client, path, "second", picture(1))["rejected"] == []
        assert pairs(client, path) == [({"first", "second"}, "probable_duplicate")]


def test_a_hundred_who_ask_for_a_report_hold_nobody_up(
    client: TestClient, crowd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made once, in the background; others who ask in that time are answered 503."""
    begun, go, made_of = Event(), Event(), list[int]()

    def near(vectors: Vectors) -> Vectors:
        made_of.append(len(vectors))
        begun.set()
        assert go.wait(60)
        return nearest_other(vectors)

    monkeypatch.setattr(lookalikes, "nearest_other", near)
    monkeypatch.setattr(reports, "PATIENCE_SECONDS", 0.01)
    enrol(client, crowd, "alias", picture(1))
    with ThreadPoolExecutor(20) as askers:
        asked = [askers.submit(client.get, f"{crowd}/lookalikes") for _ in range(100)]
        assert begun.wait(60)
        assert ok(client.get("/health/live")) == {"status": "ok"}
        assert only_face(identify(client, crowd, 2))["person_id"] == "p2"
        for answer in (each.result() for each in asked):
            problem(answer, 503, "not_ready")
            assert int(answer.headers["Retry-After"]) >= 1
    go.set()
    while client.get(f"{crowd}/lookalikes").status_code == 503:
        pass
    assert pairs(client, crowd) == [({"p1", "alias"}, "probable_duplicate")]
    assert made_of == [9]


def test_a_report_is_kept_until_the_gallery_has_changed_enough(
    client: TestClient, crowd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_reports, "CHANGED_SHARE", 0.4)
    for i in (1, 2, 3):
        enrol(client, crowd, f"alias-{i}", picture(i))
    assert named(client, crowd) == {"alias-1", "alias-2", "alias-3"}
    assert client.delete(f"{crowd}/persons/alias-2").status_code == 204
    enrol(client, crowd, "alias-4", picture(4))
    assert named(client, crowd) == {"alias-1", "alias-3"}  # nobody removed is in it
    assert pairs(client, crowd, limit=1) == pairs(client, crowd)[:1]
    for i in (5, 6, 7):
        enrol(client, crowd, f"alias-{i}", picture(i))
    assert len(named(client, crowd)) == 6
    ok(client.patch(crowd, json={"target_fpir": 0.02}))
    assert client.delete(f"{crowd}/persons/alias-7").status_code == 204
    assert len(named(client, crowd)) == 5


def test_a_little_change_is_not_left_out_for_long(
    client: TestClient, crowd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_reports, "CHANGED_SHARE", 1.0)
    assert pairs(client, crowd) == []
    enrol(client, crowd, "alias", picture(1))
    assert pairs(client, crowd) == []
    monkeypatch.setattr(kept_reports, "_OLD_SECONDS", 0.0)
    monkeypatch.setattr(kept_reports, "_REST", 0)
    assert pairs(client, crowd) == [({"p1", "alias"}, "probable_duplicate")]


def test_a_report_is_good_for_longer_the_longer_it_took_to_make(
    client: TestClient, crowd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_reports, "CHANGED_SHARE", 1.0)
    monkeypatch.setattr(kept_reports, "_OLD_SECONDS", 0.0)
    monkeypatch.setattr(kept_reports, "_REST", 1e9)
    assert pairs(client, crowd) == []
    enrol(client, crowd, "alias", picture(1))
    assert pairs(client, crowd) == []


def test_of_a_deleted_collection_no_report_is_kept(client: TestClient, crowd: str) -> None:
    enrol(client, crowd, "alias", picture(1))
    assert len(pairs(client, crowd)) == 1
    assert client.delete(crowd, params={"force": "true"}).status_code == 204
    make_collection(client, "crowd")
    assert pairs(client, crowd) == []
