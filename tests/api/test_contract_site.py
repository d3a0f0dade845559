"""A gallery whose people all look alike to its camera: its own evidence decides, and is told."""

import datetime as dt
import re
from collections.abc import Sequence

import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.decision.calibration import Calibration, GallerySize
from app.decision.fusion import fuse_persons
from app.decision.site import SiteStatistics
from app.settings import Settings
from tests.api.support import (
    FakeClock,
    client_of,
    enrol,
    files,
    made,
    make_collection,
    only_face,
    told,
)
from tests.support.fake_bundle import DIMENSION, fake_calibration
from tests.support.pictures import SIDE, encoded, picture

TARGET = 0.01
PEOPLE = 12


def tinted(somebody: int, shake: int = 0) -> bytes:
    """A picture of ``somebody`` by a camera that adds the same blotches to everybody."""
    blotches = [np.random.default_rng([7, each]).integers(0, 256, (8, 8)) for each in (0, somebody)]
    common, own = (np.kron(each, np.ones((SIDE // 8, SIDE // 8))) for each in blotches)
    noise = np.random.default_rng([somebody, shake]).normal(0, 4, common.shape) if shake else 0
    return encoded(np.clip(0.62 * common + 0.38 * own + noise, 0, 255).astype(np.uint8))


@pytest.fixture
def site(client: TestClient) -> str:
    """The path of a collection of people photographed by that camera, two pictures each."""
    path = make_collection(client, "site", target_fpir=TARGET)
    for i in range(1, PEOPLE + 1):
        enrol(client, path, f"p{i}", tinted(i), tinted(i, 1))
    return path


def expected(client: TestClient, people: Sequence[Sequence[bytes]]) -> Calibration:
    """The bundle's calibration moved to ``people``, from their embeddings, at once."""
    rows = [
        told(client.post("/embeddings", files=files(image, field="image")))["embedding"]
        for images in people
        for image in images
    ]
    owners = np.repeat(np.arange(len(people)), [len(images) for images in people])
    statistics = SiteStatistics(DIMENSION)
    statistics.add(fuse_persons(np.array(rows, np.float32), owners))
    return Calibration.from_dict(fake_calibration()).at_site(statistics.evidence())


def test_threshold_candidates_and_verification_are_of_the_sites_own_calibration(
    client: TestClient, site: str
) -> None:
    people = [[tinted(i), tinted(i, 1)] for i in range(1, PEOPLE + 1)]
    calibration = expected(client, people)
    size = GallerySize({2: PEOPLE})
    threshold = calibration.threshold(TARGET, size)

    body = told(client.get(f"{site}/threshold"))
    assert body["similarity"] == pytest.approx(threshold.similarity, abs=1e-5)
    assert body["fpir_interval"] == pytest.approx(threshold.interval, rel=1e-3)
    probe = files(tinted(1, 5), field="image")
    answer = told(client.post(f"{site}/identify", files=probe))
    assert answer["policy"]["threshold"] == pytest.approx(threshold.similarity, abs=1e-4)
    for candidate in only_face(answer)["candidates"]:
        rate = calibration.fpir(candidate["similarity"], size)
        assert candidate["fpir"] == pytest.approx(rate, rel=0.02)
    verified = told(client.post(f"{site}/persons/p1/verify", files=probe))
    own = calibration.verification_threshold(1e-4, templates=2)
    assert verified["threshold"] == pytest.approx(own.similarity, abs=1e-4)
    fmr = calibration.fmr(verified["similarity"], templates=2)
    assert verified["fmr"] == pytest.approx(fmr, rel=0.02)


def test_strangers_whom_the_bundles_threshold_would_name_stay_unknown(
    client: TestClient, site: str
) -> None:
    evidence = told(client.get(f"{site}/threshold"))["evidence"]
    reached = named = 0
    for stranger in range(100, 130):
        image = files(tinted(stranger), field="image")
        face = only_face(told(client.post(f"{site}/identify", files=image)))
        reached += face["candidates"][0]["similarity"] >= evidence["bundle"]["similarity"]
        named += face["decision"] != "unknown"
    assert reached >= 20
    assert named <= 1
    for i in range(1, PEOPLE + 1):
        image = files(tinted(i, 9), field="image")
        assert only_face(told(client.post(f"{site}/identify", files=image)))["person_id"] == f"p{i}"


def test_the_evidence_shows_both_and_how_far_apart_they_are(client: TestClient, site: str) -> None:
    body = told(client.get(f"{site}/threshold"))
    evidence = body["evidence"]
    bundle = Calibration.from_dict(fake_calibration()).threshold(TARGET, GallerySize({2: PEOPLE}))
    assert evidence["bundle"] == {
        "similarity": pytest.approx(bundle.similarity),
        "fpir_interval": pytest.approx(bundle.interval),
        "extrapolated": bundle.extrapolated,
        "calibration": {"data": "made up"},
    }
    assert body["similarity"] > bundle.similarity + 0.1
    seen = evidence["site"]
    assert (seen["persons"], seen["persons_with_several_faces"]) == (PEOPLE, PEOPLE)
    assert 0.5 < seen["mean"] < 0.9
    assert 0 < seen["deviation"] < 0.25
    assert 0.9 < seen["coherence"] < 1
    assert seen["shift"] > seen["used_shift"] > 1
    assert seen["stretch"] < seen["used_stretch"] < 1
    low, high = evidence["fpir_ratio_interval"]
    assert 2 < low < evidence["fpir_ratio"] < high


def test_a_site_that_does_not_fit_the_bundle_is_told_in_answer_metrics_and_log(
    client: TestClient, site: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    evidence = told(client.get(f"{site}/threshold"))["evidence"]
    assert evidence["fits_bundle"] is False
    assert "more alike" in evidence["warning"]
    assert "times as often as it states (between" in evidence["warning"]
    assert "The threshold in use allows for it" in evidence["warning"]
    assert re.search(r"\de[-+]\d", evidence["warning"]) is None
    for _ in range(2):
        told(client.post(f"{site}/identify", files=files(tinted(1), field="image")))
    assert caplog.text.count("site.misfits") == 1
    text = client.get("http://kith/metrics").text
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")
    ratio = float(values['kith_site_fpir_ratio{collection="site"}'])
    assert ratio == pytest.approx(evidence["fpir_ratio"])
    shift = float(values['kith_site_shift_deviations{collection="site"}'])
    assert shift == pytest.approx(evidence["site"]["shift"])
    assert 'kith_site_stretch{collection="site"}' in values
    assert client.delete(site, params={"force": "true"}).status_code == 204
    assert "kith_site_shift_deviations{" not in client.get("http://kith/metrics").text


def test_a_site_that_fits_again_is_told_as_well(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    path = make_collection(client, "site", target_fpir=TARGET)
    for i in range(1, PEOPLE + 1):
        enrol(client, path, f"p{i}", tinted(i))
    assert told(client.get(f"{path}/threshold"))["evidence"]["fits_bundle"] is False
    for i in range(1, PEOPLE):
        assert client.delete(f"{path}/persons/p{i}").status_code == 204
    evidence = told(client.get(f"{path}/threshold"))["evidence"]
    assert (evidence["fits_bundle"], evidence["warning"]) == (True, None)
    assert caplog.text.count("site.fits") == 1


@pytest.mark.parametrize("persons", [0, 1])
def test_with_less_than_two_people_the_bundle_alone_decides(
    client: TestClient, persons: int
) -> None:
    path = make_collection(client, target_fpir=TARGET)
    for i in range(persons):
        enrol(client, path, f"p{i}", tinted(i), tinted(i, 1))
    body = told(client.get(f"{path}/threshold"))
    evidence = body["evidence"]
    assert body["similarity"] == evidence["bundle"]["similarity"]
    assert body["gallery_size"] == evidence["site"]["persons"] == persons
    unseen = ("mean", "deviation", "coherence")
    assert [evidence["site"][name] for name in unseen] == [None] * 3
    assert (evidence["site"]["shift"], evidence["site"]["stretch"]) == (0, 1)
    assert (evidence["fpir_ratio"], evidence["fits_bundle"]) == (pytest.approx(1), True)
    image = files(tinted(50), field="image")
    told(client.post(f"{path}/identify", files=image))


def test_two_services_on_one_database_state_the_same_threshold(
    settings: Settings, clock: FakeClock
) -> None:
    with client_of(build(settings, clock)) as one, client_of(build(settings, clock)) as other:
        path = make_collection(one, target_fpir=TARGET)
        seen = []
        for i in range(8):
            enrol((one, other)[i % 2], path, f"p{i}", tinted(i))
            if i in (3, 5):
                assert other.delete(f"{path}/persons/p{i - 1}").status_code == 204
            seen.append([told(each.get(f"{path}/threshold")) for each in (one, other)])
        for first, second in seen:
            assert first["similarity"] == pytest.approx(second["similarity"], abs=1e-9)
            assert first["evidence"]["site"] == pytest.approx(second["evidence"]["site"])


def test_who_is_not_valid_counts_neither_as_one_of_the_sites_people_nor_as_one_of_n(
    timed: TestClient, clock: FakeClock
) -> None:
    path = make_collection(timed, target_fpir=TARGET)
    enrol(timed, path, "ada", picture(1))
    enrol(timed, path, "bob", picture(2), picture(2, 1), valid_until="2026-05-04T13:00:00Z")
    enrol(timed, path, "cyd", picture(3), valid_from="2026-05-04T13:00:00Z")

    def told_now() -> tuple[int, int, int, int]:
        body = told(timed.get(f"{path}/threshold"))
        image = files(picture(1, 9), field="image")
        answer = told(timed.post(f"{path}/identify", files=image))
        assert answer["policy"]["gallery_size"] == body["gallery_size"]
        assert answer["policy"]["threshold"] == round(body["similarity"], 4)
        site = body["evidence"]["site"]
        return body["gallery_size"], body["face_count"], site["persons"], answer["revision"]

    assert told_now() == (2, 3, 2, 3)
    clock.forward(dt.timedelta(hours=1))
    assert told_now() == (2, 2, 2, 3)
    told(timed.patch(f"{path}/persons/cyd", json={"valid_until": "2026-05-04T13:00:01Z"}))
    assert told_now() == (2, 2, 2, 4)
    clock.forward(dt.timedelta(seconds=1))
    assert told_now() == (1, 1, 1, 4)
    told(timed.patch(f"{path}/persons/bob", json={"name": "Bob", "valid_until": None}))
    assert told_now() == (2, 3, 2, 5)
    told(timed.patch(f"{path}/persons/bob", json={"name": "Robert"}))
    assert told_now() == (2, 3, 2, 6)  # who remembers names must hear of it
    told(timed.patch(f"{path}/persons/bob", json={"metadata": {"desk": 4}}))
    assert told_now() == (2, 3, 2, 6)


def test_somebody_made_without_faces_counts_nowhere(client: TestClient, staff: str) -> None:
    made(client.post(f"{staff}/persons", json={"id": "ada", "valid_from": "2020-01-01T00:00:00Z"}))
    body = told(client.get(f"{staff}/threshold"))
    assert (body["gallery_size"], body["evidence"]["site"]["persons"]) == (0, 0)
