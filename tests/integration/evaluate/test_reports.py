"""``kith evaluate``: a folder of photos, or a collection, as a report."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.integration.evaluate.command import Kith, assert_one_line, put
from tests.support.fake_bundle import write_fake_bundle
from tests.support.lfw import people
from tests.support.pictures import picture
from tests.support.server import ServerProcess


def test_a_folder_becomes_a_report_and_its_numbers(
    kith: Kith, fake_bundle: Path, folder: Path
) -> None:
    put(folder, "Person 3", "broken.jpg", b"\xff\xd8\xff not much of a JPEG")
    put(folder, "Person 4", "copy.png", picture(4, 1))
    put(folder, "Nobody <b>", "broken.jpg", b"\xff\xd8\xff not much of a JPEG")

    done = kith.evaluate(fake_bundle, folder, "--target-fpir", "0.01")

    assert done.status == 0, done.err
    assert "failure to enrol (FTE)" in done.out
    assert "3 of 42" in done.out
    assert not [word for word in ("Person", "Nobody", ".png") if word in done.out + done.err]
    report = kith.report()
    assert (report["kind"], report["name"], report["target_fpir"]) == ("folder", "staff", 0.01)
    assert report["size"]["persons"] == 15
    assert report["size"]["mated_probes"] == 36
    refused = {each["image"]: each["reasons"] for each in report["enrolment"]["refused"]}
    assert refused == {
        "Nobody <b>/broken.jpg": ["invalid_image"],
        "Person 3/broken.jpg": ["invalid_image"],
        "Person 4/copy.png": ["duplicate_image"],
    }
    assert report["enrolment"]["people_without_any"] == ["Nobody <b>"]
    assert report["rank1"]["rate"] == 1
    assert report["kith_threshold"]["fnir"]["rate"] == 0
    page = kith.page()
    assert "Nobody &lt;b&gt;/broken.jpg" in page
    assert page.count('<svg class="chart"') == 3


def test_people_are_measured_with_as_many_photos_as_they_will_have(
    kith: Kith, fake_bundle: Path, folder: Path
) -> None:
    done = kith.evaluate(fake_bundle, folder, "--templates", "2", "--target-fpir", "0.01")
    assert done.status == 0, done.err
    report = kith.report()
    assert report["templates"] == 2
    size = report["size"]
    assert (size["templates_least"], size["templates_most"]) == (1, 2)
    assert (size["mated_probes"], size["stranger_probes"]) == (36, 39)
    assert "Nobody is enrolled with more than 2 images" in kith.page()
    single = kith.evaluate(fake_bundle, folder, "--templates", "1", out=kith.out / "single")
    assert single.status == 0, single.err
    for wrong, said in (("0", "must be 1 or more"), ("3", "somebody needs 4")):
        assert_one_line(kith.evaluate(fake_bundle, folder, "--templates", wrong), said)


def test_a_report_begins_with_a_verdict_and_what_to_do(
    kith: Kith, fake_bundle: Path, folder: Path
) -> None:
    put(folder, "Person 3", "broken.jpg", b"\xff\xd8\xff not much of a JPEG")
    done = kith.evaluate(fake_bundle, folder, "--target-fpir", "0.01")
    assert done.status == 0, done.err
    verdict = "It holds as far as can be seen"
    todo = ("1. Take 1 photo again", "2. Give 3 people who have a single photo another one")
    for said in (verdict, *todo):
        assert f"\n{said}" in f"\n{done.err}"
    page = kith.page()
    places = [page.index(each) for each in ("<h1>", verdict, "What to do", 'class="cards"')]
    assert places == sorted(places)


def test_what_is_no_photo_is_reported_by_kind(kith: Kith, fake_bundle: Path, folder: Path) -> None:
    """The walk of `kith enroll`."""
    put(folder, "Person 3", "IMG_1.heic", b"\x00\x00\x00\x18ftypheic" + bytes(32))
    put(folder, "Person 3/@eaDir", "1.png", picture(3, 1))
    put(folder, "@eaDir", "1.png", picture(3, 1))
    put(folder, ".", "loose.png", picture(99))
    put(folder, os.fsdecode(b"Andr\xe9"), "1.png", picture(98))
    put(folder, "Person 4", os.fsdecode(b"broken \xe9.jpg"), b"\xff\xd8\xff")
    for form, shake in (("Zoe\u0308", 0), ("Zo\u00eb", 1)):
        put(folder, form, "1.png", picture(50, shake))

    done = kith.evaluate(fake_bundle, folder)

    assert done.status == 0, done.err
    left_out = {"heic_or_avif": 1, "bad_name": 1, "loose": 1, "junk": 2}
    report = kith.report()
    assert report["left_out"] == left_out
    for kind, count in left_out.items():
        assert f"Left out, {kind}: {count} (" in done.err
    assert "<dt>Left out</dt>" in kith.page()
    assert report["size"]["persons"] == 16
    assert report["size"]["mated_probes"] == 38
    (refused,) = report["enrolment"]["refused"]
    assert refused["image"] == "Person 4/broken \\xe9.jpg"


def test_groups_are_separated(kith: Kith, fake_bundle: Path, folder: Path, tmp_path: Path) -> None:
    lines = [f"Person {i},{'day' if i % 2 else 'night'}" for i in range(14)]
    file = tmp_path / "groups.csv"
    file.write_text("\ufeffperson,shift\n" + "\n".join(lines), encoding="utf-8")
    done = kith.evaluate(fake_bundle, folder, "--groups", file)
    assert done.status == 0, done.err
    report = kith.report()
    assert {g["group"]: g["persons"] for g in report["groups"]["shift"]} == {"day": 7, "night": 7}
    assert (
        report["people_without_group"] == ["Person 9"] or len(report["people_without_group"]) == 1
    )
    assert "By group" in kith.page()
    assert all(group["fpir"] and group["one_threshold_fpir"] for group in report["groups"]["shift"])


def test_a_group_for_whom_the_stated_rate_is_not_kept_is_said_in_words(
    kith: Kith, fake_bundle: Path, folder: Path, tmp_path: Path
) -> None:
    for somebody in range(6):  # under a second name
        for shake in range(3):
            put(folder, f"Again {somebody}", f"{shake}.png", picture(somebody, shake))
    names = [f"{name} {i}" for name in ("Person", "Again") for i in range(6)]
    file = tmp_path / "groups.csv"
    file.write_text("person,list\n" + "".join(f"{name},\x1b[2Jold\n" for name in names))
    done = kith.evaluate(fake_bundle, folder, "--groups", file, "--target-fpir", "0.01")
    assert done.status == 0, done.err
    assert kith.report()["groups"]["list"][0]["outside"] == "exceeded"
    assert r"list \x1b[2Jold: 100" in done.err
    assert "of its strangers are named (36 of 36; 95" in done.err
    assert "more often than the stated 1" in done.err
    assert "there is 1 group here." in done.err
    assert "The stated rate is not kept for every group." in kith.page()


@pytest.mark.both_databases
def test_a_collection_is_evaluated_while_its_server_runs_and_left_as_it_is(
    server: Callable[..., ServerProcess],
    database_url: str,
    kith: Kith,
    tmp_path: Path,
    fake_bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running = server(KITH_DATABASE_URL=database_url)
    monkeypatch.setenv("KITH_DATABASE_URL", database_url)
    with running.client() as client:
        client.post("/collections", json={"id": "hq", "target_fpir": 0.05}).raise_for_status()
        for somebody in range(12):
            _enrol(client, f"p{somebody}", somebody, 3 if somebody < 9 else 1)
        _enrol(client, "gone", 99, 2, valid_until="2020-01-01T00:00:00Z")
        wrong = {"person_id": "p3", "verdict": "not_them"}  # a false positive raises the threshold
        said = client.post("/collections/hq/feedback", data=wrong, files={"image": picture(3, 9)})
        assert said.json()["false_positive"]
        before = client.get("/collections/hq").json()
        threshold = client.get("/collections/hq/threshold").json()

        done = kith.evaluate(fake_bundle, "--collection", "hq")

        assert done.status == 0, done.err
        assert client.get("/collections/hq").json() == before
        report = kith.report()
        assert (report["kind"], report["target_fpir"]) == ("collection", 0.05)
        assert report["size"]["persons"] == 12
        assert report["size"]["mated_probes"] == 27
        ours = report["kith_threshold"]
        assert ours["similarity"] == pytest.approx(threshold["similarity"], abs=1e-6)
        assert ours["stated"] == pytest.approx(threshold["fpir_interval"], rel=1e-3)
        assert report["enrolment"]["fte"] is None
        assert report["rank1"]["rate"] == 1
        assert {pair["person"] for pair in report["lookalikes"]} <= {
            f"p{i} (Somebody {i})" for i in range(12)
        }
        assert "keeps no record of the images" in kith.page()

        assert_one_line(
            kith.evaluate(fake_bundle, "--collection", "hr"), "There is no collection 'hr'"
        )
        client.post("/collections", json={"id": "hr"}).raise_for_status()
        assert_one_line(kith.evaluate(fake_bundle, "--collection", "hr"), "0 of 0 people here")
        other = write_fake_bundle(tmp_path / "other", seed=1)
        assert_one_line(kith.evaluate(other, "--collection", "hq"), "cannot be compared")


def _enrol(client: httpx.Client, name: str, somebody: int, images: int, **fields: str) -> None:
    files = [("images", picture(somebody, shake)) for shake in range(images)]
    data = {"id": name, "name": f"Somebody {somebody}", **fields}
    client.post("/collections/hq/persons", data=data, files=files).raise_for_status()


@pytest.mark.data
def test_real_photographs_give_numbers_that_make_sense(
    photos: Path, face_bundle: Path, kith: Kith, tmp_path: Path
) -> None:
    """32 people of three photos, 16 of one."""
    made = tmp_path / "staff"
    several = [files for files in people(photos, least=4) if len(files) < 8][::4][:32]
    single = [files for files in people(photos, least=1) if len(files) == 1][:160:10]
    for files in several + single:
        for file in files[:3]:
            (made / file.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(file, made / file.parent.name)

    done = kith.evaluate(face_bundle, made, "--target-fpir", "0.01")

    assert done.status == 0, done.err
    report = kith.report()
    assert report["size"]["persons"] >= 46
    assert report["rank1"]["rate"] >= 0.97
    ours, single = report["kith_threshold"], report["one_threshold"]
    assert single["similarity"] == ours["similarity"]
    assert single["fnir"]["rate"] <= 0.1
    assert abs(report["photos_threshold"]["similarity"] - ours["similarity"]) < 0.1
    assert abs(report["site"]["shift"]) < 0.3
    assert ours["fpir"]["low"] <= 0.01 <= ours["fpir"]["high"]
    assert ours["fnir"]["rate"] <= 0.05
    assert report["enrolment"]["fte"]["rate"] < 0.15
    assert not report["support"]["shown"]
    point = next(p for p in report["operating_points"] if p["target"] == 0.01)
    assert point["larger"]["similarity"] > ours["similarity"]
    assert point["larger"]["persons"] == 10 * report["size"]["persons"]
