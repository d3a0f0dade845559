"""A gallery whose people all look alike to its camera: its own evidence decides, and is shown."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.decision.calibration_file import from_json
from app.decision.cohort import Cohort
from app.decision.fusion import Vectors, fuse_persons
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import GallerySize
from tests.api.support import (
    FakeClock,
    enrol,
    files,
    made,
    make_collection,
    ok,
    only_face,
)
from tests.support.fake_bundle import fake_calibration
from tests.support.pictures import SIDE, encoded, picture

TARGET = 0.01
PEOPLE = 20


def tinted(somebody: int, shake: int = 0) -> bytes:
    """A picture of ``somebody`` by a camera that adds the same blotches to everybody."""
    blotches = [np.random.default_rng([7, each]).integers(0, 256, (8, 8)) for each in (0, somebody)]
    common, own = (np.kron(each, np.ones((SIDE // 8, SIDE // 8))) for each in blotches)
    noise = np.random.default_rng([somebody, shake]).normal(0, 4, common.shape) if shake else 0
    return encoded(np.clip(0.37 * common + 0.63 * own + noise, 0, 255).astype(np.uint8))


@pytest.fixture
def site(client: TestClient) -> str:
    """The path of a collection of people photographed by that camera, two pictures each."""
    path = make_collection(client, "site", target_fpir=TARGET)
    for i in range(1, PEOPLE + 1):
        enrol(client, path, f"p{i}", tinted(i), tinted(i, 1))
    return path


def embedded(client: TestClient, images: Sequence[bytes]) -> Vectors:
    """The embeddings (n, d) of images."""
    rows = [
        ok(client.post("/embeddings", files=files(image, field="image")))["embedding"]
        for image in images
    ]
    return np.array(rows, np.float32)


def expected(client: TestClient, people: Sequence[Sequence[bytes]]) -> GalleryRates:
    """The rates among ``people``, from their embeddings, at once."""
    images = [image for each in people for image in each]
    owners = np.repeat(np.arange(len(people)), [len(each) for each in people])
    cohort = Cohort.of(fuse_persons(embedded(client, images), owners).vectors)
    bundle = from_json(fake_calibration())
    return GalleryRates(bundle, cohort, GallerySize(len(people), len(images)))


def test_thresholds_candidates_and_verification_are_by_the_sites_own_people(
    client: TestClient, site: str
) -> None:
    rates = expected(client, [[tinted(i), tinted(i, 1)] for i in range(1, PEOPLE + 1)])
    typical = rates.typical.threshold(TARGET)

    body = ok(client.get(f"{site}/threshold"))
    assert body["similarity"] == pytest.approx(typical.similarity, abs=1e-5)
    assert body["fpir_interval"] == pytest.approx(typical.interval, rel=1e-3)
    image = tinted(1, 5)
    answer = ok(client.post(f"{site}/identify", files=files(image, field="image")))
    assert answer["policy"]["threshold"] == round(body["similarity"], 4)
    face = only_face(answer)
    [own] = rates.of(embedded(client, [image]))
    nearest = [each["similarity"] for each in face["candidates"]]
    own = own.judging(nearest, TARGET)
    assert face["threshold"] == pytest.approx(own.limit(TARGET), abs=2e-4)
    assert face["candidates"][0]["fpir"] == pytest.approx(own.fpir(nearest[0]), rel=0.02)
    assert own.limit(TARGET) != pytest.approx(typical.similarity, abs=2e-4)
    verified = ok(client.post(f"{site}/persons/p1/verify", files=files(image, field="image")))
    limit = own.verification_threshold(1e-4).similarity
    assert verified["threshold"] == pytest.approx(limit, abs=2e-4)
    assert verified["fmr"] == pytest.approx(own.fmr(verified["similarity"]), rel=0.02)


def test_strangers_whom_the_bundles_threshold_would_name_stay_unknown(
    client: TestClient, site: str
) -> None:
    evidence = ok(client.get(f"{site}/threshold"))["evidence"]
    reached = named = 0
    for stranger in range(100, 140):
        image = files(tinted(stranger), field="image")
        face = only_face(ok(client.post(f"{site}/identify", files=image)))
        reached += face["candidates"][0]["similarity"] >= evidence["bundle"]["similarity"]
        named += face["decision"] != "unknown"
    assert reached >= 5
    assert named <= 1
    for i in range(1, PEOPLE + 1):
        image = files(tinted(i, 9), field="image")
        assert only_face(ok(client.post(f"{site}/identify", files=image)))["person_id"] == f"p{i}"


def test_the_evidence_shows_both_and_how_far_apart_they_are(client: TestClient, site: str) -> None:
    body = ok(client.get(f"{site}/threshold"))
    evidence = body["evidence"]
    bundle = from_json(fake_calibration())
    rates = replace(bundle.typical_rates, persons=PEOPLE).threshold(TARGET)
    assert evidence["bundle"] == {
        "similarity": pytest.approx(rates.similarity),
        "fpir_interval": pytest.approx(rates.interval),
        "extrapolated": rates.extrapolated,
        "calibration": {"data": "made up"},
    }
    assert body["similarity"] > rates.similarity + 0.1
    seen = evidence["site"]
    assert set(seen) == {"persons", "mean", "deviation", "shift", "stretch"}
    assert seen["persons"] == PEOPLE
    spread = expected(
        client, [[tinted(i), tinted(i, 1)] for i in range(1, PEOPLE + 1)]
    ).cohort.spread
    assert seen["mean"] == pytest.approx(spread.mean, abs=1e-5)
    assert seen["deviation"] == pytest.approx(spread.deviation, abs=1e-5)
    theirs = bundle.typical
    assert seen["shift"] == pytest.approx((spread.mean - theirs.mean) / theirs.deviation, abs=1e-4)
    assert seen["stretch"] == pytest.approx(spread.deviation / theirs.deviation, abs=1e-4)
    assert seen["shift"] > 0.5
    low, high = evidence["fpir_ratio_interval"]
    assert 1 < low < evidence["fpir_ratio"] < high


def test_a_site_that_does_not_fit_the_bundle_is_reported_in_answer_metrics_and_log(
    client: TestClient, site: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    evidence = ok(client.get(f"{site}/threshold"))["evidence"]
    assert evidence["fits_bundle"] is False
    assert "more alike" in evidence["warning"]
    assert "times as often as it states (between" in evidence["warning"]
    assert "The stated rate holds all the same" in evidence["warning"]
    assert re.search(r"\de[-+]\d", evidence["warning"]) is None
    for _ in range(2):
        ok(client.post(f"{site}/identify", files=files(tinted(1), field="image")))
    assert caplog.text.count("site.misfits") == 1
    text = client.get("http://kith/metrics").text
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")
    gauges = {
        "fpir_ratio": evidence["fpir_ratio"],
        "shift_deviations": evidence["site"]["shift"],
        "stretch": evidence["site"]["stretch"],
    }
    for name, value in gauges.items():
        shown = float(values[f'kith_site_{name}{{collection="site"}}'])
        assert shown == pytest.approx(value)
    assert client.delete(site, params={"force": "true"}).status_code == 204
    assert "kith_site_shift_deviations{" not in client.get("http://kith/metrics").text


def test_a_site_that_fits_again_is_logged_as_well(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    path = make_collection(client, "site", target_fpir=TARGET)
    for i in range(1, PEOPLE + 1):
        enrol(client, path, f"p{i}", tinted(i))
    assert ok(client.get(f"{path}/threshold"))["evidence"]["fits_bundle"] is False
    for i in range(1, PEOPLE):
        assert client.delete(f"{path}/persons/p{i}").status_code == 204
    evidence = ok(client.get(f"{path}/threshold"))["evidence"]
    assert (evidence["fits_bundle"], evidence["fpir_ratio"]) == (True, None)
    assert caplog.text.count("site.fits") == 1


@pytest.mark.parametrize("persons", [0, 1])
def test_with_less_than_two_people_nothing_is_said_of_the_site(
    client: TestClient, persons: int
) -> None:
    path = make_collection(client, target_fpir=TARGET)
    for i in range(persons):
        enrol(client, path, f"p{i}", tinted(i), tinted(i, 1))
    body = ok(client.get(f"{path}/threshold"))
    evidence = body["evidence"]
    assert body["similarity"] > evidence["bundle"]["similarity"]  # few people leave more open
    assert evidence["site"] == {
        "persons": persons,
        "mean": None,
        "deviation": None,
        "shift": 0,
        "stretch": 1,
    }
    assert body["gallery_size"] == persons
    assert (evidence["fpir_ratio"], evidence["fits_bundle"]) == (None, True)
    assert evidence["fpir_ratio_interval"] is None
    assert "`fpir_ratio` is null" in evidence["warning"]
    image = files(tinted(50), field="image")
    ok(client.post(f"{path}/identify", files=image))


def test_who_is_not_valid_counts_neither_as_one_of_the_sites_people_nor_as_one_of_n(
    timed: TestClient, clock: FakeClock
) -> None:
    path = make_collection(timed, target_fpir=TARGET)
    enrol(timed, path, "ada", picture(1))
    enrol(timed, path, "bob", picture(2), picture(2, 1), valid_until="2026-05-04T13:00:00Z")
    enrol(timed, path, "cyd", picture(3), valid_from="2026-05-04T13:00:00Z")

    def sites_now() -> tuple[int, int, int, int]:
        body = ok(timed.get(f"{path}/threshold"))
        image = files(picture(1, 9), field="image")
        answer = ok(timed.post(f"{path}/identify", files=image))
        assert answer["policy"]["gallery_size"] == body["gallery_size"]
        assert answer["policy"]["threshold"] == round(body["similarity"], 4)
        site = body["evidence"]["site"]
        return body["gallery_size"], body["face_count"], site["persons"], answer["revision"]

    assert sites_now() == (2, 3, 2, 3)
    clock.forward(dt.timedelta(hours=1))
    assert sites_now() == (2, 2, 2, 3)
    ok(timed.patch(f"{path}/persons/cyd", json={"valid_until": "2026-05-04T13:00:01Z"}))
    assert sites_now() == (2, 2, 2, 4)
    clock.forward(dt.timedelta(seconds=1))
    assert sites_now() == (1, 1, 1, 4)
    ok(timed.patch(f"{path}/persons/bob", json={"name": "Bob", "valid_until": None}))
    assert sites_now() == (2, 3, 2, 5)
    ok(timed.patch(f"{path}/persons/bob", json={"name": "Robert"}))
    assert sites_now() == (2, 3, 2, 6)  # who remembers names must hear of it
    ok(timed.patch(f"{path}/persons/bob", json={"metadata": {"desk": 4}}))
    assert sites_now() == (2, 3, 2, 6)


def test_somebody_made_without_faces_counts_nowhere(client: TestClient, staff: str) -> None:
    made(client.post(f"{staff}/persons", json={"id": "ada", "valid_from": "2020-01-01T00:00:00Z"}))
    body = ok(client.get(f"{staff}/threshold"))
    assert (body["gallery_size"], body["evidence"]["site"]["persons"]) == (0, 0)
